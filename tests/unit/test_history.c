/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The history: what is read of it, in either direction, is what was told; in memory, in a file, and
 * where a file cannot take it.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/history.h"
#include "analyzer/thread.h"
#include "analyzer/words.h"
#include "tests/support/random.h"

/* Around the borders of blocks, whatever their size: they are some power of two. */
static const uint64_t counts[] = {
	0, 1, 2, 4095, 4096, 4097, 8192, 16383, 16384, 16385, 32768, 40000, 65537,
};

/* Random times do not compress: these do not fit in memory. */
#define MANY (4 * (uint64_t)HISTORY_MEMORY_BYTES / sizeof(struct history_entry) * 3 / 4)

#define SEED 7

/* The next of a row of random changes and edges, and what the history should make of it. */
static int entry_tell(uint64_t *random, struct history *history, struct history_entry *ret_entry)
{
	uint64_t at_ns = random_next(random), since_ns = random_next(random), id = random_next(random) >> 8;
	struct thread thread = { .slot = (uint32_t)random_next(random) };
	struct thread other = { .slot = (uint32_t)(id >> 32) };
	struct futex_word word = { .slot = (uint32_t)id };
	struct change change = {
		.at_ns = at_ns, .thread = &thread, .from = STATE_RUN_FREE, .to = STATE_WAIT_GIL,
		.since_ns = since_ns, .to_wait.gil = id,
	};
	struct edge edge = {
		.at_ns = at_ns, .wakee = &thread, .waker = id & 1 ? &other : NULL, .ended = STATE_WAIT_LOCK,
		.since_ns = since_ns, .wait.word = &word, .cause = CAUSE_PROGRAM,
	};

	*ret_entry = (struct history_entry){ .at_ns = at_ns, .since_ns = since_ns, .thread = thread.slot };
	if (id & 2) {
		ret_entry->kind = HISTORY_EDGE;
		ret_entry->from = STATE_WAIT_LOCK;
		ret_entry->to = STATE_CNT;
		ret_entry->cause = CAUSE_PROGRAM;
		ret_entry->object = id & 1 ? 1 + (uint64_t)other.slot : 0;
		ret_entry->awaited = 1 + (uint64_t)word.slot;
		return history ? history_sink.edge(history, &edge) : 0;
	}
	ret_entry->kind = HISTORY_CHANGE;
	ret_entry->from = STATE_RUN_FREE;
	ret_entry->to = STATE_WAIT_GIL;
	ret_entry->object = id;
	return history ? history_sink.change(history, &change) : 0;
}

static void history_tell(struct history *history, uint64_t cnt)
{
	uint64_t random = SEED;
	struct history_entry entry;

	for (uint64_t i = 0; i < cnt; i++)
		assert_int_equal(entry_tell(&random, history, &entry), 0);
	assert_int_equal(history_sink.end(history, NULL), 0);
	assert_int_equal(history->entries_cnt, cnt);
}

static void assert_same(const struct history_entry *got, const struct history_entry *wanted)
{
	assert_int_equal(got->at_ns, wanted->at_ns);
	assert_int_equal(got->since_ns, wanted->since_ns);
	assert_int_equal(got->object, wanted->object);
	assert_int_equal(got->awaited, wanted->awaited);
	assert_int_equal(got->thread, wanted->thread);
	assert_int_equal(got->kind, wanted->kind);
	assert_int_equal(got->from, wanted->from);
	assert_int_equal(got->to, wanted->to);
	assert_int_equal(got->cause, wanted->cause);
}

static void assert_forwards(const struct history *history, uint64_t cnt)
{
	uint64_t random = SEED;
	struct history_entry got, wanted;
	struct history_reader reader;

	assert_int_equal(history_open(&reader, history), 0);
	for (uint64_t i = 0; i < cnt; i++) {
		entry_tell(&random, NULL, &wanted);
		assert_int_equal(history_next(&reader, &got), 1);
		assert_same(&got, &wanted);
	}
	assert_int_equal(history_next(&reader, &got), 0);
	assert_int_equal(history_next(&reader, &got), 0);
	history_close(&reader);
}

