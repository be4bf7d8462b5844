// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's beginning and end.
 */

#include <errno.h>

#include "workloads/gilrt/gil.h"
#include "workloads/gilrt/thread.h"

/* Set before there is a second thread, constant while there is one. */
static enum gilrt_checkpoints checkpoint_policy;

enum gilrt_checkpoints gilrt_checkpoint_policy(void)
{
	return checkpoint_policy;
}

int gilrt_init(const struct gilrt_config *config)
{
	int err;

	if (gilrt_thread_next(NULL))
		return -EALREADY;
	checkpoint_policy = config->checkpoints;
	if (config->gil) {
		err = gil_create(config->switch_interval_us);
		if (err)
			return err;
	}
	err = thread_adopt_main();
	if (err) {
		gil_destroy();
		return err;
	}
	gil_take(gilrt_thread_current());
	return 0;
}

int gilrt_stop(void)
{
	struct gilrt_thread *self = gilrt_thread_current();

	gil_drop(self, true);
	thread_finish(self);
	return thread_reap_all();
}

void gilrt_fini(void)
{
	gil_destroy();
	thread_free_all();
}
