/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked trace-report for. */
#ifndef ANALYZER_OPTIONS_H
#define ANALYZER_OPTIONS_H

#include <stdbool.h>

#include "analyzer/report.h"
#include "analyzer/stretch.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_DUMP };

struct options {
	enum output output;
	struct report_filter filter;
	bool windowed;		/* only this part of the run, counted from its start: */
	struct stretch window;
	uint32_t gil_cost_permille;
	const char *file;
};

/* Wrong usage ends the program with status 2 and the usage line on stderr; --help with 0. */
void options_read(int argc, char **argv, struct options *ret_options);

#endif
