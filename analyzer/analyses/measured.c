/* SPDX-License-Identifier: BSD-2-Clause */
/* Written by tests/predict/predict.py --write. */
#include "analyzer/analyses/measured.h"
#include "analyzer/analyses/predict.h"

const struct measured measured[] = {
	[PREDICTION_GIL] = { 0, 0, 0 },
	[PREDICTION_LOCK] = { 0, 0, 0 },
	[PREDICTION_CORES] = { 0, 0, 0 },
	[PREDICTION_HALF] = { 0, 0, 0 },
};
