/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording: prepare, let the command go, follow it, close the books. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "collector/books.h"
#include "collector/command.h"
#include "collector/drain.h"
#include "collector/facts.h"
#include "collector/gilfind.h"
#include "collector/journal.h"
#include "collector/output.h"
#include "collector/recorder.h"
#include "collector/session.h"
#include "collector/signals.h"
#include "collector/status.h"

struct recorder {
	const struct options *options;
	const struct identity *identity;
	struct recorder_result *result;
	struct session *session;
	struct gilfind *gilfind;
	struct output *output;
	struct command *command;
	struct drain *drain;
	struct journal *journal;
	struct status status;
	struct inheritance before;	/* what was set when we were called */
	int signal_fd, timer_fd;
	bool failed;
	uint64_t cpu_before_ns;
	bool ended;		/* the command has */
	bool told;		/* for whom we wait */
	int wait_status;
	enum trace_end_reason reason;
};

/* Names come from outside: one line stays one line. */
static void say(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "trace-run: %s\n", text);
}

static int fail(struct recorder *r, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says the first reason; gives err back. Without err the text says it all. */
static int fail(struct recorder *r, int err, const char *format, ...)
{
	char what[512], text[640];
	va_list args;

	if (r->failed)
		return err;
	r->failed = true;
	r->result->exit_code = EXIT_RECORDER;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (err)
		snprintf(text, sizeof(text), "%s: %s", what, strerror(-err));
	status_clear(&r->status);
	say(err ? text : what);
	return err;
}

/* ---- before ---- */

/* A few descriptors for each core. */
static void files_allow(struct recorder *r)
{
	struct rlimit all;

	if (getrlimit(RLIMIT_NOFILE, &r->before.files))
		return;
	all = r->before.files;
	all.rlim_cur = all.rlim_max;
	/* Where that is refused, the lack of them will be told. */
	setrlimit(RLIMIT_NOFILE, &all);
}

static int timer_start(struct recorder *r)
{
	struct itimerspec every_second = { { 1, 0 }, { 1, 0 } };

	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->timer_fd < 0 || timerfd_settime(r->timer_fd, 0, &every_second, NULL))
		return fail(r, -errno, "cannot start a timer");
	return 0;
}

static int session_begin(struct recorder *r)
{
	struct session_config config = {
		.ring_bytes = r->options->ring_bytes,
		.sample_hz = r->options->sample_hz,
		.watch_gils = r->options->gil != GIL_OFF,
		.exact = r->options->gil == GIL_EXACT,
		.verbose = r->options->verbose,
	};
	struct session_fault fault = {};
	int err = session_open(&config, &r->session, &fault);

	if (err)
		fail(r, 0, "%s", fault.reason);
	return err;
}

/* One line; what was written before stays whole. */
static void warning_say(struct recorder *r, struct gilfind_warning *warning)
{
	if (!*warning->text)
		return;
	status_clear(&r->status);
	say(warning->text);
}

static int gilfind_begin(struct recorder *r)
{
	struct gilfind_warning warning;
	const struct probe_cost *cost;
	int err = gilfind_new(r->session, r->options->gil, &r->gilfind);

	if (err)
		return fail(r, err, "cannot attach to programs, which --gil=exact does and CAP_SYS_ADMIN allows");
	cost = gilfind_cost(r->gilfind);
	if (cost && r->options->verbose)
		fprintf(stderr, "trace-run: a hit at a probe costs %llu ns at a 1-byte nop, %llu ns at a "
			"5-byte nop\n", (unsigned long long)cost->nop_ns,
			(unsigned long long)cost->nop5_ns);
	gilfind_prepare(r->gilfind, r->options->command[0], &warning);
	warning_say(r, &warning);
	return 0;
}

static int output_begin(struct recorder *r)
{
	const struct options *o = r->options;
	const char *name = strrchr(o->command[0], '/');
	enum output_policy policy = !o->output ? OUTPUT_KEEP_OLD :
		o->force ? OUTPUT_REPLACE : OUTPUT_REFUSE;
	int err, len;

	if (o->output)
		len = snprintf(r->result->path, sizeof(r->result->path), "%s", o->output);
	else
		len = snprintf(r->result->path, sizeof(r->result->path), "%s.plx",
			       name ? name + 1 : o->command[0]);
	if (len >= (int)sizeof(r->result->path))
		return fail(r, -ENAMETOOLONG, "cannot create the trace");
	err = output_create(r->result->path, policy, r->identity, &r->output);
	if (err == -EEXIST) {
		fail(r, 0, "%.200s is there already (--force replaces it)", r->result->path);
		return err;
	}
	return err ? fail(r, err, "cannot create %.200s", r->result->path) : 0;
}

