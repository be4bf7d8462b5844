// SPDX-License-Identifier: BSD-2-Clause
/*
 * convoy: a thread that reads a byte at a time, next to threads that compute.
 *
 * The byte is in the page cache, so that a read takes less than a microsecond and never blocks. But
 * it lets go of the GIL, and a thread that computes on another core takes it in the meantime and
 * keeps it for a switch interval: what took a microsecond takes 5 ms. On one core nothing happens,
 * because the thread that was woken does not run before the reader has taken the GIL again.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "workloads/gilrt/blocking.h"
#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/latency.h"
#include "workloads/gilrt/work.h"
#include "workloads/gilrt/workload.h"

#define STALL_NS	NSEC_PER_MSEC	/* no read takes that long by itself */
#define LOOPS_PER_READ	20		/* what the program does with a byte: half a microsecond */

struct worker {
	const struct workload *workload;
	bool reads;			/* the first one; the others compute */
	int err;
	struct gilrt_work work;
};

static struct {
	int fd;
	cpu_set_t cpus;
	bool pinned;
	uint64_t window_ns;		/* what was measured: from when all threads were there */
	struct latency reads, stalls;
} reader = { .fd = -1 };

/* The reader begins when there are others. */
static struct gilrt_event *all_started;

static void meanwhile(void *shared, unsigned int worker_cnt)
{
	(void)shared;
	(void)worker_cnt;
	gilrt_event_set(all_started);
}

static int read_one(struct worker *worker)
{
	char byte;
	ssize_t n;

	n = gilrt_pread(reader.fd, &byte, 1, 0);
	if (n != 1)
		return n < 0 ? (int)n : -EPROTO;
	gilrt_work_run_loops(&worker->work, LOOPS_PER_READ);
	return 0;
}

static void read_on(struct worker *worker)
{
	uint64_t first_ns, last_ns, now_ns;

	first_ns = last_ns = clock_now_ns();
	while (!worker->err && !workload_is_over(worker->workload, reader.reads.cnt)) {
		worker->err = read_one(worker);
		now_ns = clock_now_ns();
		latency_add(&reader.reads, now_ns - last_ns);
		if (now_ns - last_ns > STALL_NS)
			latency_add(&reader.stalls, now_ns - last_ns);
		last_ns = now_ns;
	}
	reader.window_ns = last_ns - first_ns;
}

static void run(void *arg)
{
	struct worker *worker = arg;
	struct gilrt_work *work = &worker->work;

	if (worker->reads && reader.pinned &&
	    sched_setaffinity(0, sizeof(reader.cpus), &reader.cpus)) {
		worker->err = -errno;
		return;
	}
	if (worker->reads)
		worker->err = gilrt_event_wait(all_started, GILRT_FOREVER);
	if (worker->reads)
		read_on(worker);
	else
		while (!workload_is_over(worker->workload, work->unit_cnt))
			gilrt_work_run(work, 1);
	gilrt_thread_add_work(work->unit_cnt, gilrt_work_checksum(work));
}

/* A file of one byte, without a name. */
static int file_open(int *ret_fd)
{
	char path[] = "/tmp/convoy-XXXXXX";
	int fd, err;

	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (write(fd, "x", 1) != 1) {
		err = errno ? -errno : -EIO;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int prepare(struct workload *workload, void *arg)
{
	struct worker *workers = arg;
	unsigned int i;
	int err;

	for (i = 0; i < workload->options.thread_cnt; i++) {
		workers[i].workload = workload;
		workers[i].reads = i == 0;
		gilrt_work_init(&workers[i].work, workload->options.seed + (uint64_t)i);
	}
	err = gilrt_event_create(&all_started);
	return err ? err : file_open(&reader.fd);
}

enum counter { READS, STALLS, WINDOW, P50, P99, MAX, STALL_P50 };

static struct truth_counter counters[] = {
	[READS] = { .name = "reads" },
	[STALLS] = { .name = "stalls" },
	[WINDOW] = { .name = "window_ns" },
	[P50] = { .name = "p50_ns" },
	[P99] = { .name = "p99_ns" },
	[MAX] = { .name = "max_ns" },
	[STALL_P50] = { .name = "stall_p50_ns" },
};

static int finish(struct workload *workload, void *arg)
{
	const struct worker *workers = arg;

	(void)workload;
	counters[READS].value = reader.reads.cnt;
	counters[STALLS].value = reader.stalls.cnt;
	counters[WINDOW].value = reader.window_ns;
	counters[P50].value = latency_quantile(&reader.reads, 0.5);
	counters[P99].value = latency_quantile(&reader.reads, 0.99);
	counters[MAX].value = reader.reads.max_ns;
	counters[STALL_P50].value = latency_quantile(&reader.stalls, 0.5);
	return workers[0].err;
}

static void clean_up(struct workload *workload, void *workers)
{
	(void)workload;
	(void)workers;
	if (reader.fd >= 0)
		close(reader.fd);
	gilrt_event_destroy(all_started);
}

static bool parse_reader_cpus(const char *text, void *value)
{
	(void)value;
	reader.pinned = options_parse_cpus(text, &reader.cpus);
	return reader.pinned;
}

static const struct workload_option options[] = {
	{ "reader-cpus", "LIST", "Where the thread that reads runs (as --cpus)", parse_reader_cpus,
	  NULL },
	{ 0 },
};

static const struct program program = {
	.name = "convoy",
	.doc = "One thread that reads and others that compute, with or without a GIL. A round is a "
	       "read, and a unit of each other thread's work.",
	.task = "read",
	.worker_size = sizeof(struct worker),
	.options = options,
	.prepare = prepare,
	.run = run,
	.meanwhile = meanwhile,
	.finish = finish,
	.clean_up = clean_up,
	.counters = counters,
	.counter_cnt = sizeof(counters) / sizeof(counters[0]),
};

int main(int argc, char **argv)
{
	return workload_main(&program, argc, argv);
}
