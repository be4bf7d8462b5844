// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's beginning and end, and the interpreters in it.
 */

#include <errno.h>

#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/interpreter.h"
#include "workloads/gilrt/thread.h"

/* Set before there is a second thread, constant while there is one. */
static struct gilrt_config config;
static _Atomic enum gilrt_checkpoints checkpoint_policy;	/* a late daemon may look */

/* The first is the main interpreter. A mutex, since threads that create one may have different GILs. */
static pthread_mutex_t interpreter_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct gilrt_interpreter interpreters[GILRT_GIL_MAX];
static unsigned int interpreter_cnt;

enum gilrt_checkpoints gilrt_checkpoint_policy(void)
{
	return checkpoint_policy;
}

static int interpreter_create(struct gilrt_interpreter **ret_interpreter)
{
	const bool is_main = interpreter_cnt == 0;
	struct gilrt_interpreter *interpreter;
	int err;

	if (interpreter_cnt == GILRT_GIL_MAX)
		return -ENOSPC;
	interpreter = &interpreters[interpreter_cnt];
	interpreter->gil = NULL;
	if (config.mode == GILRT_PER_INTERPRETER || (config.mode != GILRT_OFF && is_main)) {
		err = gil_create(&config, &interpreter->gil);
		if (err)
			return err;
	} else {
		interpreter->gil = interpreters[0].gil;
	}
	interpreter_cnt++;
	*ret_interpreter = interpreter;
	return 0;
}

int gilrt_interpreter_create(struct gilrt_interpreter **ret_interpreter)
{
	int err;

	pthread_mutex_lock(&interpreter_mutex);
	err = interpreter_create(ret_interpreter);
	pthread_mutex_unlock(&interpreter_mutex);
	return err;
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
