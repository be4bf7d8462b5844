/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread for every few cores: wait, unlatch, consume, decode, build, seal. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "collector/drain.h"

#define CORES_PER_READER 16
#define WAIT_MS 100
/* A block is sealed by age too, so that a recorder that is killed leaves nearly all in the file. */
#define BLOCK_AGE_NS 500000000ull
/* So long after its time an event is in its ring for certain: no later one can come before it. */
#define SETTLED_NS 50000000ull

struct core {
	struct drain *drain;
	struct ring_buffer *ring;
	struct trace_builder *builder;
	uint64_t newest_ns;
	_Atomic uint64_t since_ns;	/* when the traced thread came that is on the core; 0: none is */
	uint64_t stale_cnt;	/* read after the threads have ended */
	_Atomic uint64_t events_cnt, on_core_ns;	/* what has ended of it */
};

struct reader {
	struct drain *drain;
	pthread_t thread;
	bool running;
	int epoll_fd;
	unsigned int first, cnt;	/* its cores */
	uint64_t gils_seen;
	int error;
};

struct drain {
	struct session *session;
	struct output *output;
	struct programs *programs;
	struct core *cores;
	unsigned int cores_cnt;
	struct reader *readers;
	unsigned int readers_cnt;
	int event_fd, stop_fd;
	atomic_bool stopping;
	pthread_mutex_t lock;
	struct drain_exec *execs, **execs_end;	/* oldest first; under lock */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void drain_notify(struct drain *d)
{
	uint64_t one = 1;

	/* Fails only when the counter is full: then it is readable anyway. */
	if (write(d->event_fd, &one, sizeof(one)) < 0)
		return;
}

static int core_seal(struct core *core, bool last)
{
	struct trace_block *block;
	int err = trace_builder_seal(core->builder, last, &block);

	if (!err && block)
		output_put(core->drain->output, block);
	return err;
}

static int core_add(struct core *core, const struct trace_record *record)
{
	int ret = trace_builder_add(core->builder, record);

	return ret > 0 ? core_seal(core, false) : ret;
}

/* Older than what is encoded already: a name is as good later, an event is lost, and that is told. */
static int core_add_stale(struct core *core, const struct trace_record *record)
{
	struct trace_record later = *record;

	later.ts_ns = core->newest_ns;
	if (record->kind != TRACE_PROGRAM && record->kind != TRACE_GAP) {
		core->stale_cnt++;
		later.kind = TRACE_GAP;
		later.gap = (struct trace_gap){ record->ts_ns, record->ts_ns, 1 };
	}
	return core_add(core, &later);
}

/* The GIL has to be looked for by somebody who may read files for a while. */
static int exec_hand_over(struct drain *d, const struct decoded_exec *unknown)
{
	struct drain_exec *exec = malloc(sizeof(*exec));

	if (!exec)
		return -ENOMEM;
	exec->exec = *unknown;
	exec->next = NULL;
	pthread_mutex_lock(&d->lock);
	*d->execs_end = exec;
	d->execs_end = &exec->next;
	pthread_mutex_unlock(&d->lock);
	drain_notify(d);
	return 0;
}

static void core_account(struct core *core, const struct trace_record *record)
{
	const struct trace_sched_switch *sw = &record->sched_switch;

	if (record->kind != TRACE_SWITCH)
		return;
	if (core->since_ns && sw->prev)
		atomic_fetch_add_explicit(&core->on_core_ns, record->ts_ns - core->since_ns,
					  memory_order_relaxed);
	core->since_ns = sw->next ? record->ts_ns : 0;
}

/* libbpf's call for each event of a ring. */
static int core_event(void *ctx, void *data, size_t len)
{
	struct core *core = ctx;
	const struct trace_record *own;
	struct decoded decoded;
	int err = decode_event(core->drain->programs, data, len, &decoded);

	for (unsigned int i = 0; !err && i < decoded.records_cnt; i++) {
		err = core_add(core, &decoded.records[i]);
		if (err == -ESTALE)
			err = core_add_stale(core, &decoded.records[i]);
	}
	if (err)
		return err;
	own = &decoded.records[decoded.records_cnt - 1];
	if (own->ts_ns > core->newest_ns)
		core->newest_ns = own->ts_ns;
	core_account(core, own);
	atomic_fetch_add_explicit(&core->events_cnt, 1, memory_order_relaxed);
	return decoded.unknown_exec ? exec_hand_over(core->drain, &decoded.exec) : 0;
}

static int core_seal_old(struct core *core, uint64_t now)
{
	uint64_t oldest;

	if (!trace_builder_pending(core->builder, &oldest) || oldest + BLOCK_AGE_NS > now)
		return 0;
	return core_seal(core, core->newest_ns + SETTLED_NS < now);
}

static int reader_pass(struct reader *r)
{
	struct drain *d = r->drain;
	uint64_t now = now_ns();

	for (unsigned int i = r->first; i < r->first + r->cnt; i++) {
		int ret;

		if (!d->cores[i].ring)
			continue;
		/* Before, so that nothing is missed, and after: what woke us meanwhile has been read. */
		session_unlatch(d->session, i);
		ret = ring_buffer__consume(d->cores[i].ring);
		session_unlatch(d->session, i);
		if (ret >= 0)
			ret = core_seal_old(&d->cores[i], now);
		if (ret < 0)
			return ret;
	}
	if (r->gils_seen != session_gils(d->session) ||
	    (session_threads(d->session) && !session_live(d->session))) {
		r->gils_seen = session_gils(d->session);
		drain_notify(d);
	}
	return 0;
}

static void *reader_run(void *arg)
{
	struct reader *r = arg;
	struct epoll_event events[CORES_PER_READER + 1];

	while (!atomic_load(&r->drain->stopping) && !r->error) {
		epoll_wait(r->epoll_fd, events, CORES_PER_READER + 1, WAIT_MS);
		r->error = reader_pass(r);
	}
	return NULL;
}

/*
 * Edge-triggered: a ring is readable whenever it holds anything, and level-triggered waiting would
 * come back at once after each pass over a busy ring, to read a handful.
 */
static int reader_watch(struct reader *r)
{
	struct epoll_event stop = { .events = EPOLLIN };

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return -errno;
	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->drain->stop_fd, &stop))
		return -errno;
	for (unsigned int i = r->first; i < r->first + r->cnt; i++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLET };

		if (r->drain->cores[i].ring &&
		    epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, session_ring_fd(r->drain->session, i), &event))
			return -errno;
	}
	return 0;
}

