/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr, rewritten in place; nothing at all in a pipe. */
#include <stdio.h>
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
	double cores;

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
	fprintf(stderr, "\r\033[Ktrace-run: %.1f s, %llu events, %llu lost, %.2f cores' worth now",
		(now - s->start_ns) / 1e9, (unsigned long long)progress.events_cnt,
		(unsigned long long)lost, cores);
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