/* A tick or two show what every core does; one that never ticks stays unknown. */
static int cores_see(struct recorder *r)
{
	struct timespec pause = { 0, 1000000 };

	for (int tries = 0; tries < 100 && !session_sees_cores(r->session); tries++)
		if (nanosleep(&pause, NULL) && errno != EINTR)
			return -errno;
	return 0;
}

/* From here on the probes see the held command; only attaching to more programs needs privileges. */
static int probes_begin(struct recorder *r)
{
	struct session_fault fault = {};
	int err = session_track(r->session, command_pid(r->command));

	if (err)
		return fail(r, err, "cannot track the command");
	err = gilfind_begin(r);
	if (err)
		return err;
	err = session_attach(r->session, &fault);
	if (err) {
		fail(r, 0, "%s", fault.reason);
		return err;
	}
	err = cores_see(r);
	if (!err && !gilfind_needs_samples(r->gilfind))
		err = session_tick(r->session, false);
	if (err)
		return fail(r, err, "cannot start the clock sampler");
	err = identity_shed(r->identity, r->options->gil == GIL_EXACT);
	return err ? fail(r, err, "cannot give up privileges") : 0;
}

static int streams_begin(struct recorder *r)
{
	struct facts facts;
	int err = facts_gather(r->options, gilfind_cost(r->gilfind), &facts);

	if (!err)
		err = output_start(r->output, facts.list, facts.cnt);
	facts_clear(&facts);
	if (err)
		return fail(r, err, "cannot write %.200s", r->result->path);
	err = drain_start(r->session, r->output, &r->drain);
	if (!err)
		err = journal_new(r->output, &r->journal);
	if (!err)
		err = gilfind_tell(r->gilfind, r->journal);
	if (!err)
		err = journal_sample_cores(r->journal);
	return err ? fail(r, err, "cannot start reading events") : 0;
}

static int recorder_begin(struct recorder *r)
{
	int err = signals_take(&r->before, &r->signal_fd);

	if (err)
		return fail(r, err, "cannot take over signals");
	files_allow(r);
	err = session_begin(r);
	if (!err)
		err = output_begin(r);
	if (!err) {
		err = command_hold(r->options->command, r->identity, &r->before, &r->command);
		if (err)
			fail(r, err, "cannot fork");
	}
	if (!err)
		err = probes_begin(r);
	if (!err)
		err = streams_begin(r);
	if (!err)
		err = timer_start(r);
	return err;
}

static int command_begin(struct recorder *r)
{
	int err;

	r->cpu_before_ns = books_cpu_ns();
	status_start(&r->status);
	err = command_go(r->command);
	if (!err) {
		output_commit(r->output);
		return 0;
	}
	fail(r, err, "cannot run %.200s", r->options->command[0]);
	r->result->exit_code = err == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	return err;
}

/* ---- during ---- */

