/* SPDX-License-Identifier: BSD-2-Clause */
/* trace-run as a way to run a command: statuses, streams, signals, files, the invoking user. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/run.h"

#define NOBODY 65534

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* One line, with all of the words in it. */
static void assert_one_line(const char *text, const char *word, const char *other)
{
	const char *end = strchr(text, '\n');

	if (!end || end[1] || !strstr(text, word) || !strstr(text, other))
		fail_msg("not one line with '%s' and '%s': %s", word, other, text);
}

static void status_is_the_commands(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "--no-report", "sh", "-c", "exit 7");
	assert_int_equal(run.status, 7);
	assert_string_equal(run.err, "");
	run_free(&run);
	run_words(&run, built("trace-run"), "--no-report", "sh", "-c", "kill -SEGV $$");
	assert_int_equal(run.status, 128 + SIGSEGV);
	run_free(&run);
}

static void streams_are_the_commands(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, "sh", "-c", "printf 'a\\nb' | \"$0\" --no-report -- sh -c 'cat; echo two >&2'",
		  built("trace-run"));
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, "a\nb");
	assert_string_equal(run.err, "two\n");
	run_free(&run);
}

static void report_goes_to_stderr(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "-o", "r.plx", "echo", "one");
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, "one\n");
	assert_non_null(strstr(run.err, "apparent"));
	run_free(&run);
}

static void command_is_missing(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "./no-such-command");
	assert_int_equal(run.status, 127);
	assert_one_line(run.err, "trace-run: cannot run ./no-such-command", "No such file");
	assert_false(exists("no-such-command.plx"));
	run_free(&run);
}

static void command_is_not_executable(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	close(open("plain", O_CREAT | O_WRONLY, 0644));
	run_words(&run, built("trace-run"), "./plain");
	assert_int_equal(run.status, 126);
	assert_one_line(run.err, "trace-run: cannot run ./plain", "Permission denied");
	run_free(&run);
	run_words(&run, built("trace-run"), "/");
	assert_int_equal(run.status, 126);
	run_free(&run);
}

static void wrong_usage(void **state)
{
	static const char *const wrong[][4] = {
		{ "--no-such-option", "true" }, { "--ring-size=3", "true" }, { "--ring-size=x", "true" },
		{ "--sample=-1", "true" }, { "--output=", "true" }, { "--until=never", "true" }, { "-o" }, { NULL },
	};
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		run_words(&run, built("trace-run"), wrong[i][0], wrong[i][1]);
		if (run.status != 2 || !strstr(run.err, "Usage: trace-run"))
			fail_msg("%s: status %d, %s", wrong[i][0], run.status, run.err);
		run_free(&run);
	}
}

/* Another user's right to use BPF is not ours to give. */
static void without_permission(void **state)
{
	struct run_options options = { .uid = NOBODY };
	struct run run;

	(void)state;
	if (geteuid()) {
		print_message("SKIP: %s: not root, so already what is tested everywhere else\n", __func__);
		skip();
	}
	run_start(&run, &options, (const char *const[]){ built_for_all("trace-run"), "true", NULL });
	run_wait(&run);
	assert_int_equal(run.status, 125);
	assert_one_line(run.err, "trace-run: BPF is not permitted for uid 65534", "CAP_BPF");
	assert_false(exists("true.plx"));
	run_free(&run);
}

static void older_file_is_kept(void **state)
{
	struct stat first, old, now;
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "--no-report", "true");
	assert_int_equal(stat("true.plx", &first), 0);
	run_free(&run);
	run_words(&run, built("trace-run"), "--no-report", "true");
	assert_int_equal(run.status, 0);
	assert_int_equal(stat("true.plx.old", &old), 0);
	assert_int_equal(stat("true.plx", &now), 0);
	assert_int_equal(old.st_ino, first.st_ino);
	assert_int_not_equal(now.st_ino, first.st_ino);
	run_free(&run);
}

/* A command that cannot run must not cost the trace of one that could. */
static void older_file_survives_a_failed_exec(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	close(open("x", O_CREAT | O_WRONLY, 0644));
	close(open("x.plx", O_CREAT | O_WRONLY, 0644));
	run_words(&run, built("trace-run"), "./x");
	assert_int_equal(run.status, 126);
	assert_true(exists("x.plx"));
	assert_false(exists("x.plx.old"));
	run_free(&run);
}

/* The same where privileges are given up before the exec, and where the older file was to go. */
static void older_file_survives_for_the_invoking_user(void **state)
{
	static const char *const env[] = { "SUDO_UID=65534", "SUDO_GID=65534", NULL };
	struct run_options options = { .env = env };
	struct run run;

	(void)state;
	NEED_BPF();
	for (int force = 0; force < 2; force++) {
		run_words(&run, "sh", "-c", "echo old >y.plx; echo older >y.plx.old; >y; "
			  "chown 65534 y.plx y.plx.old");
		run_free(&run);
		run_start(&run, &options, force ?
			  (const char *const[]){ built("trace-run"), "--force", "-o", "y.plx", "./y", NULL } :
			  (const char *const[]){ built("trace-run"), "./y", NULL });
		run_wait(&run);
		assert_int_equal(run.status, 126);
		run_free(&run);
		run_words(&run, "sh", "-c", "cat y.plx y.plx.old; ls y.plx*");
		assert_string_equal(run.out, "old\nolder\ny.plx\ny.plx.old\n");
		run_free(&run);
	}
}

