/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table in workloads/README.md about when: a phase that was planted is where the report shows
 * it, and runs that are the same from begin to end have none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

struct span {
	double from_ns, to_ns;
};

static struct span phase_span(json_t *phase)
{
	return (struct span){ json_number_at(phase, "start_ns"), json_number_at(phase, "end_ns") };
}

static double length_ns(struct span span)
{
	return span.to_ns > span.from_ns ? span.to_ns - span.from_ns : 0;
}

static double common_ns(struct span a, struct span b)
{
	return length_ns((struct span){ a.from_ns > b.from_ns ? a.from_ns : b.from_ns,
					a.to_ns < b.to_ns ? a.to_ns : b.to_ns });
}

/* Which has most in common with the span. */
static size_t phase_at(json_t *phases, struct span span)
{
	size_t best = 0;

	for (size_t i = 1; i < json_array_size(phases); i++)
		if (common_ns(phase_span(json_array_get(phases, i)), span) >
		    common_ns(phase_span(json_array_get(phases, best)), span))
			best = i;
	return best;
}

/* True parallelism, on average over the phases from `first` to before `end`; 0 = there are none. */
static double level_of(json_t *phases, size_t first, size_t end)
{
	double true_ns = 0, all_ns = 0;

	for (size_t i = first; i < end; i++) {
		json_t *phase = json_array_get(phases, i);

		true_ns += json_number_at(phase, "integrals_ns.true");
		all_ns += length_ns(phase_span(phase));
	}
	return all_ns ? true_ns / all_ns : 0;
}

static bool says_serial_phase(const struct recording *r)
{
	struct span truth = { json_number_at(r->truth, "serial_start_ns"),
			      json_number_at(r->truth, "serial_end_ns") };
	json_t *phases = json_at(r->report, "phases");
	size_t at = phase_at(phases, truth), cnt = json_array_size(phases);
	struct span found = phase_span(json_array_get(phases, at));
	double both_ns = common_ns(found, truth), level = level_of(phases, at, at + 1);
	bool ok = at_least("what the phase has in common with the truth",
			   both_ns / (length_ns(found) + length_ns(truth) - both_ns), 0.9);

	ok &= at_most("true parallelism in it", level, 1.05);
	ok &= at_least("true parallelism before it, against that", level_of(phases, 0, at) / level, 1.25);
	ok &= at_least("true parallelism behind it, against that", level_of(phases, at + 1, cnt) / level,
		       1.25);
	return ok & no_lock_is_blamed(r);
}

static struct row serial_phase = {
	.args = { "serial_phase", "--seconds", "1" },
	.cores = 2,
	.says = says_serial_phase,
};

static bool says_one_phase(const struct recording *r)
{
	return within("phases", (double)json_array_size(json_at(r->report, "phases")), 1);
}

/* Under the GIL all of it is serial. */
static struct row serial_phase_under_gil = {
	.args = { "serial_phase", "--seconds", "1", "--gil", "new" },
	.says = says_one_phase,
};

static struct row cpu_bound = {
	.args = { "cpu_bound", "--threads", "4", "--seconds", "1" },
	.says = says_one_phase,
};

static struct row one_core = {
	.args = { "one_core", "--seconds", "1" },
	.says = says_one_phase,
};

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(serial_phase),
		ROW(serial_phase_under_gil),
		ROW(cpu_bound),
		ROW(one_core),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
