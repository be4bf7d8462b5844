/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks: who waited for each, because of whom, and what that one was doing; held against numbers worked
 * out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/words.h"
#include "tests/support/tb.h"

#define WAKE 1

/* The word at this address in the process's n-th program. */
static const struct futex_word *word_at(struct tb *tb, uint64_t address, uint32_t execs)
{
	const struct words *words = &tb->analysis.timeline.words;

	for (size_t i = 0; i < words->words_cnt; i++)
		if (words->words[i]->address == address && words->words[i]->execs == execs)
			return words->words[i];
	fail_msg("nobody waited at %llx", (unsigned long long)address);
	return NULL;
}

static const struct lock *lock_at(struct tb *tb, uint64_t address)
{
	const struct lock *lock = tb->analysis.locks.locks[word_at(tb, address, 1)->slot];

	assert_non_null(lock);
	return lock;
}

static void expect_certain(const struct lock *lock, uint64_t exact_ns, uint64_t likely_ns,
			   uint64_t unknown_ns)
{
	assert_int_equal(lock->certain_ns[OWNER_EXACT], exact_ns);
	assert_int_equal(lock->certain_ns[OWNER_LIKELY], likely_ns);
	assert_int_equal(lock->certain_ns[OWNER_UNKNOWN], unknown_ns);
	assert_int_equal(lock->waits.wait_ns, exact_ns + likely_ns + unknown_ns);
}

/* Of this lock's waits, what one thread is blamed for. */
static void expect_blame(struct tb *tb, const struct lock *lock, uint64_t id,
			 enum owner_certainty certainty, uint64_t ns)
{
	size_t cnt;
	const struct share *shares = shares_of(&tb->analysis.locks.blames, lock->waits.word->slot, &cnt);

	for (size_t i = 0; i < cnt; i++)
		if (tb->analysis.people.threads[shares[i].from]->id == id) {
			assert_int_equal(shares[i].ns[certainty], ns);
			return;
		}
	assert_int_equal(ns, 0);
}

static void expect_holder(const struct lock *lock, enum owner_certainty certainty, int state,
			  uint64_t ns)
{
	assert_int_equal(lock->holder[certainty].state_ns[state], ns);
}

/* 1 is on core 0, 2 on core 1; 3 is ready until core 1 is free at 4500. */
static void three_begin(struct tb *tb)
{
	tb_exec(tb, 1000, 0, 1);
	tb_thread(tb, 2000, 0, 1, 2, 1);
	tb_thread(tb, 2500, 0, 1, 3, 1);
	tb_switch(tb, 3000, 1, 0, TRACE_HOW_NONE, 2);
}

/*
 * ns        1 (owner)       2            3            idle, ready, waiting
 * 4000      run             wait.lock    ready        1 1 1
 * 4500      run             wait.lock    run          0 0 1
 * 5000      run             wait.lock    wait.lock    1 0 2
 * 6000      wait.io         wait.lock    wait.lock    2 0 3
 * 7000      ready           wait.lock    wait.lock    2 1 2
 * 7500      run             wait.lock    wait.lock    1 0 2
 * 8000      run             ready        wait.lock    1 1 1
 * 8300      run             run          wait.lock    0 0 1
 * 9000      run             run          ready        0 1 0
 * 9100      run             dead         ready        1 1 0
 * 9400      run                          run
 */
