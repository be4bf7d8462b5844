/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Predictions have no oracle: what is held against the answer here is what must be so in any world that
 * the replay could think of. Nobody waits for ever; no core does two things at once; no work is lost or
 * made; more cores, less work and no GIL leave less or the same to do.
 */
#include "tests/sim/sides.h"

#include <inttypes.h>

static bool result_fits(struct sides *sides, const char *what, uint64_t of, uint32_t cores,
			const struct replay_result *result)
{
	if (result->work_ns > result->wall_ns * cores)
		return differ(sides, "%s %" PRIu64 ": %" PRIu64 " ns of work in %" PRIu64 " ns on %"
			      PRIu32 " cores", what, of, result->work_ns, result->wall_ns, cores);
	return same(sides, what, of, "waits without an end", result->stuck, 0);
}

static bool prediction_fits(struct sides *sides, const struct predict *predict,
			    const struct prediction *prediction)
{
	uint64_t base_ns = predict->base.work_ns, work_ns = prediction->result.work_ns;
	uint32_t cores = prediction->cores ? prediction->cores : predict->cores;

	if (!result_fits(sides, "prediction of kind", prediction->kind, cores, &prediction->result))
		return false;
	if (prediction->kind == PREDICTION_CORES || prediction->kind == PREDICTION_LOCK)
		return same(sides, "prediction of kind", prediction->kind, "work", work_ns, base_ns);
	if (work_ns > base_ns)
		return differ(sides, "prediction of kind %d: more work than there was", (int)prediction->kind);
	return true;
}

bool predict_same(struct sides *sides)
{
	const struct predict *predict = &sides->analysis->predict;

	if (!result_fits(sides, "the replay", 0, predict->cores, &predict->base))
		return false;
	for (size_t i = 0; i < predict->predictions_cnt; i++)
		if (!prediction_fits(sides, predict, &predict->predictions[i]))
			return false;
	return true;
}
