/* SPDX-License-Identifier: BSD-2-Clause */
/* Many threads at once, whose timing nobody controls, doing the same work for a seed. */
#ifndef TESTS_SUPPORT_STRESS_H
#define TESTS_SUPPORT_STRESS_H

#include <stdatomic.h>
#include <stdlib.h>

#include "tests/support/gilrt_modes.h"
#include "tests/support/random.h"
#include "workloads/gilrt/lock.h"

#ifndef __has_feature
#define __has_feature(x)	0
#endif

/* Sanitizers are slow, and find what they find in less. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || \
	__has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SCALED(n)	((n) / 3)
#else
#define SCALED(n)	(n)
#endif

/* Only the main thread asserts. The others count what went wrong. */
static _Atomic unsigned int failure_cnt;

static inline void must(bool right)
{
	failure_cnt += !right;
}

static inline void no_failures(void)
{
	assert_int_equal(failure_cnt, 0);
}

/* So short that it may be over at any moment of what others do meanwhile. */
static inline int64_t short_time(uint64_t *random)
{
	return 1 + (int64_t)(random_next(random) % (100 * NSEC_PER_USEC));
}

static inline int64_t some_timeout(uint64_t *random)
{
	switch (random_next(random) % 4) {
	case 0:
		return GILRT_NO_WAIT;
	case 1:
		return GILRT_FOREVER;
	default:
		return short_time(random);
	}
}

static inline void sleep_shortly(uint64_t *random)
{
	gilrt_sleep((uint64_t)short_time(random));
}

/* One thread for each element of args. */
static inline struct gilrt_thread **start_all(void (*fn)(void *), void *args, size_t arg_size,
					      unsigned int cnt)
{
	struct gilrt_thread **threads = calloc(cnt, sizeof(struct gilrt_thread *));
	unsigned int i;

	assert_non_null(threads);
	for (i = 0; i < cnt; i++)
		threads[i] = start(fn, (char *)args + i * arg_size);
	return threads;
}

static inline void join_all(struct gilrt_thread **threads, unsigned int cnt)
{
	while (cnt--)
		join(threads[cnt]);
	free(threads);
}

#endif