static void owned(struct tb *tb)
{
	three_begin(tb);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_switch(tb, 4500, 1, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, 5000, 1, 3, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_block(tb, 6000, 0, 1, NR_READ, 0, 0);
	tb_waking(tb, 7000, 0, 0, 1, NR_WRITE, 0, 0);
	tb_switch(tb, 7500, 0, 0, TRACE_HOW_NONE, 1);
	tb_waking(tb, 8000, 0, 1, 2, NR_FUTEX, 0x100, WAKE);
	tb_switch(tb, 8300, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 9000, 1, 2, 3, NR_FUTEX, 0x100, WAKE);
	tb_switch(tb, 9100, 1, 2, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 9400, 1, 0, TRACE_HOW_NONE, 3);
	tb_switch(tb, 9900, 1, 3, TRACE_HOW_DEAD, 0);
	tb_switch(tb, 10000, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 10100, TRACE_END_TREE);
	tb_analyze(tb);
}

static void test_waits(void **state)
{
	const struct lock *lock;

	owned(*state);
	lock = lock_at(*state, 0x100);
	assert_int_equal(lock->waits.waits_cnt, 2);
	assert_int_equal(lock->waits.longest_ns, 4000);
	assert_int_equal(lock->wait_spread.sum_ns, 8000);
	assert_int_equal(lock->waits.waiters_ns, 8000);
	assert_int_equal(lock->waits.contended_ns, 5000);
	assert_int_equal(lock->waits.waiters_max, 2);
	assert_int_equal(lock->wakings_cnt, 2);
	assert_int_equal(lock->wakings_waiters, 2 + 1);
	assert_int_equal(lock->handoffs.cnt, 2);
	assert_int_equal(lock->handoffs.sum_ns, 300 + 400);
	/* One core for both; two for three; the one that 1 does not get; one for both. */
	assert_int_equal(word_idle_ns(&lock->waits), 1000 + 1333 + 500 + 500);
}

static void test_owner(void **state)
{
	const struct lock *lock;

	owned(*state);
	lock = lock_at(*state, 0x100);
	expect_certain(lock, 8000, 0, 0);
	expect_blame(*state, lock, 1, OWNER_EXACT, 8000);
	/* For one until 5000 and from 8000 on, for both in between. */
	expect_holder(lock, OWNER_EXACT, STATE_RUN_FREE, 1000 + 2 * 1000 + 2 * 500 + 1000);
	expect_holder(lock, OWNER_EXACT, STATE_WAIT_IO, 2 * 1000);
	expect_holder(lock, OWNER_EXACT, STATE_READY_WOKEN, 2 * 500);
}

/* One wait shows whose it is; of the others 2 is woken by 3, 3 by the clock. */
static void test_certainty(void **state)
{
	struct tb *tb = *state;
	const struct lock *lock;

	three_begin(tb);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x100, 0);
	tb_switch(tb, 4500, 1, 0, TRACE_HOW_NONE, 3);
	tb_waking(tb, 4900, 1, 3, 2, NR_FUTEX, 0x100, WAKE);
	tb_block(tb, 5000, 1, 3, NR_FUTEX, 0x100, 0);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 5500, 1, 2, 3, NR_FUTEX, 0x100, 0)->context = TRACE_CONTEXT_INTERRUPT;
	tb_block(tb, 6000, 1, 2, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_waking(tb, 8000, 0, 1, 2, NR_FUTEX, 0x100, WAKE);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	lock = lock_at(tb, 0x100);
	expect_certain(lock, 2000, 900, 500);
	assert_int_equal(lock->certain_cnt[OWNER_UNKNOWN], 1);
	expect_blame(tb, lock, 1, OWNER_EXACT, 2000);
	expect_blame(tb, lock, 3, OWNER_LIKELY, 900);
	expect_blame(tb, lock, 2, OWNER_EXACT, 0);
	/* Until 4500 it had no core. */
	expect_holder(lock, OWNER_LIKELY, STATE_READY_WOKEN, 500);
	expect_holder(lock, OWNER_LIKELY, STATE_RUN_FREE, 400);
	/* By the clock nothing is handed over. */
	assert_int_equal(lock->wakings_cnt, 2);
}

/* 3 waits for 2, which waits for 1. */
static void test_chain(void **state)
{
	struct tb *tb = *state;
	const struct lock *outer, *inner;
	const struct share *shares;
	size_t cnt;

	three_begin(tb);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x200, 0)->owner = 1;
	tb_switch(tb, 4500, 1, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, 5000, 1, 3, NR_FUTEX, 0x100, 0)->owner = 2;
	tb_waking(tb, 8000, 0, 1, 2, NR_FUTEX, 0x200, WAKE);
	tb_switch(tb, 8100, 1, 0, TRACE_HOW_NONE, 2);
	tb_waking(tb, 8300, 1, 2, 3, NR_FUTEX, 0x100, WAKE);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	outer = lock_at(tb, 0x100);
	inner = lock_at(tb, 0x200);
	expect_holder(outer, OWNER_EXACT, STATE_WAIT_LOCK, 3000);
	expect_holder(outer, OWNER_EXACT, STATE_READY_WOKEN, 100);
	expect_holder(outer, OWNER_EXACT, STATE_RUN_FREE, 200);
	shares = shares_of(&tb->analysis.locks.chains, outer->waits.word->slot, &cnt);
	assert_int_equal(cnt, 1);
	assert_int_equal(shares[0].from, inner->waits.word->slot);
	assert_int_equal(share_sum(&shares[0]), 3000);
	shares_of(&tb->analysis.locks.chains, inner->waits.word->slot, &cnt);
	assert_int_equal(cnt, 0);
}

