/* SPDX-License-Identifier: BSD-2-Clause */
/* Running programs from tests. Everything here fails the test on the spot: no errors to look at. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/run.h"

#define PATIENCE_MS 60000

static char build_dir[PATH_MAX];
static char sandbox[] = "/tmp/parallax-test.XXXXXX";

int sandbox_enter(void **state)
{
	const char *dir = getenv("BUILD_DIR");

	(void)state;
	if (!realpath(dir ? dir : "build", build_dir))
		fail_msg("no build directory %s", dir ? dir : "build");
	if (!mkdtemp(sandbox) || chmod(sandbox, 0777) || chdir(sandbox))
		fail_msg("cannot make a directory to work in: %s", strerror(errno));
	return 0;
}

int sandbox_leave(void **state)
{
	char command[sizeof(sandbox) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", sandbox);
	if (chdir("/") || system(command))
		fail_msg("cannot remove %s", sandbox);
	return 0;
}

const char *built(const char *program)
{
	static char paths[16][PATH_MAX + 64];
	static unsigned int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", build_dir, program);
	return path;
}

const char *built_for_all(const char *program)
{
	static char path[PATH_MAX];
	struct run run;

	snprintf(path, sizeof(path), "%s/%s", sandbox, program);
	run_words(&run, "install", "-m", "755", built(program), path);
	if (run.status)
		fail_msg("%s", run.err);
	run_free(&run);
	return path;
}

static void child_exec(struct run *run, const struct run_options *o, const char *const argv[])
{
	int to = o && o->to ? open(o->to, O_WRONLY | O_CREAT | O_TRUNC, 0644) : run->out_fd;

	if (to < 0 || dup2(to, STDOUT_FILENO) < 0 || dup2(run->err_fd, STDERR_FILENO) < 0)
		_exit(121);
	for (size_t i = 0; o && o->env && o->env[i]; i++)
		putenv((char *)o->env[i]);
	if (o && o->uid && (setgroups(0, NULL) || setgid(o->uid) || setuid(o->uid)))
		_exit(122);
	execvp(argv[0], (char *const *)argv);
	_exit(123);
}

/*
 * Appending: processes that share a memfd's offset may write at the same one, since the kernel makes that
 * step atomic for opened files only.
 */
static int output_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	assert_true(fd >= 0 && !fcntl(fd, F_SETFL, O_APPEND));
	return fd;
}

void run_start(struct run *run, const struct run_options *options, const char *const argv[])
{
	*run = (struct run){
		.out_fd = output_file("out"),
		.err_fd = output_file("err"),
	};
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (!run->pid)
		child_exec(run, options, argv);
}

static char *file_text(int fd, size_t *ret_len)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, len + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, len, 0), len);
	close(fd);
	*ret_len = len;
	return text;
}

void run_wait(struct run *run)
{
	struct pollfd fd = { .fd = syscall(SYS_pidfd_open, run->pid, 0), .events = POLLIN };
	int ready = poll(&fd, 1, PATIENCE_MS);
	size_t err_len;
	int status;

	if (ready != 1)
		kill(run->pid, SIGKILL);
	close(fd.fd);
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	run->out = file_text(run->out_fd, &run->out_len);
	run->err = file_text(run->err_fd, &err_len);
	if (ready != 1)
		fail_msg("no end within a minute; stderr: %s", run->err);
}

void run_free(struct run *run)
{
	free(run->out);
	free(run->err);
	run->out = run->err = NULL;
}

json_t *json_parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	if (!json)
		fail_msg("no JSON: %s at byte %d of: %.300s", error.text, error.position, text);
	return json;
}

json_t *json_at(const json_t *json, const char *path)
{
	const char *rest = path;

	/* Names may have dots themselves, as states do: the longest name comes first. */
	while (!json_object_get(json, rest)) {
		size_t len = strcspn(rest, ".");
		char key[128];

		snprintf(key, sizeof(key), "%.*s", (int)len, rest);
		json = json_object_get(json, key);
		if (!json || !rest[len])
			fail_msg("the JSON has no %s", path);
		rest += len + 1;
	}
	return json_object_get(json, rest);
}

double json_number_at(const json_t *json, const char *path)
{
	json_t *value = json_at(json, path);

	if (!json_is_number(value))
		fail_msg("%s is no number", path);
	return json_number_value(value);
}

unsigned long long json_u64_at(const json_t *json, const char *path)
{
	json_t *value = json_at(json, path);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", path);
	return json_integer_value(value);
}

const char *json_text_at(const json_t *json, const char *path)
{
	json_t *value = json_at(json, path);

	if (!json_is_string(value))
		fail_msg("%s is no text", path);
	return json_string_value(value);
}

json_t *report_of(const char *plx)
{
	struct run run;
	json_t *json;

	run_words(&run, built("trace-report"), "--json", plx);
	if (run.status)
		fail_msg("trace-report %s: status %d, %s", plx, run.status, run.err);
	json = json_parse(run.out);
	run_free(&run);
	return json;
}

void wait_until(bool (*done)(void *arg), void *arg)
{
	struct timespec pause = { 0, 2000000 };

	for (int ms = 0; !done(arg); ms += 2) {
		if (ms > PATIENCE_MS)
			fail_msg("waited in vain for a minute");
		nanosleep(&pause, NULL);
	}
}

const char *no_bpf(void)
{
	static char reason[512];
	static bool tried;
	struct run run;

	if (tried)
		return *reason ? reason : NULL;
	tried = true;
	run_words(&run, built("trace-run"), "--no-report", "-o", "probe.plx", "--force", "true");
	/* Only for want of rights or features: any other failure is for the tests to find. */
	if (run.status == 125 && (strstr(run.err, "BPF is not permitted") || strstr(run.err, "CONFIG_")))
		snprintf(reason, sizeof(reason), "%.*s", (int)strcspn(run.err, "\n"), run.err);
	run_free(&run);
	return *reason ? reason : NULL;
}