/* A sum that depends on the order, so that not all entries must be kept. */
static uint64_t mix(uint64_t sum, const struct history_entry *entry)
{
	return sum * 3 + (entry->at_ns ^ entry->since_ns ^ entry->object ^ entry->awaited ^ entry->thread);
}

/* Both ways at the same time: what one reader does is nothing to the other. */
static void assert_backwards_reversed(const struct history *history, uint64_t cnt)
{
	uint64_t forwards = 0, backwards = 0, power = 1;
	struct history_reader next, previous;
	struct history_entry entry;

	assert_int_equal(history_open(&next, history), 0);
	assert_int_equal(history_open_at_end(&previous, history), 0);
	for (uint64_t i = 0; i < cnt; i++) {
		assert_int_equal(history_next(&next, &entry), 1);
		forwards = mix(forwards, &entry);
		assert_int_equal(history_previous(&previous, &entry), 1);
		backwards += power * mix(0, &entry);
		power *= 3;
	}
	assert_int_equal(history_next(&next, &entry), 0);
	assert_int_equal(history_previous(&previous, &entry), 0);
	assert_int_equal(history_previous(&previous, &entry), 0);
	assert_int_equal(forwards, backwards);
	history_close(&next);
	history_close(&previous);
}

static void test_either_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct history history = { 0 };

		history_tell(&history, counts[i]);
		assert_int_equal(history.fd, 0);
		assert_forwards(&history, counts[i]);
		assert_backwards_reversed(&history, counts[i]);
		history_clear(&history);
	}
}

static void test_in_a_file(void **state)
{
	struct history history = { 0 };

	(void)state;
	history_tell(&history, MANY);
	assert_true(history.fd > 0);
	assert_true(history.file_bytes > 0);
	assert_true(history.memory_bytes <= HISTORY_MEMORY_BYTES);
	assert_forwards(&history, MANY);
	assert_backwards_reversed(&history, MANY);
	history_clear(&history);
}

static void test_no_file_to_be_had(void **state)
{
	const char *dir = getenv("TMPDIR");
	char *before = dir ? strdup(dir) : NULL;
	struct history history = { 0 };

	(void)state;
	setenv("TMPDIR", "/dev/null", 1);
	history_tell(&history, MANY);
	assert_int_equal(history.fd, -1);
	assert_int_equal(history.file_bytes, 0);
	assert_true(history.memory_bytes > HISTORY_MEMORY_BYTES);
	assert_forwards(&history, MANY);
	history_clear(&history);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
}

/* The file takes some blocks and a part of one more: that one and the others stay in memory. */
static void test_full_disk(void **state)
{
	struct history history = { 0 };
	struct rlimit before, limit;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 3000001;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	history_tell(&history, MANY);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(history.file_bytes > 0);
	assert_true(history.file_bytes <= limit.rlim_cur);
	assert_true(history.memory_bytes > HISTORY_MEMORY_BYTES);
	assert_forwards(&history, MANY);
	assert_backwards_reversed(&history, MANY);
	history_clear(&history);
}

/* What cannot be read back is no end, and no fault of the trace. */
static void test_lost_file(void **state)
{
	struct history history = { 0 };
	struct history_reader reader;
	struct history_entry entry;
	int got;

	(void)state;
	history_tell(&history, MANY);
	assert_int_equal(ftruncate(history.fd - 1, (off_t)history.file_bytes / 2), 0);
	assert_int_equal(history_open(&reader, &history), 0);
	while ((got = history_next(&reader, &entry)) > 0)
		;
	assert_int_equal(got, -ESTALE);
	history_close(&reader);
	assert_int_equal(history_open_at_end(&reader, &history), 0);
	while ((got = history_previous(&reader, &entry)) > 0)
		;
	assert_int_equal(got, -ESTALE);
	history_close(&reader);
	history_clear(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_either_way),
		cmocka_unit_test(test_in_a_file),
		cmocka_unit_test(test_no_file_to_be_had),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_lost_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
