/* SPDX-License-Identifier: BSD-2-Clause */
/* The true answer as text. */
#include "tests/sim/answer.h"

#include <inttypes.h>

static void states_print(const uint64_t *state_ns, FILE *out)
{
	for (int state = 0; state < SIM_STATE_CNT; state++)
		if (state_ns[state])
			fprintf(out, "  %s %" PRIu64, sim_state_names[state], state_ns[state]);
	fprintf(out, "\n");
}

static void track_print(const struct sim_track *track, const struct sim_sum *sum, FILE *out)
{
	if (!track->begun)
		return;
	fprintf(out, "thread %" PRIu64 " (tid %" PRIu64 ", process %" PRIu64 "), %" PRIu64 " to %" PRIu64 ":",
		track->thread->id, track->tid, track->process, track->birth_ns, track->death_ns);
	states_print(sum->state_ns, out);
	for (size_t i = 0; i < track->pieces_cnt; i++) {
		const struct sim_piece *piece = &track->pieces[i];

		fprintf(out, "    %" PRIu64 " %s%s\n", piece->from_ns, sim_state_names[piece->state],
			piece->sampled ? " (sampled)" : "");
	}
}

static void core_print(size_t core, const struct sim_core_sum *sum, FILE *out)
{
	fprintf(out, "core %zu: ours %" PRIu64 " (true %" PRIu64 ", spin %" PRIu64 "), others %" PRIu64
		", idle %" PRIu64 ", unknown %" PRIu64 "\n", core, sum->ours_ns, sum->true_ns, sum->spin_ns,
		sum->other_ns, sum->idle_ns, sum->unknown_ns);
}

void sim_answer_print(const struct sim_answer *answer, const struct sim_story *story, FILE *out)
{
	static const char *const curves[] = { "alive", "apparent", "scheduled", "true", "overlap" };

	fprintf(out, "wall time %" PRIu64 " ns, from %" PRIu64 "\n", story->end_ns - story->start_ns,
		story->start_ns);
	for (int curve = 0; curve < SIM_CURVE_CNT; curve++)
		fprintf(out, "%s: %" PRIu64 " ns\n", curves[curve], answer->tree.integral_ns[curve]);
	for (size_t i = 0; i < answer->tree.levels_cnt; i++)
		if (answer->tree.level_ns[i])
			fprintf(out, "true parallelism %zu: %" PRIu64 " ns\n", i, answer->tree.level_ns[i]);
	for (size_t i = 0; i < story->tracks_cnt; i++)
		track_print(&story->tracks[i], &answer->threads[i], out);
	for (size_t i = 0; i < answer->cores_cnt; i++)
		core_print(i, &answer->cores[i], out);
	fprintf(out, "idle while ready %" PRIu64 ", for want of threads %" PRIu64 ", while waiting:",
		answer->idle_ready_ns, answer->idle_nobody_ns);
	states_print(answer->idle_wait_ns, out);
}