static void tell_whom_we_wait_for(struct recorder *r)
{
	uint32_t pid = session_some_pid(r->session);
	char path[64], comm[32] = "", text[640];
	FILE *file;

	if (r->told)
		return;
	r->told = true;
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = pid ? fopen(path, "re") : NULL;
	if (file) {
		if (fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = 0;
		fclose(file);
	}
	status_clear(&r->status);
	snprintf(path, sizeof(path), "%s (pid %u), ", comm, pid);
	snprintf(text, sizeof(text), "%.200s has ended; waiting for what it started: %s%llu %s in all "
		 "(Ctrl-C ends the recording)", r->options->command[0], pid ? path : "",
		 (unsigned long long)session_live(r->session),
		 session_live(r->session) == 1 ? "thread" : "threads");
	say(text);
}

static int execs_look_up(struct recorder *r)
{
	struct drain_exec *exec = drain_execs(r->drain);
	int err = 0;

	while (exec) {
		struct drain_exec *next = exec->next;
		struct gilfind_warning warning = {};

		if (!err)
			err = gilfind_exec(r->gilfind, r->journal, &exec->exec, &warning);
		warning_say(r, &warning);
		free(exec);
		exec = next;
	}
	if (!err && gilfind_needs_samples(r->gilfind))
		err = session_tick(r->session, true);
	return err;
}

static int second_passed(struct recorder *r)
{
	uint64_t times;

	if (read(r->timer_fd, &times, sizeof(times)) < 0)
		return 0;
	status_update(&r->status, r->session, r->drain);
	if (r->ended)
		tell_whom_we_wait_for(r);
	return journal_sample_cores(r->journal);
}

/* The command's own last switch comes a little after its parent is told. */
static bool recording_is_over(const struct recorder *r)
{
	if (!r->ended)
		return false;
	return !session_live(r->session) ||
	       (r->options->until_command && !session_command_lives(r->session));
}

static int events_handle(struct recorder *r, const struct pollfd *fds)
{
	int err = 0;

	if (fds[1].revents)
		err = execs_look_up(r);
	if (!err && fds[2].revents)
		err = second_passed(r);
	return err;
}

static int recorder_follow(struct recorder *r)
{
	struct pollfd fds[] = {
		{ .fd = command_fd(r->command), .events = POLLIN },
		{ .fd = drain_fd(r->drain), .events = POLLIN },
		{ .fd = r->timer_fd, .events = POLLIN },
		{ .fd = r->signal_fd, .events = POLLIN },
	};
	int err = 0;

	while (!recording_is_over(r)) {
		/* The time-out is for the gap between the command's end and its last switch. */
		int timeout = r->ended && session_command_lives(r->session) ? 20 : -1;

		if (poll(fds, 4, timeout) < 0 && errno != EINTR)
			return fail(r, -errno, "cannot wait");
		if (!r->ended) {
			signals_pass(r->signal_fd, command_pid(r->command));
		} else if (signals_have_come(r->signal_fd)) {
			/* Enough of the waiting for what the command left behind. */
			r->reason = TRACE_END_SIGNAL;
			return err;
		}
		/* Even when we cannot go on: signals are passed on, and the command is waited for. */
		if (!err) {
			err = events_handle(r, fds);
			if (err)
				fail(r, err, "cannot go on recording");
		} else if (r->ended) {
			return err;
		}
		if (fds[0].revents && !r->ended) {
			if (command_wait(r->command, &r->wait_status))
				return fail(r, -errno, "cannot wait for the command");
			r->ended = true;
			fds[0].fd = -1;
		}
	}
	r->reason = session_live(r->session) ? TRACE_END_COMMAND : TRACE_END_TREE;
	return err;
}

/* ---- after ---- */

static int recorder_end(struct recorder *r)
{
	int err, sample_err, drain_err, write_err;
	uint64_t end_ns;

	status_clear(&r->status);
	/* The end is here; what detaching and draining take is not part of the run. */
	session_stop(r->session);
	sample_err = journal_sample_cores(r->journal);
	end_ns = journal_now_ns();
	session_detach(r->session);
	/* In programs that go on, too: a probe that has lost its core in the middle holds up its ring. */
	gilfind_detach(r->gilfind);
	drain_err = drain_stop(r->drain);
	err = books_close(&(struct books){
		.end_ns = end_ns,
		.cpu_ns = books_cpu_ns() - r->cpu_before_ns,
		.end = { .reason = r->reason, .status = r->wait_status },
	}, r->session, r->drain, r->journal);
	write_err = output_finish(r->output);
	if (write_err)
		return fail(r, write_err, "cannot write %.200s", r->result->path);
	if (!err)
		err = drain_err ? drain_err : sample_err;
	return err ? fail(r, err, "cannot finish the trace") : 0;
}

void recorder_run(const struct options *options, const struct identity *identity,
		  struct recorder_result *ret_result)
{
	struct recorder r = { .options = options, .identity = identity, .result = ret_result,
			      .signal_fd = -1, .timer_fd = -1 };
	int err;

	*ret_result = (struct recorder_result){};
	err = recorder_begin(&r);
	if (!err)
		err = command_begin(&r);
	if (err) {
		if (r.output)
			output_abandon(r.output);
		*ret_result->path = 0;
	} else {
		err = recorder_follow(&r);
		/* Whatever happened, what was recorded is kept. */
		if (!recorder_end(&r) && !err)
			ret_result->exit_code = command_exit_code(r.wait_status);
	}
	command_free(r.command);
	journal_free(r.journal);
	drain_free(r.drain);
	output_free(r.output);
	gilfind_free(r.gilfind);
	session_close(r.session);
	if (r.timer_fd >= 0)
		close(r.timer_fd);
	signals_give_back(r.signal_fd, &r.before);
}