/* More pairs of lock and holder than there is room for: the rest is others', and nothing is missing. */
static void test_limit(void **state)
{
	uint64_t cnt = LOCK_SHARES_MAX + 10, at_ns = 5000;
	struct tb *tb = *state;
	const struct share *shares;
	const struct lock *lock;
	size_t shares_cnt;

	three_begin(tb);
	for (uint64_t i = 0; i < cnt; i++, at_ns += 30) {
		tb_block(tb, at_ns, 1, 2, NR_FUTEX, 0x1000 + 8 * i, 0)->owner = 1;
		tb_waking(tb, at_ns + 10, 0, 1, 2, NR_FUTEX, 0x1000 + 8 * i, WAKE);
		tb_switch(tb, at_ns + 20, 1, 0, TRACE_HOW_NONE, 2);
	}
	tb_end(tb, at_ns, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.locks.certain_ns[OWNER_EXACT], 10 * cnt);
	lock = lock_at(tb, 0x1000 + 8 * (cnt - 1));
	shares = shares_of(&tb->analysis.locks.blames, lock->waits.word->slot, &shares_cnt);
	assert_int_equal(shares_cnt, 1);
	assert_int_equal(shares[0].from, SEVERAL);
	assert_int_equal(shares[0].ns[OWNER_EXACT], 10);
	assert_int_equal(shares[0].cnt[OWNER_EXACT], 1);
}

/* What is lost, and who is not there. */
static void test_loss(void **state)
{
	struct tb *tb = *state;
	const struct lock *lock;

	three_begin(tb);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x100, 0)->owner = 77;
	tb_switch(tb, 4500, 1, 0, TRACE_HOW_NONE, 3);
	tb_block(tb, 5000, 1, 3, NR_FUTEX, 0x100, 0)->owner = 1;
	tb_switch(tb, 5500, 0, 1, TRACE_HOW_DEAD, 0);
	tb_gap(tb, 7000, 1, 6000, 6500, 3);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	lock = lock_at(tb, 0x100);
	/* Nobody knows a thread 77. */
	expect_certain(lock, 1000, 0, 2000);
	expect_holder(lock, OWNER_EXACT, STATE_RUN_FREE, 500);
	expect_holder(lock, OWNER_EXACT, HOLDER_GONE, 500);
}

/* Nobody owns it: no lock. After an exec the same address is another word. */
static void test_sync(void **state)
{
	struct tb *tb = *state;
	const struct locks *locks = &tb->analysis.locks;
	const struct futex_word *word;

	three_begin(tb);
	tb_block(tb, 4000, 1, 2, NR_FUTEX, 0x300, 0);
	tb_waking(tb, 5000, 0, 1, 2, NR_EXECVE, 0, 0);
	tb_switch(tb, 5100, 1, 0, TRACE_HOW_NONE, 2);
	tb_switch(tb, 5200, 1, 2, TRACE_HOW_DEAD, 3);
	tb_switch(tb, 5300, 1, 3, TRACE_HOW_DEAD, 0);
	tb_add(tb, 6000, 0, TRACE_EXEC)->exec = (struct trace_exec){ .thread = 1, .tid = 1001 };
	tb_block(tb, 7000, 0, 1, NR_FUTEX, 0x300, 0);
	tb_end(tb, 9000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(locks->locks_cnt, 0);
	word = word_at(tb, 0x300, 1);
	assert_int_equal(locks->syncs[word->slot]->wait_ns, 1000);
	assert_int_equal(locks->syncs[word->slot]->waits_cnt, 1);
	word = word_at(tb, 0x300, 2);
	assert_int_equal(locks->syncs[word->slot]->waits_cnt, 1);
}

static void test_empty(void **state)
{
	struct tb *tb = *state;

	tb_end(tb, 1000, TRACE_END_TREE);
	tb_analyze(tb);
	assert_int_equal(tb->analysis.locks.locks_cnt, 0);
	assert_int_equal(tb->analysis.locks.syncs_cnt, 0);
}

static void expect_says(const char *text, const char *words)
{
	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("not said: %s\n%s", words, text);
}

static void test_outputs(void **state)
{
	struct tb *tb = *state;
	char *text, *json;

	owned(tb);
	text = tb_text(tb, 0);
	expect_says(text, "8.00 us waited for 1 lock,");
	expect_says(text, "held by  prog 1001 100 %\n");
	expect_says(text, "doing    run.free 62.5 %, wait.io 25.0 %, ready.woken 12.5 %\n");
	expect_says(text, "handed   2 times in 300 ns, p99 400 ns; 1.50 waited\n");
	free(text);
	json = tb_json(tb);
	expect_says(json, "\"blamed\": {\n   \"exact\": 8000,");
	free(json);
}

int main(void)
{
#define TEST(name) TB_TEST(name, "2")
	const struct CMUnitTest tests[] = {
		TEST(test_waits),
		TEST(test_owner),
		TEST(test_certainty),
		TEST(test_chain),
		TEST(test_limit),
		TEST(test_loss),
		TEST(test_sync),
		TEST(test_empty),
		TEST(test_outputs),
	};

	return cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
