/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording: prepare, let the command go, follow it, close the books. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "collector/command.h"
#include "collector/drain.h"
#include "collector/facts.h"
#include "collector/gilfind.h"
#include "collector/journal.h"
#include "collector/output.h"
#include "collector/recorder.h"
#include "collector/session.h"
#include "collector/status.h"

struct recorder {
	const struct options *options;
	const struct identity *identity;
	struct recorder_result *result;
	struct session *session;
	struct output *output;
	struct command *command;
	struct drain *drain;
	struct journal *journal;
	struct status status;
	sigset_t mask_before;
	int signal_fd, timer_fd;
	uint64_t cpu_before_ns;
	bool ended;		/* the command has */
	bool told;		/* for whom we wait */
	int wait_status;
	enum trace_end_reason reason;
};

static int fail(struct recorder *r, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps the first reason; gives err back. */
static int fail(struct recorder *r, int err, const char *format, ...)
{
	char *text = r->result->error;
	va_list args;
	size_t len;

	if (*text)
		return err;
	va_start(args, format);
	vsnprintf(text, sizeof(r->result->error), format, args);
	va_end(args);
	len = strlen(text);
	snprintf(text + len, sizeof(r->result->error) - len, ": %s", strerror(-err));
	r->result->exit_code = EXIT_RECORDER;
	return err;
}

static uint64_t cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000ull +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000ull;
}

/* ---- before ---- */

/* Signals come through a descriptor; the command gets the mask that we were given. */
static int signals_take(struct recorder *r)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		sigaddset(&set, taken[i]);
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* A reader of our stderr that goes away, or a full disk quota, must not kill us. */
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	if (r->signal_fd < 0 || sigprocmask(SIG_BLOCK, &set, &r->mask_before))
		return fail(r, -errno, "cannot take over signals");
	return 0;
}

/* What a write has sent us meanwhile has been told as its error. */
static void signals_give_back(struct recorder *r)
{
	struct timespec now = { 0, 0 };
	sigset_t told;

	if (r->signal_fd < 0)
		return;
	close(r->signal_fd);
	sigemptyset(&told);
	sigaddset(&told, SIGPIPE);
	sigaddset(&told, SIGXFSZ);
	while (sigtimedwait(&told, NULL, &now) > 0)
		;
	sigprocmask(SIG_SETMASK, &r->mask_before, NULL);
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
		.verbose = r->options->verbose,
	};
	struct session_fault fault = {};
	int err = session_open(&config, &r->session, &fault);

	if (err) {
		snprintf(r->result->error, sizeof(r->result->error), "%s", fault.reason);
		r->result->exit_code = EXIT_RECORDER;
	}
	return err;
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
	if (err == -EEXIST)
		return fail(r, err, "%s is there already (--force replaces it)", r->result->path);
	return err ? fail(r, err, "cannot create %s", r->result->path) : 0;
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

/* From here on the probes see the held command; nothing more needs privileges. */
static int probes_begin(struct recorder *r)
{
	struct session_fault fault = {};
	bool has_gil;
	int err = session_track(r->session, command_pid(r->command));

	if (err)
		return fail(r, err, "cannot track the command");
	has_gil = gilfind_prepare(r->session, r->options->command[0]);
	err = session_attach(r->session, &fault);
	if (err) {
		snprintf(r->result->error, sizeof(r->result->error), "%s", fault.reason);
		r->result->exit_code = EXIT_RECORDER;
		return err;
	}
	err = cores_see(r);
	if (!err && !has_gil)
		err = session_tick(r->session, false);
	if (err)
		return fail(r, err, "cannot start the clock sampler");
	err = identity_shed(r->identity);
	return err ? fail(r, err, "cannot give up privileges") : 0;
}

static int streams_begin(struct recorder *r)
{
	struct facts facts;
	int err = facts_gather(r->options->command, &facts);

	if (!err)
		err = output_start(r->output, facts.list, facts.cnt);
	facts_clear(&facts);
	if (err)
		return fail(r, err, "cannot write %s", r->result->path);
	err = drain_start(r->session, r->output, &r->drain);
	if (!err)
		err = journal_new(r->output, &r->journal);
	if (!err)
		err = journal_sample_cores(r->journal);
	return err ? fail(r, err, "cannot start reading events") : 0;
}

