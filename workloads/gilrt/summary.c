// SPDX-License-Identifier: BSD-2-Clause
/*
 * The summary of a run: threads and work, what the program counts, what it cost.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/summary.h"

#define COLUMNS	79

struct totals {
	uint64_t units, cpu_ns, wait_ns, waits;
	uint32_t checksum;
};

static void totals_add(struct totals *totals, const struct gilrt_stats *stats)
{
	totals->units += stats->units;
	totals->cpu_ns += stats->cpu_ns;
	totals->wait_ns += stats->gil_wait_ns;
	totals->waits += stats->gil_waits;
	totals->checksum = totals->checksum * 31 + stats->checksum;
}

static struct totals totals_of(const struct truth *truth)
{
	const struct gilrt_thread *thread = NULL;
	struct totals totals = { .units = 0 };
	struct gilrt_stats stats;
	size_t i;

	while ((thread = gilrt_thread_next(thread))) {
		gilrt_thread_stats(thread, &stats);
		totals_add(&totals, &stats);
	}
	for (i = 0; i < truth->process_cnt; i++)
		totals_add(&totals, &truth->processes[i].stats);
	return totals;
}

/* Phrases in a row, with commas, wrapped and indented from the second line on. */
struct phrases {
	FILE *out;
	int column;	/* 0: nothing yet */
};

__attribute__((format(printf, 2, 3)))
static void phrase(struct phrases *phrases, const char *format, ...)
{
	char text[128];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (phrases->column && phrases->column + 2 + len + 1 <= COLUMNS) {
		fprintf(phrases->out, ", %s", text);
		phrases->column += 2 + len;
		return;
	}
	fprintf(phrases->out, "%s  %s", phrases->column ? ",\n" : "", text);
	phrases->column = 2 + len;
}

static void phrases_end(struct phrases *phrases)
{
	if (phrases->column)
		putc('\n', phrases->out);
	phrases->column = 0;
}

/* A name that ends in "_ns" is a time. */
static void counter_write(struct phrases *phrases, const struct truth_counter *counter)
{
	const double ns = (double)counter->value;
	const int len = (int)strlen(counter->name) - 3;

	if (len <= 0 || strcmp(counter->name + len, "_ns") != 0)
		phrase(phrases, "%" PRIu64 " %s", counter->value, counter->name);
	else if (counter->value < NSEC_PER_MSEC)
		phrase(phrases, "%.*s %.1f us", len, counter->name, ns / (double)NSEC_PER_USEC);
	else
		phrase(phrases, "%.*s %.1f ms", len, counter->name, ns / (double)NSEC_PER_MSEC);
}

int summary_write(FILE *out, const struct truth *truth)
{
	const struct workload_options *options = truth->options;
	const struct totals totals = totals_of(truth);
	struct phrases phrases = { .out = out };
	size_t i;

	fprintf(out, "%s: %u thread%s, GIL %s, %.3f s\n", truth->workload, options->thread_cnt,
		options->thread_cnt == 1 ? "" : "s", options_mode_name(options->runtime.mode),
		(double)(truth->end_ns - truth->start_ns) / (double)NSEC_PER_SEC);
	for (i = 0; i < truth->counter_cnt; i++)
		counter_write(&phrases, &truth->counters[i]);
	phrases_end(&phrases);
	if (totals.units)
		phrase(&phrases, "%" PRIu64 " units, checksum %08" PRIx32, totals.units,
		       totals.checksum);
	phrase(&phrases, "%.3f s of CPU", (double)totals.cpu_ns / (double)NSEC_PER_SEC);
	if (options->runtime.mode != GILRT_OFF) {
		phrase(&phrases, "%.3f s waiting for the GIL", (double)totals.wait_ns /
		       (double)NSEC_PER_SEC);
		phrase(&phrases, "%" PRIu64 " waits", totals.waits);
		phrase(&phrases, "%lu switches", gilrt_switches());
	}
	phrases_end(&phrases);

	errno = 0;
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
