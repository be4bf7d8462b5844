/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the real programs from a test: in a directory of its own, outputs kept, nothing left behind. */
#ifndef TESTS_SUPPORT_RUN_H
#define TESTS_SUPPORT_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Group fixtures: an empty directory that the tests of one program work in, removed at the end. */
int sandbox_enter(void **state);
int sandbox_leave(void **state);

/* Absolute path of a built program ("trace-run", "workloads/cpu_bound"); lives until the test's end. */
const char *built(const char *program);

/* A copy of it that any user may run, wherever the build directory is. */
const char *built_for_all(const char *program);

struct run {
	pid_t pid;
	int status;		/* exit status, or 128 + signal */
	char *out, *err;	/* NUL-terminated */
	size_t out_len;
	int out_fd, err_fd;
};

struct run_options {
	uid_t uid;		/* 0: as we are */
	const char *const *env;	/* "NAME=value" to add, NULL-terminated; or NULL */
	const char *to;		/* stdout goes there instead of `out` */
};

/* Starts argv[0]; what it prints is gathered in files. Fails the test when it cannot be started. */
void run_start(struct run *run, const struct run_options *options, const char *const argv[]);
/* Waits for its end. Fails the test when that takes more than a minute. */
void run_wait(struct run *run);
void run_free(struct run *run);

/* run_start and run_wait with default options. */
#define run_words(run, ...) \
	do { \
		run_start((run), NULL, (const char *const[]){ __VA_ARGS__, NULL }); \
		run_wait(run); \
	} while (0)

/* The JSON in a text; fails the test when there is none. */
json_t *json_parse(const char *text);
/* Value at "a.b.c"; fails the test when it is missing or of another type. */
double json_number_at(const json_t *json, const char *path);
unsigned long long json_u64_at(const json_t *json, const char *path);
const char *json_text_at(const json_t *json, const char *path);
json_t *json_at(const json_t *json, const char *path);

/* trace-report --json on a file. */
json_t *report_of(const char *plx);

/* Looks every 2 ms whether `done(arg)` is true; fails the test after a minute. */
void wait_until(bool (*done)(void *arg), void *arg);

/* Why BPF cannot be used here, or NULL. */
const char *no_bpf(void);
/* At the start of each test that records: skips it loudly where that is not possible. */
#define NEED_BPF() \
	do { \
		if (no_bpf()) { \
			print_message("SKIP: %s: %s\n", __func__, no_bpf()); \
			skip(); \
		} \
	} while (0)

#endif
