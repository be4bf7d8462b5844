/* SPDX-License-Identifier: BSD-2-Clause */
/* trace-run: record a command, then print the report. */
#include <stdio.h>
#include <string.h>

#include "collector/identity.h"
#include "collector/options.h"
#include "collector/recorder.h"
#include "collector/report.h"

int main(int argc, char *argv[])
{
	struct recorder_result result;
	struct identity identity;
	struct options options;
	int err, report_fd;

	options_parse(argc, argv, &options);
	if (identity_find(&identity)) {
		fprintf(stderr, "trace-run: SUDO_UID and SUDO_GID are not both numbers\n");
		return EXIT_RECORDER;
	}
	report_fd = report_find();
	recorder_run(&options, &identity, &result);
	if (!*result.path || !options.report)
		return result.exit_code;
	err = report_print(report_fd, result.path, &identity);
	if (err)
		fprintf(stderr, "trace-run: cannot run trace-report on %s: %s\n", result.path,
			strerror(-err));
	return result.exit_code;
}
