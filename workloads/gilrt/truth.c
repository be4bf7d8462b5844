// SPDX-License-Identifier: BSD-2-Clause
/*
 * The truth as JSON. Written by hand, so that workloads need no library for it. All numbers are
 * integers below 2^63.
 */

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "workloads/gilrt/truth.h"

static void write_string(FILE *out, const char *text)
{
	const unsigned char *c;

	putc('"', out);
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7f)
			fprintf(out, "\\u%04x", *c);	/* by bytes: names are not text */
		else
			putc(*c, out);
	}
	putc('"', out);
}

static void write_number(FILE *out, const char *name, uint64_t value)
{
	putc(',', out);
	write_string(out, name);
	fprintf(out, ":%" PRIu64, value);
}

static void write_thread(FILE *out, pid_t pid, const struct gilrt_stats *stats)
{
	const struct truth_counter numbers[] = {
		{ "pid", (uint64_t)pid },
		{ "tid", (uint64_t)stats->tid },
		{ "start_ns", stats->start_ns },
		{ "end_ns", stats->end_ns },
		{ "cpu_ns", stats->cpu_ns },
		{ "sched_run_ns", stats->sched_run_ns },
		{ "sched_delay_ns", stats->sched_delay_ns },
		{ "gil_wait_ns", stats->gil_wait_ns },
		{ "gil_waits", stats->gil_waits },
		{ "gil_hold_ns", stats->gil_hold_ns },
		{ "gil_holds", stats->gil_holds },
		{ "gil_released_ns", stats->gil_released_ns },
		{ "lock_wait_ns", stats->lock_wait_ns },
		{ "lock_waits", stats->lock_waits },
		{ "drops", stats->drops },
		{ "forced_switches", stats->forced_switches },
		{ "units", stats->units },
		{ "checksum", stats->checksum },
	};
	size_t i;

	fputs("{\"name\":", out);
	write_string(out, stats->name);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		write_number(out, numbers[i].name, numbers[i].value);
	putc('}', out);
}

int truth_write(FILE *out, const struct truth *truth)
{
	const struct workload_options *options = truth->options;
	const struct gilrt_thread *thread = NULL;
	struct gilrt_stats stats;
	const char *separator = "";
	size_t i;

	fputs("{\"workload\":", out);
	write_string(out, truth->workload);
	fprintf(out, ",\"gil\":\"%s\"", options_mode_name(options->runtime.mode));
	write_number(out, "threads", options->thread_cnt);
	write_number(out, "switch_interval_us", options->runtime.switch_interval_us);
	write_number(out, "seed", options->seed);
	write_number(out, "pid", (uint64_t)getpid());
	write_number(out, "start_ns", truth->start_ns);
	write_number(out, "end_ns", truth->end_ns);
	write_number(out, "wall_ns", truth->end_ns - truth->start_ns);
	write_number(out, "gil_switches", gilrt_switches());
	for (i = 0; i < truth->counter_cnt; i++)
		write_number(out, truth->counters[i].name, truth->counters[i].value);

	fputs(",\"per_thread\":[", out);
	while ((thread = gilrt_thread_next(thread))) {
		gilrt_thread_stats(thread, &stats);
		if (!stats.ended)
			continue;
		fputs(separator, out);
		write_thread(out, getpid(), &stats);
		separator = ",";
	}
	for (i = 0; i < truth->process_cnt; i++) {
		fputs(separator, out);
		write_thread(out, truth->processes[i].pid, &truth->processes[i].stats);
		separator = ",";
	}
	fputs("]}\n", out);

	errno = 0;
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
