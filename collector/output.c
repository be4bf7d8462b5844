/* SPDX-License-Identifier: BSD-2-Clause */
/* Safe creation, and a thread between the encoders and the disk. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/output.h"

#define QUEUE_BLOCKS 64

struct output {
	const char *path;
	enum output_policy policy;
	char *aside;		/* where the older file is until commit or abandon, or NULL */
	int fd;
	const struct identity *identity;
	struct trace_writer *writer;
	bool running;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct trace_block *queue[QUEUE_BLOCKS];
	unsigned int head, cnt;
	bool ending;
	int error;		/* the first */
};

static int old_set_aside(struct output *o)
{
	if (asprintf(&o->aside, "%s.old~", o->path) < 0) {
		o->aside = NULL;
		return -ENOMEM;
	}
	if (!rename(o->path, o->aside))
		return 0;
	free(o->aside);
	o->aside = NULL;
	return errno == ENOENT ? 0 : -errno;
}

static int file_make(struct output *o)
{
	int err = o->policy == OUTPUT_REFUSE ? 0 : old_set_aside(o);

	if (err)
		return err;
	o->fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o->fd >= 0)
		return 0;
	err = -errno;
	if (o->aside)
		rename(o->aside, o->path);
	return err;
}

int output_create(const char *path, enum output_policy policy, const struct identity *identity,
		  struct output **ret_output)
{
	struct output *o = calloc(1, sizeof(*o));
	int err, resumed;

	if (!o)
		return -ENOMEM;
	o->path = path;
	o->policy = policy;
	o->fd = -1;
	o->identity = identity;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->changed, NULL);
	err = identity_assume(identity);
	if (!err)
		err = file_make(o);
	resumed = identity_resume(identity);
	if (err || resumed) {
		output_free(o);
		return err ? err : resumed;
	}
	*ret_output = o;
	return 0;
}

static void *output_run(void *arg)
{
	struct output *o = arg;

	pthread_mutex_lock(&o->lock);
	for (;;) {
		struct trace_block *block;
		int err;

		while (!o->cnt && !o->ending)
			pthread_cond_wait(&o->changed, &o->lock);
		if (!o->cnt)
			break;
		block = o->queue[o->head];
		o->head = (o->head + 1) % QUEUE_BLOCKS;
		o->cnt--;
		err = o->error;
		pthread_cond_broadcast(&o->changed);
		pthread_mutex_unlock(&o->lock);
		if (!err)
			err = trace_writer_put(o->writer, block);
		free(block);
		pthread_mutex_lock(&o->lock);
		o->error = err;
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

int output_start(struct output *o, const struct trace_fact *facts, size_t facts_cnt)
{
	sigset_t all, before;
	int err = trace_writer_new(o->fd, facts, facts_cnt, &o->writer);

	if (err)
		return err;
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&o->thread, NULL, output_run, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	o->running = !err;
	if (!err)
		pthread_setname_np(o->thread, "trace-run/write");
	return err;
}

void output_put(struct output *o, struct trace_block *block)
{
	pthread_mutex_lock(&o->lock);
	while (o->cnt == QUEUE_BLOCKS)
		pthread_cond_wait(&o->changed, &o->lock);
	o->queue[(o->head + o->cnt++) % QUEUE_BLOCKS] = block;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

static void output_stop(struct output *o)
{
	if (!o->running)
		return;
	pthread_mutex_lock(&o->lock);
	o->ending = true;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	o->running = false;
}

int output_finish(struct output *o)
{
	output_stop(o);
	return o->error ? o->error : trace_writer_finish(o->writer);
}

void output_commit(struct output *o)
{
	char old_path[4096 + 8];

	if (!o->aside || identity_assume(o->identity))
		return;
	snprintf(old_path, sizeof(old_path), "%s.old", o->path);
	if (o->policy == OUTPUT_KEEP_OLD)
		rename(o->aside, old_path);
	else
		unlink(o->aside);
	identity_resume(o->identity);
	free(o->aside);
	o->aside = NULL;
}

void output_abandon(struct output *o)
{
	output_stop(o);
	if (identity_assume(o->identity))
		return;
	unlink(o->path);
	if (o->aside)
		rename(o->aside, o->path);
	identity_resume(o->identity);
}

void output_free(struct output *o)
{
	if (!o)
		return;
	output_stop(o);
	trace_writer_free(o->writer);
	if (o->fd >= 0)
		close(o->fd);
	pthread_cond_destroy(&o->changed);
	pthread_mutex_destroy(&o->lock);
	free(o->aside);
	free(o);
}
