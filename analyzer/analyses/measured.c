/* SPDX-License-Identifier: BSD-2-Clause */
/* Written by tests/predict/predict.py --write. */
#include "analyzer/analyses/measured.h"
#include "analyzer/analyses/predict.h"

const struct measured measured[] = {
	[PREDICTION_GIL] = { 19, 80, 360 },
	[PREDICTION_LOCK] = { 9, 118, 183 },
	[PREDICTION_CORES] = { 12, 62, 211 },
	[PREDICTION_HALF] = { 5, 34, 73 },
};