static void named_file_is_not_overwritten(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	close(open("there.plx", O_CREAT | O_WRONLY, 0644));
	run_words(&run, built("trace-run"), "-o", "there.plx", "touch", "ran");
	assert_int_equal(run.status, 125);
	assert_one_line(run.err, "there.plx is there already", "--force");
	assert_false(exists("ran"));
	run_free(&run);
	run_words(&run, built("trace-run"), "--force", "--no-report", "-o", "there.plx", "touch", "ran");
	assert_int_equal(run.status, 0);
	assert_true(exists("ran"));
	run_free(&run);
}

static void file_cannot_be_made(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "-o", "no/such/directory.plx", "touch", "ran-2");
	assert_int_equal(run.status, 125);
	assert_one_line(run.err, "cannot create no/such/directory.plx", "No such file");
	assert_false(exists("ran-2"));
	run_free(&run);
}

/* Under sudo: the command is the invoking user's, and so is the file. */
static void invoking_user(void **state)
{
	static const char *const env[] = { "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody", NULL };
	struct run_options options = { .env = env };
	struct run run;
	struct stat st;

	(void)state;
	NEED_BPF();
	run_start(&run, &options, (const char *const[]){ built("trace-run"), "-o", "theirs.plx", "sh", "-c",
		  "id -u; id -ru; id -g; id -G; echo $HOME", NULL });
	run_wait(&run);
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, "65534\n65534\n65534\n65534\n/nonexistent\n");
	assert_non_null(strstr(run.err, "apparent"));
	assert_int_equal(stat("theirs.plx", &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(st.st_gid, NOBODY);
	assert_int_equal(st.st_mode & 07777, 0600);
	run_free(&run);
	/* What the user may not do, root does not do for them. */
	assert_int_equal(mkdir("roots", 0700), 0);
	run_start(&run, &options, (const char *const[]){ built("trace-run"), "-o", "roots/x.plx", "true", NULL });
	run_wait(&run);
	assert_int_equal(run.status, 125);
	assert_one_line(run.err, "cannot create roots/x.plx", "Permission denied");
	run_free(&run);
}

static void sudo_variables_make_no_sense(void **state)
{
	static const char *const env[] = { "SUDO_UID=0x", "SUDO_GID=1", NULL };
	struct run_options options = { .env = env };
	struct run run;

	(void)state;
	NEED_BPF();
	run_start(&run, &options, (const char *const[]){ built("trace-run"), "true", NULL });
	run_wait(&run);
	assert_int_equal(run.status, 125);
	assert_one_line(run.err, "SUDO_UID", "not both numbers");
	run_free(&run);
}

static void link_is_not_followed(void **state)
{
	struct run run;
	struct stat st;

	(void)state;
	NEED_BPF();
	assert_int_equal(symlink("elsewhere", "link.plx"), 0);
	run_words(&run, built("trace-run"), "-o", "link.plx", "true");
	assert_int_equal(run.status, 125);
	assert_false(exists("elsewhere"));
	run_free(&run);
	run_words(&run, built("trace-run"), "--no-report", "--force", "-o", "link.plx", "true");
	assert_int_equal(run.status, 0);
	assert_false(exists("elsewhere"));
	assert_int_equal(lstat("link.plx", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	run_free(&run);
}

static bool is_there(void *arg)
{
	return exists(arg);
}

static bool said_ready(void *arg)
{
	struct run *run = arg;
	char c;

	return pread(run->out_fd, &c, 1, 0) == 1;
}

/* A shell that counts a signal in a file, and ends at the second kind. */
static const char counting[] =
	"trap 'echo x >>got' $0; trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done";

static void signal_arrives_once(const char *name, int signal)
{
	struct run run;
	char text[64] = "";
	FILE *file;

	unlink("got");
	run_start(&run, NULL, (const char *const[]){ built("trace-run"), "--no-report", "-o", "s.plx",
		  "--force", "sh", "-c", counting, name, NULL });
	wait_until(said_ready, &run);
	assert_int_equal(kill(run.pid, signal), 0);
	wait_until(is_there, "got");
	assert_int_equal(kill(run.pid, SIGUSR1), 0);
	run_wait(&run);
	assert_int_equal(run.status, 9);
	file = fopen("got", "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "x\n");
	run_free(&run);
}

static void signals_are_passed_on(void **state)
{
	(void)state;
	NEED_BPF();
	signal_arrives_once("TERM", SIGTERM);
	signal_arrives_once("INT", SIGINT);
	signal_arrives_once("HUP", SIGHUP);
}

/* Ctrl-C reaches the whole foreground group of a terminal: the command must not get it twice. */
static void terminal_interrupts_once(void **state)
{
	char command[8192];
	struct run run;

	(void)state;
	NEED_BPF();
	unlink("got");
	unlink("begun");
	unlink("finished");
	/* script(1) gives a terminal, and what it reads is what is typed there. */
	snprintf(command, sizeof(command),
		 "{ until [ -e begun ]; do sleep 0.02; done; printf '\\003';"
		 "  until [ -e got ]; do sleep 0.02; done; printf 'end\\n'; until [ -e finished ]; do sleep 0.02; done; } |"
		 "script -qec \"exec %s --no-report --force -o c.plx sh -c 'trap \\\"echo x >>got\\\" INT; "
		 ">begun; until read line; do :; done; >finished; exit 3'\" /dev/null", built("trace-run"));
	run_words(&run, "sh", "-c", command);
	if (run.status != 3)
		fail_msg("status %d: %s%s", run.status, run.out, run.err);
	run_free(&run);
	run_words(&run, "cat", "got");
	assert_string_equal(run.out, "x\n");
	run_free(&run);
}

/* What the command sends to its parent is not for the command. */
static void own_signals_do_not_come_back(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "--no-report", "--force", "-o", "s.plx", "sh", "-c",
		  "kill -USR1 $PPID; /bin/true; exit 6");
	assert_int_equal(run.status, 6);
	run_free(&run);
}

/* A caller that ignores its children passes that on to the command, and we wait for ours all the same. */
static void ignored_children(void **state)
{
	struct run run, native;

	(void)state;
	NEED_BPF();
	/* Others may be ignored by whoever runs the tests: what counts is that nothing is changed. */
	run_words(&native, "env", "--ignore-signal=CHLD", "grep", "Sig[IB]", "/proc/self/status");
	run_words(&run, "env", "--ignore-signal=CHLD", built("trace-run"), "--no-report", "--force", "-o",
		  "s.plx", "grep", "Sig[IB]", "/proc/self/status");
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, native.out);
	run_free(&native);
	run_free(&run);
}

static void waits_for_the_tree(void **state)
{
	struct run run;

	(void)state;
	NEED_BPF();
	run_words(&run, built("trace-run"), "--no-report", "-o", "tree.plx", "sh", "-c",
		  "{ sleep 0.3; echo late >late; } & exit 4");
	assert_int_equal(run.status, 4);
	assert_true(exists("late"));
	run_free(&run);
	run_words(&run, built("trace-run"), "--no-report", "--until=command", "-o", "tree2.plx", "sh", "-c",
		  "{ sleep 60; } >/dev/null 2>&1 & echo $!; exit 5");
	assert_int_equal(run.status, 5);
	assert_true(atoi(run.out) > 1);
	assert_int_equal(kill(atoi(run.out), SIGKILL), 0);
	run_free(&run);
}

/* The first words on stderr are whom it waits for. */
static bool has_complained(void *arg)
{
	struct run *run = arg;
	struct stat st;

	return !fstat(run->err_fd, &st) && st.st_size > 0;
}

/* Waiting for what the command left behind can be ended; it says for whom, and loses nothing. */
static void waiting_can_be_ended(void **state)
{
	struct run run;
	int left;

	(void)state;
	NEED_BPF();
	run_start(&run, NULL, (const char *const[]){ built("trace-run"), "--force", "-o", "left.plx", "sh", "-c",
		  "sleep 60 >/dev/null 2>&1 & echo $!; exit 3", NULL });
	wait_until(has_complained, &run);
	assert_int_equal(kill(run.pid, SIGINT), 0);
	run_wait(&run);
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.err, "waiting for what it started: sleep (pid "));
	assert_non_null(strstr(run.err, "alive"));
	left = atoi(run.out);
	assert_true(left > 1);
	assert_int_equal(kill(left, SIGKILL), 0);
	run_free(&run);
	run_words(&run, built("trace-report"), "--dump", "left.plx");
	assert_non_null(strstr(run.out, "reason=2"));
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_the_commands),
		cmocka_unit_test(streams_are_the_commands),
		cmocka_unit_test(report_goes_to_stderr),
		cmocka_unit_test(command_is_missing),
		cmocka_unit_test(command_is_not_executable),
		cmocka_unit_test(wrong_usage),
		cmocka_unit_test(without_permission),
		cmocka_unit_test(older_file_is_kept),
		cmocka_unit_test(older_file_survives_a_failed_exec),
		cmocka_unit_test(older_file_survives_for_the_invoking_user),
		cmocka_unit_test(named_file_is_not_overwritten),
		cmocka_unit_test(file_cannot_be_made),
		cmocka_unit_test(invoking_user),
		cmocka_unit_test(sudo_variables_make_no_sense),
		cmocka_unit_test(link_is_not_followed),
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(terminal_interrupts_once),
		cmocka_unit_test(own_signals_do_not_come_back),
		cmocka_unit_test(ignored_children),
		cmocka_unit_test(waits_for_the_tree),
		cmocka_unit_test(waiting_can_be_ended),
	};

	return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
