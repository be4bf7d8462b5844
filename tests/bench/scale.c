/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scale TRACE-REPORT [MILLIONS...]: does memory stay where it is, and does time grow no faster than the
 * trace? Plays a machine of 256 cores and 2,000 threads for so many million events, and measures the
 * report on each trace, as text and as JSON. Exits 1 when a bar is missed. Time is CPU time, so that
 * others on the machine do not count.
 *
 * The traces take 7 bytes an event in $TMPDIR or /tmp, one at a time, and so does what the report keeps
 * there; neither has a name that could be left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/recorder.h"
#include "tests/sim/stream.h"

#define SEED 1
#define MILLION UINT64_C(1000000)

/* The bars: peak memory, and how much more an event of the longest trace may cost than of the shortest. */
#define MEMORY_MAX_MB 256.0
#define GROWTH_MAX 1.5

#define RUNS_MAX 16

struct figures {
	double seconds, memory_mb;
};

struct run {
	uint64_t events;
	double trace_mb;
	struct figures text, json;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "scale: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static int file_open(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		die("cannot open a temporary file");
	return fd;
}

static void world_play(int fd, struct run *run)
{
	struct sim_script script;
	struct sim_recorder recorder;
	struct sim_world world;

	script_make_large(&script, SEED, run->events);
	recorder_begin(&recorder, script.setup.cores);
	recorder.stream = stream_open(fd, script.setup.cores);
	world_run(&world, &script, &recorder);
	run->events = stream_records(recorder.stream);
	run->trace_mb = (double)stream_close(recorder.stream) / 1e6;
	world_clear(&world);
	recorder_clear(&recorder);
	script_clear(&script);
}

/*
 * In a process of its own: a program's peak memory begins with that of whoever forked it, so this one
 * must stay small. `run` is shared with it.
 */
static void trace_play(int fd, struct run *run)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		world_play(fd, run);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("cannot fork");
	if (status) {
		fprintf(stderr, "scale: the simulator failed: status 0x%x\n", (unsigned)status);
		exit(2);
	}
}

/* `option` NULL: none. */
static void report_run(const char *program, const char *option, int fd, struct figures *ret_figures)
{
	char path[32];
	char *const args[] = { (char *)program, option ? (char *)option : path, option ? path : NULL, NULL };
	struct rusage usage;
	int status, null;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pid = fork();
	if (pid < 0)
		die("cannot fork");
	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			_exit(126);
		execv(program, args);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		die("cannot wait for the report");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "scale: %s failed: status 0x%x\n", program, (unsigned)status);
		exit(2);
	}
	*ret_figures = (struct figures){
		.seconds = seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime),
		.memory_mb = (double)usage.ru_maxrss / 1024,
	};
}

static void run_print(const struct run *run)
{
	double millions = (double)run->events / 1e6;

	printf("%10.2f %9.1f %8.2f %8.2f %8.2f %7.1f %7.1f %8.2f\n", millions, run->trace_mb, run->text.seconds,
	       run->json.seconds, run->text.seconds / millions, run->text.memory_mb, run->json.memory_mb,
	       run->text.memory_mb / millions);
	fflush(stdout);
}

static int bar_check(const char *what, double got, double bar, const char *unit)
{
	printf("%s  %-52s %8.2f%s, at most %.2f%s\n", got <= bar ? "PASS" : "FAIL", what, got, unit, bar, unit);
	return got > bar;
}

static double per_event(double figure, const struct run *run)
{
	return figure / (double)run->events;
}

static int bars_check(const struct run *runs, size_t cnt)
{
	const struct run *first = &runs[0], *last = &runs[cnt - 1];
	int missed = 0;

	for (size_t i = 0; i < cnt; i++)
		last = runs[i].events > last->events ? &runs[i] : last;
	for (size_t i = 0; i < cnt; i++)
		first = runs[i].events < first->events ? &runs[i] : first;
	missed |= bar_check("peak memory, text", last->text.memory_mb, MEMORY_MAX_MB, " MB");
	missed |= bar_check("peak memory, JSON", last->json.memory_mb, MEMORY_MAX_MB, " MB");
	missed |= bar_check("time per event, longest trace / shortest, text",
			    per_event(last->text.seconds, last) / per_event(first->text.seconds, first), GROWTH_MAX, "");
	missed |= bar_check("time per event, longest trace / shortest, JSON",
			    per_event(last->json.seconds, last) / per_event(first->json.seconds, first), GROWTH_MAX, "");
	missed |= bar_check("memory per event, longest trace / shortest, text",
			    per_event(last->text.memory_mb, last) / per_event(first->text.memory_mb, first), GROWTH_MAX,
			    "");
	return missed;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = { "1", "5", "10", "50" };
	size_t cnt = argc > 2 ? (size_t)argc - 2 : sizeof(usual) / sizeof(*usual);
	struct run *runs = mmap(NULL, RUNS_MAX * sizeof(*runs), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (runs == MAP_FAILED)
		die("no memory");
	if (argc < 2 || cnt > RUNS_MAX) {
		fprintf(stderr, "usage: scale TRACE-REPORT [MILLIONS OF EVENTS...]\n");
		return 2;
	}
	printf("%10s %9s %8s %8s %8s %7s %7s %8s\n", "million", "trace MB", "text s", "JSON s", "s/mill.", "text MB",
	       "JSON MB", "MB/mill.");
	for (size_t i = 0; i < cnt; i++) {
		int fd = file_open();

		runs[i].events = strtoull(argc > 2 ? argv[2 + i] : usual[i], NULL, 10) * MILLION;
		trace_play(fd, &runs[i]);
		report_run(argv[1], NULL, fd, &runs[i].text);
		report_run(argv[1], "--json", fd, &runs[i].json);
		run_print(&runs[i]);
		close(fd);
	}
	return bars_check(runs, cnt);
}
