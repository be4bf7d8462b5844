/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr, rewritten in place; nothing at all in a pipe. */
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "collector/status.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void status_start(struct status *s)
{
	*s = (struct status){ .shown = isatty(STDERR_FILENO), .start_ns = now_ns() };
	s->last_ns = s->start_ns;
}

void status_update(struct status *s, struct session *session, struct drain *drain)
{
	struct core_counts counts[EVENT_CORES_MAX];
	struct drain_progress progress;
	uint64_t now = now_ns(), lost = 0;
	struct winsize size;
	char line[160];
	double cores;
	int len;

	if (!s->shown)
		return;
	drain_progress(drain, &progress);
	if (!session_counts(session, counts))
		for (unsigned int core = 0; core < session_cores(session); core++)
			lost += counts[core].lost;
	cores = progress.on_core_ns > s->last_on_core_ns ?
		(double)(progress.on_core_ns - s->last_on_core_ns) / (now - s->last_ns) : 0;
	s->last_on_core_ns = progress.on_core_ns;
	s->last_ns = now;
	len = snprintf(line, sizeof(line), "trace-run: %.1f s, %llu events, %llu lost, %.2f cores' worth now",
		       (now - s->start_ns) / 1e9, (unsigned long long)progress.events_cnt,
		       (unsigned long long)lost, cores);
	/* One row, and the cursor at its start, so that what the command prints begins there. */
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		size.ws_col = 80;
	fprintf(stderr, "\r%.*s\033[K\r", len < size.ws_col ? len : size.ws_col - 1, line);
	fflush(stderr);
	s->written = true;
}

void status_clear(struct status *s)
{
	if (!s->written)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	s->written = false;
}
