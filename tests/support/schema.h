/* SPDX-License-Identifier: BSD-2-Clause */
/* The report's JSON against docs/report.schema.json, by a validator that others have written. */
#ifndef TESTS_SUPPORT_SCHEMA_H
#define TESTS_SUPPORT_SCHEMA_H

/* Why that cannot be done here, or NULL. */
const char *no_validator(void);
/* At the start of each test that validates: skips it loudly where that is not possible. */
#define NEED_VALIDATOR() \
	do { \
		if (no_validator()) { \
			print_message("SKIP: %s: %s\n", __func__, no_validator()); \
			skip(); \
		} \
	} while (0)

/* Fails the test where the JSON of trace-report on this file is not as the schema says. */
void assert_schema(const char *plx);

#endif