static int reader_start(struct reader *r, struct drain *d, unsigned int nr)
{
	int err;

	r->drain = d;
	r->first = nr * CORES_PER_READER;
	r->cnt = d->cores_cnt - r->first < CORES_PER_READER ? d->cores_cnt - r->first : CORES_PER_READER;
	err = reader_watch(r);
	if (!err)
		err = -pthread_create(&r->thread, NULL, reader_run, r);
	r->running = !err;
	if (!err)
		pthread_setname_np(r->thread, "trace-run/drain");
	return err;
}

static int cores_open(struct drain *d)
{
	d->cores = calloc(d->cores_cnt, sizeof(*d->cores));
	if (!d->cores)
		return -ENOMEM;
	for (unsigned int i = 0; i < d->cores_cnt; i++) {
		struct core *core = &d->cores[i];
		int err = trace_builder_new(i, &core->builder);

		if (err)
			return err;
		core->drain = d;
		if (session_ring_fd(d->session, i) < 0)
			continue;
		core->ring = ring_buffer__new(session_ring_fd(d->session, i), core_event, core, NULL);
		if (!core->ring)
			return -errno;
	}
	return 0;
}

int drain_start(struct session *session, struct output *output, struct drain **ret_drain)
{
	struct drain *d = calloc(1, sizeof(*d));
	sigset_t all, before;
	int err;

	if (!d)
		return -ENOMEM;
	d->session = session;
	d->output = output;
	d->cores_cnt = session_cores(session);
	pthread_mutex_init(&d->lock, NULL);
	d->execs_end = &d->execs;
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	d->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = d->event_fd < 0 || d->stop_fd < 0 ? -errno : programs_new(&d->programs);
	if (!err)
		err = cores_open(d);
	if (err)
		goto fail;
	d->readers_cnt = (d->cores_cnt + CORES_PER_READER - 1) / CORES_PER_READER;
	d->readers = calloc(d->readers_cnt, sizeof(*d->readers));
	if (!d->readers) {
		err = -ENOMEM;
		goto fail;
	}
	for (unsigned int i = 0; i < d->readers_cnt; i++)
		d->readers[i].epoll_fd = -1;
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned int i = 0; !err && i < d->readers_cnt; i++)
		err = reader_start(&d->readers[i], d, i);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		goto fail;
	*ret_drain = d;
	return 0;
