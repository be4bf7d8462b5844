/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records that make no sense together, by the thousand: whatever a file says, the analysis ends, no
 * identity is violated, and both outputs can be made. The seeds are fixed; a failure names its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tb.h"
#include "tests/support/trace_build.h"

#define SEEDS 300
#define RECORDS 400

static uint64_t below(uint64_t *random, uint64_t limit)
{
	return random_next(random) % limit;
}

static const uint64_t calls[] = {
	0, 1 + 0, 1 + 1, 1 + 7, 1 + 35, 1 + 60, 1 + 61, 1 + 202, 1 + 202,
};

static uint64_t call(uint64_t *random)
{
	return calls[below(random, sizeof(calls) / sizeof(*calls))];
}

/* Small ids, so that records meet; now and then anything at all. */
static void record_season(struct trace_record *record, uint64_t ts_ns, uint64_t *random)
{
	switch (record->kind) {
	case TRACE_SWITCH:
		record->sched_switch.prev = below(random, 6);
		record->sched_switch.next = below(random, 6);
		record->sched_switch.how = below(random, 6);
		record->sched_switch.sysno = call(random);
		record->sched_switch.gil = below(random, 3);
		record->sched_switch.gil_last = below(random, 6);
		break;
	case TRACE_WAKING:
		record->waking.wakee = below(random, 6);
		record->waking.waker = below(random, 6);
		record->waking.sysno = call(random);
		record->waking.arg1 = below(random, 14);
		record->waking.gil = below(random, 3);
		record->waking.gil_last = below(random, 6);
		break;
	case TRACE_SAMPLE:
		record->sample.thread = below(random, 6);
		record->sample.gil = below(random, 3);
		record->sample.gil_last = below(random, 6);
		break;
	case TRACE_THREAD:
		record->thread.id = below(random, 8);
		record->thread.parent = below(random, 6);
		record->thread.process = below(random, 3);
		break;
	case TRACE_EXEC:
		record->exec.thread = below(random, 6);
		record->exec.gil_state = below(random, 4);
		break;
	case TRACE_GIL:
		record->gil.process = below(random, 3);
		record->gil.exact = below(random, 2);
		break;
	case TRACE_GILOP:
		record->gilop.thread = below(random, 6);
		record->gilop.gil = below(random, 3);
		record->gilop.op = below(random, 7);
		break;
	case TRACE_LOCKOP:
		record->lockop.thread = below(random, 6);
		record->lockop.op = below(random, 5);
		record->lockop.kind = below(random, 13);
		break;
	case TRACE_GAP:
		record->gap.first = ts_ns - below(random, 300);
		record->gap.last = record->gap.first + below(random, 300);
		break;
	default:
		break;
	}
}

static const uint32_t kinds[] = {
	TRACE_SWITCH, TRACE_SWITCH, TRACE_SWITCH, TRACE_SWITCH, TRACE_SWITCH, TRACE_WAKING,
	TRACE_WAKING, TRACE_WAKING, TRACE_SAMPLE, TRACE_SAMPLE, TRACE_CORE, TRACE_GILOP, TRACE_GILOP,
	TRACE_LOCKOP,
};

static void soup(struct tb *tb, uint64_t seed)
{
	uint64_t random = seed, ts_ns = 1000;

	tb_init(tb, "2");
	for (int i = 0; i < RECORDS; i++) {
		uint32_t kind = below(&random, 8) ?
				kinds[below(&random, sizeof(kinds) / sizeof(*kinds))] :
				1 + (uint32_t)below(&random, TRACE_KIND_MAX - 1);
		uint32_t stream = below(&random, 40) ? (uint32_t)below(&random, 3) :
				  TRACE_STREAM_COLLECTOR;
		/* Many at the same time; some far apart, for the first pass's verdicts. */
		uint64_t step_ns = below(&random, 4) ? below(&random, 100) : 0;
		struct trace_record *record;

		ts_ns += below(&random, 50) ? step_ns : 20000000;
		record = tb_add(tb, ts_ns, stream, kind);
		record_fill(record, kind, &random);
		record->ts_ns = ts_ns;
		record->stream = stream;
		record->kind = kind;
		if (below(&random, 60))
			record_season(record, ts_ns, &random);
	}
}

/* On-core time from the records, states and cores: the same but for what was lost. */
static void sums_check(const struct tb *tb, uint64_t seed)
{
	uint64_t unsure_ns = 0, ours_ns = 0, core_unsure_ns = 0;

	for (size_t i = 0; i < tb->report.threads_listed; i++) {
		const struct report_thread *row = &tb->report.threads[i];
		uint64_t run_ns = row->state_ns[STATE_RUN_GIL] + row->state_ns[STATE_RUN_FREE] +
				  row->state_ns[STATE_RUN_SPIN];

		unsure_ns += row->thread->unsure_ns;
		if (row->thread->on_core_ns != run_ns + row->thread->unsure_ns ||
		    row->thread->unsure_ns > row->state_ns[STATE_UNKNOWN])
			fail_msg("seed %d: thread %d ran for %d ns", (int)seed,
				 (int)row->thread->id, (int)run_ns);
	}
	for (size_t i = 0; i < tb->report.cores_cnt; i++) {
		ours_ns += tb->report.cores[i].ours_ns;
		core_unsure_ns += tb->analysis.cores.cores[i].unsure_ns;
	}
	assert_int_equal(core_unsure_ns, unsure_ns);
	assert_int_equal(ours_ns - unsure_ns,
			 tb->report.tree.curves->integral_ns[CURVE_SCHEDULED]);
}

static void test_soup(void **state)
{
	static struct tb tb;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		char *text, *json;
		int err;

		soup(&tb, seed);
		/* Every third file is cut. */
		tb.cut_bytes = seed % 3 ? 0 : 1;
		err = tb_try(&tb);
		if (err)
			fail_msg("seed %d: %d %s", (int)seed, err, tb.analysis.identity.broken);
		assert_int_equal(report_make(&tb.report, &tb.analysis,
					     &(struct report_filter){ 0 }), 0);
		sums_check(&tb, seed);
		text = tb_text(&tb, 1);
		json = tb_json(&tb);
		assert_non_null(strstr(json, "\"schema\": 1"));
		free(text);
		free(json);
		tb_free(&tb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soup),
	};

	return cmocka_run_group_tests_name("timeline: soup", tests, NULL, NULL);
}
