/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another tool beside us: perf sched records the same run by its own probes, into its own buffers, with
 * its own clock. What it says that each thread had of the cores is what the report says.
 */
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

/*
 * A thread's run time may differ by 1 %, and by this for each time that it came to a core: our probe and
 * perf's run one after the other, and what the first takes is on one of the two sides.
 */
#define SHARE 0.01
#define SWITCH_NS 5000.0
#define LINE_BYTES 1024

/* Why perf cannot be used here, or NULL. */
static const char *no_perf(void)
{
	static char reason[256];
	static bool tried;
	struct run run;

	if (tried)
		return *reason ? reason : NULL;
	tried = true;
	run_words(&run, "sh", "-c", "perf sched record -o probe.data -- true 2>&1 && "
		  "perf sched timehist -i probe.data --summary 2>&1");
	if (run.status || !strstr(run.out, "Runtime summary"))
		snprintf(reason, sizeof(reason), "perf sched: status %d: %.*s", run.status,
			 (int)strcspn(run.out, "\n"), run.out);
	run_free(&run);
	return *reason ? reason : NULL;
}

struct perf_thread {
	unsigned long long tid, ins;
	double run_ns;
};

/* "worker-0[4712/4711]  4711  43  250.123 ..." */
static bool line_read(const char *line, struct perf_thread *ret_thread)
{
	const char *end = strrchr(line, ']'), *begin = end;
	double run_ms;

	while (begin && begin > line && *begin != '[')
		begin--;
	if (!begin || sscanf(begin, "[%llu", &ret_thread->tid) != 1 ||
	    sscanf(end + 1, "%*s %llu %lf", &ret_thread->ins, &run_ms) != 2)
		return false;
	ret_thread->run_ns = run_ms * 1e6;
	return true;
}

static bool perf_find(const char *summary, unsigned long long tid, struct perf_thread *ret_thread)
{
	char line[LINE_BYTES];

	while (*summary) {
		size_t len = strcspn(summary, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, summary);
		if (line_read(line, ret_thread) && ret_thread->tid == tid)
			return true;
		summary += len + (summary[len] == '\n');
	}
	return false;
}

static bool near(double ours_ns, double theirs_ns, unsigned long long ins)
{
	double bar_ns = SHARE * theirs_ns + SWITCH_NS * (double)ins;

	return ours_ns <= theirs_ns + bar_ns && ours_ns >= theirs_ns - bar_ns;
}

enum verdict { AGREES, DIFFERS, PERF_ERRS };

/*
 * Where a thread that no probe gets to see had the core, perf takes its time for somebody else's, or that
 * one's for its own. Where we differ, the kernel's clock of that thread tells: it knows nothing of probes.
 */
static enum verdict thread_agrees(const char *summary, const json_t *thread)
{
	double run_ns = json_number_at(thread, "run_ns"), kernel_ns = json_number_at(thread, "kernel_run_ns");
	struct perf_thread theirs;

	if (!perf_find(summary, json_u64_at(thread, "tid"), &theirs)) {
		print_message("perf knows no thread %llu\n", json_u64_at(thread, "tid"));
		return DIFFERS;
	}
	if (near(run_ns, theirs.run_ns, theirs.ins))
		return AGREES;
	if (fabs(run_ns - kernel_ns) < fabs(theirs.run_ns - kernel_ns) / 2)
		return PERF_ERRS;
	print_message("%s ran for %.0f ns, by perf for %.0f ns in %llu pieces\n",
		      json_text_at(thread, "comm"), run_ns, theirs.run_ns, theirs.ins);
	return DIFFERS;
}

/* COMMAND's first thread was there before its exec, when nobody but perf looked. */
static bool threads_agree(const char *summary, const json_t *report)
{
	unsigned long long start_ns = json_u64_at(report, "start_ns");
	size_t i, cnt[PERF_ERRS + 1] = { 0 };
	json_t *thread;

	json_array_foreach(json_at(report, "threads"), i, thread)
		if (json_u64_at(thread, "birth_ns") > start_ns)
			cnt[thread_agrees(summary, thread)]++;
	assert_true(cnt[AGREES] + cnt[DIFFERS] + cnt[PERF_ERRS] > 0);
	/* Of too few it would prove nothing. */
	if (cnt[PERF_ERRS] > cnt[AGREES])
		print_message("by the kernel's own clock, perf errs for %zu threads\n", cnt[PERF_ERRS]);
	return !cnt[DIFFERS] && cnt[PERF_ERRS] <= cnt[AGREES];
}

/*
 * Perf does not get to see every switch away from idle: of the second core's, in a guest, none at all. So
 * that there are none, somebody who gives way to all others has each core that would be idle.
 */
struct fillers {
	pid_t pids[CPU_SETSIZE];
	size_t cnt;
};

static void filler_run(int cpu)
{
	const struct sched_param none = { 0 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || sched_setscheduler(0, SCHED_IDLE, &none))
		_exit(1);
	for (;;)
		__asm__ volatile("");
}

static void fillers_start(struct fillers *fillers)
{
	cpu_set_t cpus;

	fillers->cnt = 0;
	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		fillers->pids[fillers->cnt] = fork();
		if (!fillers->pids[fillers->cnt])
			filler_run(cpu);
		assert_true(fillers->pids[fillers->cnt++] > 0);
	}
}

static void fillers_end(struct fillers *fillers)
{
	for (size_t i = 0; i < fillers->cnt; i++) {
		int status;

		kill(fillers->pids[i], SIGKILL);
		assert_int_equal(waitpid(fillers->pids[i], &status, 0), fillers->pids[i]);
		assert_true(WIFSIGNALED(status));
	}
}

static const char *workload;

static bool perf_agrees(void)
{
	struct fillers fillers;
	struct run run;
	json_t *report;
	bool ok;

	fillers_start(&fillers);
	run_words(&run, "perf", "sched", "record", "-q", "-o", "perf.data", "--", built("trace-run"),
		  "--no-report", "--force", "-o", "timehist.plx", "--", built(workload), "--seconds", "1");
	fillers_end(&fillers);
	if (run.status)
		fail_msg("perf sched record: status %d: %s", run.status, run.err);
	run_free(&run);
	run_words(&run, "perf", "sched", "timehist", "-i", "perf.data", "--summary");
	assert_int_equal(run.status, 0);
	report = report_of("timehist.plx");
	assert_identities(report);
	ok = threads_agree(run.out, report);
	json_decref(report);
	run_free(&run);
	return ok;
}

static void run_times_are_perfs(void **state)
{
	NEED_BPF();
	if (no_perf()) {
		print_message("SKIP: %s: %s\n", __func__, no_perf());
		skip();
	}
	workload = *state;
	attempts(perf_agrees);
}

#define TEST(name) { #name, run_times_are_perfs, NULL, NULL, "workloads/" #name }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cpu_bound),
		TEST(oversubscription),
		TEST(pipeline),
		TEST(processes),
		TEST(lock_convoy),
	};

	return cmocka_run_group_tests_name("perf sched timehist", tests, sandbox_enter, sandbox_leave);
}
