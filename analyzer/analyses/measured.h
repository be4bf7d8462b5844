/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far predictions of each kind have been from what really happened: the table that `make predict`
 * writes (tests/predict/README.md). What is not measured has no cases.
 */
#ifndef ANALYZER_ANALYSES_MEASURED_H
#define ANALYZER_ANALYSES_MEASURED_H

#include <stdint.h>

struct measured {
	uint32_t cases_cnt;
	uint32_t median_permille, worst_permille;	/* of what was really gained */
};

/* By enum prediction_kind. */
extern const struct measured measured[];

#endif