static int recorder_begin(struct recorder *r)
{
	int err = signals_take(r);

	if (!err)
		err = session_begin(r);
	if (!err)
		err = output_begin(r);
	if (!err) {
		err = command_hold(r->options->command, r->identity, &r->mask_before, &r->command);
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

	r->cpu_before_ns = cpu_ns();
	status_start(&r->status);
	err = command_go(r->command);
	if (!err)
		return 0;
	fail(r, err, "cannot run %s", r->options->command[0]);
	r->result->exit_code = err == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	return err;
}

/* ---- during ---- */

static void tell_whom_we_wait_for(struct recorder *r)
{
	uint32_t pid = session_some_pid(r->session);
	char path[64], comm[32] = "?";
	FILE *file;

	if (r->told || !pid)
		return;
	r->told = true;
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = 0;
		fclose(file);
	}
	status_clear(&r->status);
	for (char *c = comm; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "trace-run: %s has ended; waiting for what it started: %s (pid %u), "
		"%llu threads in all (Ctrl-C ends the recording)\n", r->options->command[0], comm, pid,
		(unsigned long long)session_live(r->session));
}

/* Gives true when a signal ends the waiting for what the command left behind. */
static bool signals_pass(struct recorder *r)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (r->ended)
			stop = true;
		/* What the terminal sends has reached the command's group as well. */
		else if (info.ssi_code != SI_KERNEL)
			kill(command_pid(r->command), info.ssi_signo);
	}
	return stop;
}

static int execs_look_up(struct recorder *r)
{
	struct drain_exec *exec = drain_execs(r->drain);
	int err = 0;

	while (exec) {
		struct drain_exec *next = exec->next;

		if (!err)
			err = gilfind_exec(r->session, r->journal, &exec->exec);
		free(exec);
		exec = next;
	}
	if (!err && session_gils(r->session))
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
static bool tree_done(struct recorder *r)
{
	if (!r->ended)
		return false;
	r->reason = TRACE_END_TREE;
	if (!session_live(r->session))
		return true;
	r->reason = TRACE_END_COMMAND;
	return r->options->until_command && !session_has_process(r->session, command_pid(r->command));
}

static int recorder_follow(struct recorder *r)
{
	struct pollfd fds[] = {
		{ .fd = r->signal_fd, .events = POLLIN },
		{ .fd = r->timer_fd, .events = POLLIN },
		{ .fd = drain_fd(r->drain), .events = POLLIN },
		{ .fd = command_fd(r->command), .events = POLLIN },
	};
	int err = 0;

	while (!err && !tree_done(r)) {
		/* The time-out is for the gap between the command's end and its last switch. */
		if (poll(fds, 4, r->ended ? 20 : -1) < 0 && errno != EINTR)
			return fail(r, -errno, "cannot wait");
		if (signals_pass(r)) {
			r->reason = TRACE_END_SIGNAL;
			break;
		}
		if (fds[2].revents)
			err = execs_look_up(r);
		if (!err && fds[1].revents)
			err = second_passed(r);
		if (!err && fds[3].revents && !r->ended) {
			err = command_wait(r->command, &r->wait_status);
			r->ended = true;
			fds[3].fd = -1;
		}
	}
	return err ? fail(r, err, "cannot go on recording") : 0;
}

/* ---- after ---- */

static int books_close(struct recorder *r)
{
	struct session_cost cost;
	int err = journal_sample_cores(r->journal);

	for (unsigned int core = 0; !err && core < session_cores(r->session); core++) {
		struct core_counts c;

		err = session_counts(r->session, core, &c);
		if (!err)
			err = journal_add(r->journal, (struct trace_record){ .kind = TRACE_TALLY, .tally = {
				.core = core, .counted = c.counted,
				.lost = c.lost + drain_stale(r->drain, core),
				.untracked = c.untracked, .unread = c.unread, .unseen = c.unseen,
			} });
	}
	session_cost(r->session, &cost);
	if (!err)
		err = journal_add(r->journal, (struct trace_record){ .kind = TRACE_COST, .cost = {
			.probe_ns = cost.probe_ns, .probe_runs = cost.probe_runs,
			.missed = cost.missed, .collector_ns = cpu_ns() - r->cpu_before_ns,
		} });
	if (!err)
		err = journal_add(r->journal, (struct trace_record){ .kind = TRACE_END, .end = {
			.reason = r->reason, .status = r->wait_status,
		} });
	return err ? err : journal_close(r->journal);
}

static int recorder_end(struct recorder *r)
{
	int err, write_err;

	status_clear(&r->status);
	session_detach(r->session);
	err = drain_stop(r->drain);
	if (!err)
		err = books_close(r);
	write_err = output_finish(r->output);
	if (write_err)
		return fail(r, write_err, "cannot write %s", r->result->path);
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
	session_close(r.session);
	if (r.timer_fd >= 0)
		close(r.timer_fd);
	signals_give_back(&r);
}
