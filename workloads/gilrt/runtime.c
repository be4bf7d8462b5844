// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's beginning and end, and the interpreters in it.
 */

#include <errno.h>
#include <stdatomic.h>

#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/interpreter.h"
#include "workloads/gilrt/thread.h"

/* Set before there is a second thread, constant while there is one. */
static struct gilrt_config config;
static _Atomic enum gilrt_checkpoints checkpoint_policy;	/* a late daemon may look */

/* The first is the main interpreter. */
static struct gilrt_interpreter interpreters[GILRT_GIL_MAX];
static _Atomic unsigned int interpreter_cnt;

enum gilrt_checkpoints gilrt_checkpoint_policy(void)
{
	return checkpoint_policy;
}

int gilrt_interpreter_create(struct gilrt_interpreter **ret_interpreter)
{
	struct gilrt_interpreter *interpreter;
	unsigned int number;
	int err;

	/* Claimed one by one; a failed one stays unused. */
	number = atomic_fetch_add(&interpreter_cnt, 1);
	if (number >= GILRT_GIL_MAX) {
		atomic_fetch_sub(&interpreter_cnt, 1);
		return -ENOSPC;
	}
	interpreter = &interpreters[number];
	interpreter->gil = NULL;
	if (config.mode == GILRT_PER_INTERPRETER || (config.mode != GILRT_OFF && number == 0)) {
		err = gil_create(&config, &interpreter->gil);
		if (err)
			return err;
	} else {
		interpreter->gil = interpreters[0].gil;
	}
	*ret_interpreter = interpreter;
	return 0;
}

int gilrt_init(const struct gilrt_config *wanted)
{
	struct gilrt_interpreter *interpreter;
	int err;

	if (gilrt_thread_next(NULL))
		return -EALREADY;
	config = *wanted;
	checkpoint_policy = config.mode == GILRT_OLD ? GILRT_EVERY_OP : config.checkpoints;
	err = gilrt_interpreter_create(&interpreter);
	if (!err)
		err = thread_adopt_main(interpreter);
	if (err) {
		gilrt_fini();
		return err;
	}
	gil_take(gilrt_thread_current());
	return 0;
}

int gilrt_stop(void)
{
	struct gilrt_thread *self = gilrt_thread_current();

	thread_await_all();
	thread_close();
	gil_drop(self, true);
	return thread_finish(self);
}

void gilrt_fini(void)
{
	gil_destroy_all();
	thread_free_all();
	interpreter_cnt = 0;
}