fail:
	drain_free(d);
	return err;
}

int drain_fd(const struct drain *d)
{
	return d->event_fd;
}

struct drain_exec *drain_execs(struct drain *d)
{
	struct drain_exec *execs;
	uint64_t cnt;

	if (read(d->event_fd, &cnt, sizeof(cnt)) < 0 && errno != EAGAIN)
		return NULL;
	pthread_mutex_lock(&d->lock);
	execs = d->execs;
	d->execs = NULL;
	d->execs_end = &d->execs;
	pthread_mutex_unlock(&d->lock);
	return execs;
}

void drain_progress(struct drain *d, struct drain_progress *ret_progress)
{
	uint64_t now = now_ns(), since_ns;

	*ret_progress = (struct drain_progress){};
	for (unsigned int i = 0; i < d->cores_cnt; i++) {
		struct core *core = &d->cores[i];

		ret_progress->events_cnt += atomic_load_explicit(&core->events_cnt, memory_order_relaxed);
		ret_progress->on_core_ns += atomic_load_explicit(&core->on_core_ns, memory_order_relaxed);
		/* Who is on a core now may stay for long; a change in between is put right next time. */
		since_ns = atomic_load_explicit(&core->since_ns, memory_order_relaxed);
		ret_progress->on_core_ns += since_ns && since_ns < now ? now - since_ns : 0;
	}
}

static int readers_join(struct drain *d)
{
	uint64_t one = 1;
	int err = 0;

	atomic_store(&d->stopping, true);
	/* Without it they would wait for their time-out. */
	if (d->stop_fd >= 0 && write(d->stop_fd, &one, sizeof(one)) < 0)
		err = -errno;
	for (unsigned int i = 0; d->readers && i < d->readers_cnt; i++) {
		struct reader *r = &d->readers[i];

		if (r->running)
			pthread_join(r->thread, NULL);
		r->running = false;
		if (!err)
			err = r->error;
	}
	return err;
}

/* A loss after which nothing came any more has not been told in band. */
static int core_tell_gap(struct core *core, const struct core_counts *counts)
{
	struct trace_record gap = { .kind = TRACE_GAP };

	if (!counts->gap_count)
		return 0;
	gap.ts_ns = counts->gap_last_ns > core->newest_ns ? counts->gap_last_ns : core->newest_ns;
	gap.gap = (struct trace_gap){ counts->gap_first_ns, counts->gap_last_ns, counts->gap_count };
	return core_add(core, &gap);
}

static int core_finish(struct core *core, const struct core_counts *counts)
{
	int err = core->ring ? ring_buffer__consume(core->ring) : 0;
	int gap_err = core_tell_gap(core, counts);
	int seal_err = core_seal(core, true);

	return err < 0 ? err : gap_err ? gap_err : seal_err;
}

int drain_stop(struct drain *d)
{
	struct core_counts counts[EVENT_CORES_MAX] = {};
	int err = readers_join(d);
	int counts_err = session_counts(d->session, counts);

	if (!err)
		err = counts_err;
	/* One core's trouble must not cost the others' events. */
	for (unsigned int i = 0; i < d->cores_cnt; i++) {
		int core_err = core_finish(&d->cores[i], &counts[i]);

		if (!err)
			err = core_err;
	}
	return err;
}

uint64_t drain_stale(const struct drain *d, unsigned int core)
{
	return d->cores[core].stale_cnt;
}

void drain_free(struct drain *d)
{
	if (!d)
		return;
	readers_join(d);
	for (unsigned int i = 0; d->readers && i < d->readers_cnt; i++)
		if (d->readers[i].epoll_fd >= 0)
			close(d->readers[i].epoll_fd);
	for (unsigned int i = 0; d->cores && i < d->cores_cnt; i++) {
		ring_buffer__free(d->cores[i].ring);
		trace_builder_free(d->cores[i].builder);
	}
	while (d->execs) {
		struct drain_exec *exec = d->execs;

		d->execs = exec->next;
		free(exec);
	}
	programs_free(d->programs);
	if (d->event_fd >= 0)
		close(d->event_fd);
	if (d->stop_fd >= 0)
		close(d->stop_fd);
	pthread_mutex_destroy(&d->lock);
	free(d->readers);
	free(d->cores);
	free(d);
}
