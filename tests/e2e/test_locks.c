/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the report says of locks, lock by lock, held against what the workloads planted and measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

static json_t *lock_at(const struct recording *r, size_t place)
{
	json_t *lock = json_array_get(json_at(r->report, "locks.locks"), place);

	assert_non_null(lock);
	return lock;
}

static double share(const json_t *lock, const char *part, const char *whole)
{
	return json_number_at(lock, part) / json_number_at(lock, whole);
}

/* Who is blamed most for its waits. */
static const char *holder_of(const json_t *lock)
{
	json_t *holder = json_array_get(json_at(lock, "holders"), 0);

	assert_non_null(holder);
	return json_text_at(holder, "comm");
}

/* The sums that hold for each recording. */
static void assert_sums(const struct recording *r)
{
	json_t *lock;
	double sum_ns = 0;
	size_t i;

	json_array_foreach(json_at(r->report, "locks.locks"), i, lock) {
		double blamed_ns = json_number_at(lock, "blamed.exact") +
				   json_number_at(lock, "blamed.likely") +
				   json_number_at(lock, "blamed.unknown");

		assert_true(blamed_ns == json_number_at(lock, "wait_ns"));
		sum_ns += blamed_ns;
	}
	assert_true(sum_ns == json_number_at(r->report, "states.wait.lock"));
}

/* Main's waits for the threads' ends are left out. */
static double workers_sum(const struct recording *r, const char *name)
{
	json_t *main_thread = json_array_get(json_at(r->truth, "per_thread"), 0);

	return truth_sum(r, name) - json_number_at(main_thread, name);
}

/* ---- one hot lock -------------------------------------------------------------------------------- */

static bool says_convoy(void)
{
	static const char *const args[] = { "lock_convoy", "--seconds", "1", NULL };
	struct recording r;
	double theirs_ns, woken_ns, bar_ns;
	json_t *lock;
	bool ok;

	record_workload(&r, args);
	assert_sums(&r);
	lock = lock_at(&r, 0);
	ok = at_least("the hot lock, of all waits", json_number_at(lock, "wait_ns") /
		      json_number_at(r.report, "locks.wait_ns"), 0.95);
	/* A wait that a thread measured goes on while it is woken and has no core. */
	theirs_ns = workers_sum(&r, "lock_wait_ns");
	bar_ns = 0.02 * theirs_ns + 10e3 * workers_sum(&r, "lock_waits");
	woken_ns = json_number_at(r.report, "states.ready.woken");
	ok &= at_most("waits for it", json_number_at(lock, "wait_ns"), theirs_ns + bar_ns);
	ok &= at_least("waits for it, and who is woken from that",
		       json_number_at(lock, "wait_ns") + woken_ns, theirs_ns - bar_ns);
	ok &= at_least("waits for it with a holder", 1 - share(lock, "blamed.unknown", "wait_ns"), 0.9);
	/* Its holder holds it to compute. */
	ok &= at_most("waits while the holder sleeps or does I/O",
		      (json_number_at(lock, "holder_states.wait.sleep") +
		       json_number_at(lock, "holder_states.wait.io")) /
		      json_number_at(lock, "wait_ns"), 0.05);
	record_free(&r);
	return ok;
}

static void convoy_has_one_hot_lock(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(says_convoy);
}

/* ---- a chain ------------------------------------------------------------------------------------- */

/* link-0 waits for what link-1 holds, which waits for what link-2 holds. */
static bool says_chain(void)
{
	static const char *const args[] = { "lock_chain", "--seconds", "1", NULL };
	struct recording r;
	bool ok = true;
	int links = 0;

	record_workload(&r, args);
	assert_sums(&r);
	for (size_t i = 0; i < 2; i++) {
		json_t *lock = lock_at(&r, i);
		json_t *next = json_array_get(json_at(lock, "holder_waits_for"), 0);

		ok &= at_least("waits with an owner that was read", share(lock, "blamed.exact", "wait_ns"), 0.9);
		if (!strcmp(holder_of(lock), "link-1")) {
			links |= 1;
			ok &= at_least("of these, its owner waits itself",
				       share(lock, "holder_states.wait.lock", "blamed.exact"), 0.5);
			assert_non_null(next);
			assert_int_equal(json_u64_at(next, "address"),
					 json_u64_at(lock_at(&r, 1 - i), "address"));
		} else if (!strcmp(holder_of(lock), "link-2")) {
			links |= 2;
			ok &= at_most("of these, its owner waits itself",
				      share(lock, "holder_states.wait.lock", "blamed.exact"), 0.05);
		}
	}
	ok &= at_least("links of the chain", links, 3);
	record_free(&r);
	return ok;
}

static void chain_is_named(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(says_chain);
}

/* ---- readers and a writer ------------------------------------------------------------------------ */

/* No one thread owns what is held by readers: some waits are likely at best. */
static bool says_reader_writer(void)
{
	static const char *const args[] = { "reader_writer", "--seconds", "1", NULL };
	struct recording r;
	json_t *lock;
	bool ok;

	record_workload(&r, args);
	assert_sums(&r);
	lock = lock_at(&r, 0);
	ok = at_least("waits with a holder", 1 - share(lock, "blamed.unknown", "wait_ns"), 0.9);
	ok &= at_most("waits for the lock", json_number_at(r.report, "locks.wait_ns"),
		      1.02 * (json_number_at(r.truth, "read_wait_ns") +
			      json_number_at(r.truth, "write_wait_ns")));
	ok &= at_least("waiters at a waking",
		       share(lock, "wakings_waiters", "wakings"), 1);
	record_free(&r);
	return ok;
}

static void readers_wait_for_the_writer(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(says_reader_writer);
}

/* ---- controls ------------------------------------------------------------------------------------ */

static bool says_no_lock(const char *workload)
{
	const char *const args[] = { workload, "--seconds", "1", NULL };
	struct recording r;
	double worst_ns = 0;
	json_t *first;
	bool ok;

	record_workload(&r, args);
	assert_sums(&r);
	first = json_array_get(json_at(r.report, "locks.locks"), 0);
	if (first)
		worst_ns = json_number_at(first, "wait_ns");
	ok = at_most("the worst lock, of the threads' lives",
		     worst_ns / json_number_at(r.report, "curves.alive.integral_ns"), 0.01);
	record_free(&r);
	return ok;
}

static bool says_oversubscription(void)
{
	return says_no_lock("oversubscription");
}

static bool says_idle_pool(void)
{
	return says_no_lock("idle_pool");
}

static void no_lock_where_there_is_none(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(says_oversubscription);
	attempts(says_idle_pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convoy_has_one_hot_lock),
		cmocka_unit_test(chain_is_named),
		cmocka_unit_test(readers_wait_for_the_writer),
		cmocka_unit_test(no_lock_where_there_is_none),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
