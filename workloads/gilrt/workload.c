// SPDX-License-Identifier: BSD-2-Clause
/*
 * The frame that all workloads share. This is the common part of their main(), so it may print.
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/workload.h"

#define EXIT_USAGE	2

void workload_setup(struct workload *workload, const char *name, const char *doc, int argc,
		    char **argv)
{
	char error[WORKLOAD_ERROR_BYTES];
	int err;

	*workload = (struct workload){ .name = name };
	err = options_parse(argc, argv, &workload->options, error);
	if (!err && workload->options.help) {
		options_print_help(stdout, name, doc);
		exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (!err && workload->options.pinned &&
	    sched_setaffinity(0, sizeof(workload->options.cpus), &workload->options.cpus)) {
		err = -errno;
		snprintf(error, sizeof(error), "--cpus: cannot run on these: %s", strerror(-err));
	}
	if (err) {
		fprintf(stderr, "%s: %s\n", name, *error ? error : strerror(-err));
		exit(EXIT_USAGE);
	}
}

int workload_start(struct workload *workload)
{
	const struct workload_options *options = &workload->options;

	workload->start_ns = clock_now_ns();
	workload->deadline_ns = UINT64_MAX;
	if (options->duration_ns != UINT64_MAX)
		workload->deadline_ns = workload->start_ns + options->duration_ns;
	return gilrt_init(&options->runtime);
}

int workload_run(struct workload *workload, void (*fn)(void *worker), void *workers,
		 size_t worker_size, void (*meanwhile)(void *arg, unsigned int thread_cnt),
		 void *arg)
{
	const unsigned int thread_cnt = workload->options.thread_cnt;
	struct gilrt_thread **threads;
	unsigned int i, started;
	char name[24];
	int err = 0;

	threads = calloc(thread_cnt, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	for (started = 0; started < thread_cnt; started++) {
		snprintf(name, sizeof(name), "worker-%u", started);
		err = gilrt_thread_start(fn, (char *)workers + started * worker_size, name,
					 &threads[started]);
		if (err) {
			workload->deadline_ns = 0;
			break;
		}
	}
	if (meanwhile)
		meanwhile(arg, started);
	for (i = 0; i < started; i++)
		gilrt_thread_join(threads[i]);
	free(threads);
	return err;
}

int workload_stop(struct workload *workload, int err)
{
	int stop_err;

	workload->end_ns = clock_now_ns();
	stop_err = gilrt_stop();
	return err ? err : stop_err;
}

bool workload_is_over(const struct workload *workload, uint64_t rounds)
{
	const uint64_t round_cnt = workload->options.round_cnt;

	return (round_cnt && rounds >= round_cnt) || clock_now_ns() >= workload->deadline_ns;
}

static int summary_print(const struct workload *workload, const struct truth_counter *counters,
			 size_t counter_cnt)
{
	const struct workload_options *options = &workload->options;
	const struct gilrt_thread *thread = NULL;
	struct gilrt_stats stats;
	uint64_t units = 0, cpu_ns = 0, wait_ns = 0, waits = 0;
	uint32_t checksum = 0;
	size_t i;

	while ((thread = gilrt_thread_next(thread))) {
		gilrt_thread_stats(thread, &stats);
		units += stats.units;
		cpu_ns += stats.cpu_ns;
		wait_ns += stats.gil_wait_ns;
		waits += stats.gil_waits;
		checksum = checksum * 31 + stats.checksum;
	}
	printf("%s: %u threads, GIL %s, %.3f s: ", workload->name, options->thread_cnt,
	       options_mode_name(options->runtime.mode),
	       (double)(workload->end_ns - workload->start_ns) / (double)NSEC_PER_SEC);
	for (i = 0; i < counter_cnt; i++)
		printf("%" PRIu64 " %s, ", counters[i].value, counters[i].name);
	printf("%" PRIu64 " units, checksum %08" PRIx32 "\n", units, checksum);
	printf("%s: %.3f s of CPU, %.3f s waiting for the GIL in %" PRIu64 " waits, %lu switches\n",
	       workload->name, (double)cpu_ns / (double)NSEC_PER_SEC,
	       (double)wait_ns / (double)NSEC_PER_SEC, waits, gilrt_switches());
	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		return errno ? -errno : -EIO;
	return 0;
}

int workload_report(const struct workload *workload, const struct truth_counter *counters,
		    size_t counter_cnt)
{
	const struct truth truth = {
		.workload = workload->name,
		.options = &workload->options,
		.start_ns = workload->start_ns,
		.end_ns = workload->end_ns,
		.counters = counters,
		.counter_cnt = counter_cnt,
	};
	int err;

	if (workload->options.truth)
		err = truth_write(stdout, &truth);
	else
		err = summary_print(workload, counters, counter_cnt);
	gilrt_fini();
	return err;
}

int workload_exit_status(const struct workload *workload, const char *what, int err)
{
	if (!err)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s: cannot %s: %s\n", workload->name, what, strerror(-err));
	return EXIT_FAILURE;
}
