/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for a core, held against the kernel's own count of them, which every thread has: run_delay, from
 * where it is put into a run queue to where it has the core. And what had the cores, against what the
 * workloads plant.
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/record.h"
#include "tests/support/run.h"

/*
 * A waking is told where it is decided, run_delay begins where the thread is in the queue; on another
 * core that takes an interrupt, which the hypervisor may keep waiting, and longest where the core sleeps. So
 * we may count more than the kernel, and hardly less.
 */
#define SHARE 0.02
#define IDLE_NS 100e3
#define WAKING_NS 20e3
#define PUSH_NS 2e3

static double ready_ns(const json_t *thread)
{
	return json_number_at(thread, "states.ready.woken") +
	       json_number_at(thread, "states.ready.preempted");
}

static bool thread_is_kernels(const json_t *thread)
{
	double kernel_ns = json_number_at(thread, "kernel_delay_ns"), ours_ns = ready_ns(thread);
	double woken = json_number_at(thread, "woken_switch_ins");
	double bar_ns = SHARE * kernel_ns + PUSH_NS * json_number_at(thread, "switch_ins");
	char what[80];
	bool ok;

	snprintf(what, sizeof(what), "%.40s ready - the kernel's", json_text_at(thread, "comm"));
	ok = at_least(what, ours_ns - kernel_ns, -bar_ns);
	return ok & at_most(what, ours_ns - kernel_ns, bar_ns + WAKING_NS * woken +
			    IDLE_NS * json_number_at(thread, "idle_switch_ins"));
}

/* The command's first thread has waited for cores before its exec as well. */
static bool threads_are_kernels(const json_t *report)
{
	double start_ns = json_number_at(report, "start_ns");
	bool ok = true;
	json_t *thread;
	size_t i, cnt = 0;

	json_array_foreach(json_at(report, "threads"), i, thread) {
		if (json_number_at(thread, "birth_ns") <= start_ns)
			continue;
		ok &= thread_is_kernels(thread);
		cnt++;
	}
	assert_true(cnt > 0);
	return ok;
}

/* A workload and its options. */
struct planted {
	const char *args[8];
};

static const struct planted *planted_at_test;

static bool ready_is_kernels(void)
{
	struct recording r;
	bool ok;

	record_workload(&r, planted_at_test->args);
	assert_identities(r.report);
	ok = threads_are_kernels(r.report);
	record_free(&r);
	return ok;
}

static void ready_is_the_kernels_delay(void **state)
{
	NEED_FIGURES();
	planted_at_test = *state;
	attempts(ready_is_kernels);
}

/* The worst of the threads; NULL: none is among the worst. */
static json_t *worst_group(const json_t *report)
{
	json_t *antagonist;
	size_t i;

	json_array_foreach(json_at(report, "runqueue.antagonists"), i, antagonist)
		if (!json_is_null(json_at(antagonist, "thread")))
			return antagonist;
	return NULL;
}

/* ---- too many threads for the cores -------------------------------------------------------------- */

static bool says_oversubscription(void)
{
	static const char *const args[] = { "oversubscription", "--seconds", "1", NULL };
	struct recording r;
	double ready, ours;
	json_t *group;
	bool ok;

	record_workload(&r, args);
	group = worst_group(r.report);
	ready = json_number_at(r.report, "runqueue.ready_ns");
	ours = json_number_at(r.report, "runqueue.by_core_ns.ours");
	ok = at_least("behind each other, of what other programs left", ours /
		      (ready - json_number_at(r.report, "runqueue.by_core_ns.other")), 0.8);
	ok &= at_least("pushed off, of all waits for a core",
		       json_number_at(r.report, "runqueue.preempted.total_ns") / ready, 0.9);
	/* All of them but the first, that waits for the others. */
	ok &= group && json_number_at(group, "threads") ==
		       (double)json_array_size(json_at(r.truth, "per_thread")) - 1;
	record_free(&r);
	return ok;
}

static void threads_stand_behind_each_other(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(says_oversubscription);
}

/* ---- another program ----------------------------------------------------------------------------- */

#define STRANGER "stranger"

static int first_cpu(void)
{
	cpu_set_t cpus;
	int cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	while (!CPU_ISSET(cpu, &cpus))
		cpu++;
	return cpu;
}

static pid_t stranger_start(int cpu)
{
	pid_t pid = fork();
	cpu_set_t cpus;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, STRANGER);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		_exit(1);
	for (;;)
		__asm__ volatile("");
}

static void stranger_end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static bool is_named(const json_t *report, const char *name)
{
	json_t *antagonist;
	size_t i;

	json_array_foreach(json_at(report, "runqueue.antagonists"), i, antagonist)
		if (!strcmp(json_text_at(antagonist, "name"), name))
			return json_is_null(json_at(antagonist, "thread"));
	print_message("%s is not named\n", name);
	return false;
}

/*
 * Whatever comes first when the thread is pushed off bears the name of all that follow until it is back:
 * how much the stranger has is not known where other programs have the core as well.
 */
static bool says_stranger(void)
{
	char cpu[16];
	const char *const args[] = {
		"cpu_bound", "--threads", "1", "--gil", "off", "--cpus", cpu, "--seconds", "1", NULL,
	};
	struct recording r;
	pid_t stranger;
	double ready;
	bool ok;

	snprintf(cpu, sizeof(cpu), "%d", first_cpu());
	stranger = stranger_start(first_cpu());
	record_workload(&r, args);
	stranger_end(stranger);
	ready = json_number_at(r.report, "runqueue.ready_ns");
	ok = is_named(r.report, STRANGER);
	ok &= at_least("behind other programs, of the waits for a core",
		       json_number_at(r.report, "runqueue.by_core_ns.other") / ready, 0.9);
	ok &= at_least("waits for a core, of the run",
		       ready / json_number_at(r.report, "wall_ns"), 0.25);
	record_free(&r);
	return ok;
}

static void stranger_is_named(void **state)
{
	(void)state;
	NEED_FIGURES();
	attempts(says_stranger);
}

static struct planted oversubscription = { { "oversubscription", "--seconds", "1" } };
static struct planted one_core = { { "one_core", "--seconds", "1" } };
static struct planted lock_convoy = { { "lock_convoy", "--seconds", "1" } };
static struct planted pipeline = { { "pipeline", "--seconds", "1" } };

#define DELAYS(planted) \
	{ "the kernel's delays: " #planted, ready_is_the_kernels_delay, NULL, NULL, &(planted) }

int main(void)
{
	const struct CMUnitTest tests[] = {
		DELAYS(oversubscription),
		DELAYS(one_core),
		DELAYS(lock_convoy),
		DELAYS(pipeline),
		cmocka_unit_test(threads_stand_behind_each_other),
		cmocka_unit_test(stranger_is_named),
	};

	return cmocka_run_group_tests_name("waits for a core", tests, sandbox_enter, sandbox_leave);
}
