/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of what the runtime does alike in every mode: the modes, and a runtime for each test. */
#ifndef TESTS_SUPPORT_GILRT_MODES_H
#define TESTS_SUPPORT_GILRT_MODES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/watchdog.h"
#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/gilrt.h"

/* A test's initial state. */
struct test_mode {
	const char *name;
	struct gilrt_config config;
};

static const struct test_mode mode_new = {
	"new GIL", { .mode = GILRT_NEW, .switch_interval_us = 5000 }
};
static const struct test_mode mode_impatient = {
	"new GIL, impatient", { .mode = GILRT_NEW, .switch_interval_us = 50 }
};
static const struct test_mode mode_every_op = {
	"new GIL, every op",
	{ .mode = GILRT_NEW, .switch_interval_us = 200, .checkpoints = GILRT_EVERY_OP }
};
static const struct test_mode mode_old = {
	"old GIL", { .mode = GILRT_OLD, .check_interval = 3 }
};
static const struct test_mode mode_two_gils = {
	"GIL per interpreter", { .mode = GILRT_PER_INTERPRETER, .switch_interval_us = 200 }
};
static const struct test_mode mode_off = { "GIL off", { .mode = GILRT_OFF } };

/* With a GIL for each, threads are by turns in the main interpreter and in this one. */
static struct gilrt_interpreter *other_interpreter;
static unsigned int started_cnt;

static inline int mode_begin(void **state)
{
	const struct test_mode *mode = *state;

	int err;

	watchdog_start(mode->name, "at its beginning");
	other_interpreter = NULL;
	err = gilrt_init(&mode->config);
	if (!err && mode->config.mode == GILRT_PER_INTERPRETER)
		err = gilrt_interpreter_create(&other_interpreter);
	return err;
}

/* What hangs if it does. */
static inline void mode_enter(void **state, const char *where)
{
	watchdog_start(((const struct test_mode *)*state)->name, where);
}

static inline int mode_end(void **state)
{
	int err;

	(void)state;
	err = gilrt_stop();
	gilrt_fini();
	watchdog_stop();
	return err;
}

#define IN_MODE(test, mode)	\
	{ #test " (" #mode ")", test, mode_begin, mode_end, (void *)&(mode) }
#define IN_ALL_MODES(test)	\
	IN_MODE(test, mode_new), IN_MODE(test, mode_impatient), IN_MODE(test, mode_every_op),	\
	IN_MODE(test, mode_old), IN_MODE(test, mode_two_gils), IN_MODE(test, mode_off)

/* Only the main thread asserts: these are for it. */
static inline struct gilrt_thread *start(void (*fn)(void *), void *arg)
{
	struct gilrt_thread *thread = NULL;

	if (other_interpreter && started_cnt++ % 2 == 0)
		assert_int_equal(gilrt_thread_start_in(other_interpreter, fn, arg, "helper", &thread),
				 0);
	else
		assert_int_equal(gilrt_thread_start(fn, arg, "helper", &thread), 0);
	return thread;
}

static inline void join(struct gilrt_thread *thread)
{
	assert_int_equal(gilrt_thread_join(thread), 0);
}

static inline void in_another_thread(void (*fn)(void *), void *arg)
{
	join(start(fn, arg));
}

static inline void let_others_run(void)
{
	gilrt_sleep(50 * NSEC_PER_USEC);
}

#endif
