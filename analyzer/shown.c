/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds from the whole to the parts: curves to the nearest, states to what is left between them.
 */
#include "analyzer/shown.h"

#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/table.h"

#define PARTS_MAX (STATE_CNT + 2)

void hundredths_split(const uint64_t *parts_ns, size_t cnt, uint64_t over_ns, uint64_t target,
		      uint64_t *ret_hundredths)
{
	uint64_t remainders[PARTS_MAX];
	bool raised[PARTS_MAX] = { false };
	uint64_t sum = 0;

	memset(ret_hundredths, 0, cnt * sizeof(*ret_hundredths));
	for (size_t i = 0; over_ns && i < cnt; i++) {
		unsigned __int128 product = (unsigned __int128)parts_ns[i] * 100;

		ret_hundredths[i] = (uint64_t)(product / over_ns);
		remainders[i] = (uint64_t)(product % over_ns);
		sum += ret_hundredths[i];
	}
	while (over_ns && sum < target) {
		size_t best = cnt;

		for (size_t i = 0; i < cnt; i++)
			if (parts_ns[i] && !raised[i] &&
			    (best == cnt || remainders[i] > remainders[best]))
				best = i;
		if (best == cnt)
			return;
		raised[best] = true;
		ret_hundredths[best]++;
		sum++;
	}
}

/* Splits a target over the states that are wanted. */
static void states_split(struct shown *shown, const struct report_scope *tree,
			 const bool wanted[STATE_CNT], uint64_t target)
{
	uint64_t parts_ns[STATE_CNT] = { 0 }, hundredths[STATE_CNT];

	for (int state = 0; state < STATE_CNT; state++)
		if (wanted[state])
			parts_ns[state] = tree->state_ns[state];
	hundredths_split(parts_ns, STATE_CNT, tree->wall_ns, target, hundredths);
	for (int state = 0; state < STATE_CNT; state++)
		if (wanted[state])
			shown->states[state] = hundredths[state];
}

static void idle_fill(struct shown *shown, const struct report *report)
{
	const struct report_idle *idle = &report->idle;
	uint64_t parts_ns[PARTS_MAX], hundredths[PARTS_MAX];

	memcpy(parts_ns, idle->wait_ns, sizeof(idle->wait_ns));
	parts_ns[STATE_CNT] = idle->ready_ns;
	parts_ns[STATE_CNT + 1] = idle->nobody_ns;
	shown->idle = average_hundredths(idle->idle_ns, report->tree.wall_ns);
	hundredths_split(parts_ns, PARTS_MAX, report->tree.wall_ns, shown->idle, hundredths);
	memcpy(shown->idle_wait, hundredths, sizeof(shown->idle_wait));
	shown->idle_ready = hundredths[STATE_CNT];
	shown->idle_nobody = hundredths[STATE_CNT + 1];
	for (int state = 0; state < STATE_CNT; state++)
		shown->idle_waiting += hundredths[state];
}

struct text average_range(const struct report *report, uint64_t ns, struct range range, uint64_t shown)
{
	const struct trust *trust = &report->analysis->trust;
	uint64_t wall_ns = report->tree.wall_ns;
	uint64_t low = average_hundredths(range_low(ns, range), wall_ns);
	uint64_t high = average_hundredths(range_high(ns, range), wall_ns - trust->wall_down_ns);
	struct text text = { "" };

	if (low != high)
		snprintf(text.s, sizeof(text.s), "%.20s .. %.20s",
			 format_hundredths(low < shown ? low : shown).s,
			 format_hundredths(high > shown ? high : shown).s);
	return text;
}

void shown_make(struct shown *shown, const struct report *report)
{
	const struct report_scope *tree = &report->tree;
	bool off_core[STATE_CNT] = { false }, others[STATE_CNT] = { false };
	uint64_t *curves = shown->curves;

	*shown = (struct shown){ 0 };
	for (int i = 0; i < CURVE_CNT; i++)
		curves[i] = average_hundredths(tree->curves->integral_ns[i], tree->wall_ns);
	for (int state = 0; state < STATE_CNT; state++) {
		unsigned int counts = state_infos[state].counts;

		off_core[state] = counts & COUNTS_APPARENT && !(counts & COUNTS_SCHEDULED);
		others[state] = !(counts & COUNTS_APPARENT);
	}
	/* Of two sums the larger stays the larger when both are rounded: nothing goes below 0. */
	shown->states[STATE_RUN_SPIN] = curves[CURVE_SCHEDULED] - curves[CURVE_TRUE];
	states_split(shown, tree, off_core, curves[CURVE_APPARENT] - curves[CURVE_SCHEDULED]);
	states_split(shown, tree, others, curves[CURVE_ALIVE] - curves[CURVE_APPARENT]);
	shown->loss = curves[CURVE_APPARENT] - curves[CURVE_TRUE];
	shown->rest = curves[CURVE_ALIVE] - curves[CURVE_APPARENT] - shown->states[STATE_UNKNOWN];
	idle_fill(shown, report);
}
