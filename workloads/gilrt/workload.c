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
#include "workloads/gilrt/object.h"
#include "workloads/gilrt/summary.h"
#include "workloads/gilrt/workload.h"

#define EXIT_USAGE	2

static int check_threads(const struct workload *workload, char *error)
{
	const unsigned int thread_cnt = workload->options.thread_cnt;
	const struct program *program = workload->program;

	if (!program)
		return 0;
	if (thread_cnt < program->threads_min)
		snprintf(error, WORKLOAD_ERROR_BYTES, "--threads: %u are too few, it takes %u",
			 thread_cnt, program->threads_min);
	else if (program->threads_max && thread_cnt > program->threads_max)
		snprintf(error, WORKLOAD_ERROR_BYTES, "--threads: %u are too many, %u are possible",
			 thread_cnt, program->threads_max);
	else if (program->threads_multiple && thread_cnt % program->threads_multiple)
		snprintf(error, WORKLOAD_ERROR_BYTES, "--threads: %u is not a multiple of %u",
			 thread_cnt, program->threads_multiple);
	else
		return 0;
	return -EINVAL;
}

/* Reads the command line over what is in workload->options, and pins the process, or exits. */
static void configure(struct workload *workload, const char *doc, const struct workload_option *own,
		      int argc, char **argv)
{
	const char *name = workload->name;
	char error[WORKLOAD_ERROR_BYTES];
	int err;

	err = options_parse(argc, argv, own, &workload->options, error);
	if (!err && workload->options.help) {
		options_print_help(stdout, name, doc, own);
		exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (!err && workload->options.pinned &&
	    sched_setaffinity(0, sizeof(workload->options.cpus), &workload->options.cpus)) {
		err = -errno;
		snprintf(error, sizeof(error), "--cpus: cannot run on these: %s", strerror(-err));
	}
	if (!err)
		err = check_threads(workload, error);
	if (err) {
		fprintf(stderr, "%s: %s\n", name, *error ? error : strerror(-err));
		exit(EXIT_USAGE);
	}
}

void workload_setup(struct workload *workload, const char *name, const char *doc, int argc,
		    char **argv)
{
	*workload = (struct workload){ .name = name };
	options_set_defaults(&workload->options);
	configure(workload, doc, NULL, argc, argv);
}

void workload_setup_program(struct workload *workload, const struct program *program, int argc,
			    char **argv)
{
	*workload = (struct workload){ .name = program->name, .program = program };
	options_set_defaults(&workload->options);
	if (program->set_defaults)
		program->set_defaults(&workload->options);
	configure(workload, program->doc, program->options, argc, argv);
}

void *workload_workers(const struct workload *workload, size_t worker_size)
{
	size_t size = workload->options.thread_cnt * worker_size;
	void *workers;

	if (posix_memalign(&workers, GILRT_LINE_BYTES, size))
		return NULL;
	memset(workers, 0, size);
	return workers;
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

static int worker_start(struct workload *workload, unsigned int number, void (*fn)(void *worker),
			void *worker, struct gilrt_thread **ret_thread)
{
	const struct program *program = workload->program;
	char name[24];

	if (program && program->set_name)
		program->set_name(workload, number, name, sizeof(name));
	else
		snprintf(name, sizeof(name), "worker-%u", number);
	if (program && program->start)
		return program->start(workload, fn, worker, name, ret_thread);
	return gilrt_thread_start(fn, worker, name, ret_thread);
}

int workload_run(struct workload *workload, void (*fn)(void *worker), void *workers,
		 size_t worker_size, void (*meanwhile)(void *arg, unsigned int thread_cnt),
		 void *arg)
{
	const unsigned int thread_cnt = workload->options.thread_cnt;
	struct gilrt_thread **threads;
	unsigned int i, started;
	int err = 0;

	threads = calloc(thread_cnt, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	for (started = 0; started < thread_cnt; started++) {
		err = worker_start(workload, started, fn, (char *)workers + started * worker_size,
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
		.processes = workload->processes,
		.process_cnt = workload->process_cnt,
	};
	int err;

	if (workload->options.truth)
		err = truth_write(stdout, &truth);
	else
		err = summary_write(stdout, &truth);
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

/* From the first thread to the last, between prepare and finish. */
static int run_workers(struct workload *workload, void *workers)
{
	const struct program *program = workload->program;
	int err;

	err = workload_start(workload);
	if (err)
		return err;
	err = workload_run(workload, program->run, workers, program->worker_size,
			   program->meanwhile, workload->shared);
	return workload_stop(workload, err);
}

int workload_main(const struct program *program, int argc, char **argv)
{
	struct workload workload;
	int err = 0, status;
	void *workers;

	workload_setup_program(&workload, program, argc, argv);
	workers = workload_workers(&workload, program->worker_size);
	if (!workers)
		return workload_exit_status(&workload, program->task, -ENOMEM);

	if (program->prepare)
		err = program->prepare(&workload, workers);
	if (!err)
		err = run_workers(&workload, workers);
	if (!err && program->finish)
		err = program->finish(&workload, workers);
	if (err) {
		status = workload_exit_status(&workload, program->task, err);
	} else {
		err = workload_report(&workload, program->counters, program->counter_cnt);
		status = workload_exit_status(&workload, "write the result", err);
	}
	if (program->clean_up)
		program->clean_up(&workload, workers);
	free(workers);
	return status;
}
