/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of records that the recorder itself makes. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collector/journal.h"

struct journal {
	struct output *output;
	struct trace_builder *builder;
};

int journal_new(struct output *output, struct journal **ret_journal)
{
	struct journal *j = calloc(1, sizeof(*j));
	int err;

	if (!j)
		return -ENOMEM;
	j->output = output;
	err = trace_builder_new(TRACE_STREAM_COLLECTOR, &j->builder);
	if (err) {
		free(j);
		return err;
	}
	*ret_journal = j;
	return 0;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	trace_builder_free(j->builder);
	free(j);
}

static int journal_seal(struct journal *j)
{
	struct trace_block *block;
	/* One thread, one clock: no record comes late. */
	int err = trace_builder_seal(j->builder, true, &block);

	if (!err && block)
		output_put(j->output, block);
	return err;
}

uint64_t journal_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int journal_add(struct journal *j, const struct trace_record *record)
{
	int ret = trace_builder_add(j->builder, record);

	return ret > 0 ? journal_seal(j) : ret;
}

int journal_sample_cores(struct journal *j)
{
	FILE *file = fopen("/proc/stat", "re");
	uint64_t tick_ns = 1000000000ull / sysconf(_SC_CLK_TCK);
	struct trace_record record = { .kind = TRACE_CORESTAT };
	char line[512];
	int err = 0;

	if (!file)
		return 0;
	while (!err && fgets(line, sizeof(line), file)) {
		/* user nice system idle iowait irq softirq steal, in ticks (proc(5)) */
		unsigned long long t[8];
		unsigned int core;

		/* The line of the sum has a blank there, which %u would skip. */
		if (strncmp(line, "cpu", 3) || !isdigit((unsigned char)line[3]) ||
		    sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &core, &t[0], &t[1],
			   &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 9)
			continue;
		record.ts_ns = journal_now_ns();
		record.corestat = (struct trace_corestat){
			.core = core,
			.busy_ns = (t[0] + t[1] + t[2] + t[5] + t[6]) * tick_ns,
			.idle_ns = (t[3] + t[4]) * tick_ns,
			.steal_ns = t[7] * tick_ns,
		};
		err = journal_add(j, &record);
	}
	fclose(file);
	/* What was sampled so far must survive a recorder that is killed. */
	return err ? err : journal_seal(j);
}

int journal_close(struct journal *j)
{
	return journal_seal(j);
}
