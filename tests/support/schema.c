/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs tests/schema/validate.py with the system's own Python: that is what has the Debian package. */
#include "tests/support/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/run.h"

#define PYTHON "/usr/bin/python3"

const char *no_validator(void)
{
	struct run run;
	int status;

	if (access(PYTHON, X_OK))
		return "no " PYTHON;
	run_words(&run, PYTHON, "-c", "import jsonschema; jsonschema.Draft202012Validator");
	status = run.status;
	run_free(&run);
	return status ? "python3-jsonschema is missing (make deps)" : NULL;
}

void assert_schema(const char *plx)
{
	struct run run;

	run_start(&run, &(struct run_options){ .to = "report.json" },
		  (const char *const[]){ built("trace-report"), "--json", plx, NULL });
	run_wait(&run);
	assert_int_equal(run.status, 0);
	run_free(&run);
	run_words(&run, PYTHON, built("../tests/schema/validate.py"),
		  built("../docs/report.schema.json"), "report.json");
	if (run.status)
		fail_msg("%s: %s%s", plx, run.out, run.err);
	run_free(&run);
}
