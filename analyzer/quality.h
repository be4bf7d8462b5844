/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the trace says of itself: how much was recorded, how much lost, what the recording cost.
 * Fed with every record, beside the timeline.
 */
#ifndef ANALYZER_QUALITY_H
#define ANALYZER_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/stretch.h"
#include "trace/records.h"

struct core_quality {
	uint64_t recorded;	/* records that its probes made */
	uint64_t gap_lost;	/* lost, as its gaps say */
	bool has_tally;
	uint64_t counted, lost;	/* as its probes counted */
	bool has_stat;
	/* Around the window, for steal is known once a second. The last is never before the first. */
	uint64_t steal_first_ns, steal_last_ns, steal_at_ns;
	uint64_t inferred, unseen;	/* arrivals: records, and what its probes counted */
};

struct quality {
	const struct stretch *window;
	uint64_t records_cnt;
	uint64_t kinds[TRACE_KIND_MAX];
	uint64_t gaps_cnt;
	uint64_t untracked, unread, unseen;
	uint64_t steal_backwards;	/* times that a core's steal ran backwards */
	bool has_cost;
	uint64_t probe_ns, probe_runs, collector_ns, missed, hits, hits_ns;
	struct core_quality *cores;
	size_t cores_cap, cores_cnt;
};

int quality_record(struct quality *quality, const struct trace_record *record);
void quality_clear(struct quality *quality);

/* What all cores lost; the larger where gaps and tallies differ. */
uint64_t quality_lost(const struct quality *quality);
/*
 * Whether recorded + lost = counted on every core, and lost is what its gaps tell of; without a
 * tally (file cut) it is not.
 */
bool quality_balances(const struct quality *quality);
/* Cores whose counts of inferred arrivals differ, for no loss that would explain it. */
uint64_t quality_contradictions(const struct quality *quality);
uint64_t quality_steal_ns(const struct quality *quality);

#endif
