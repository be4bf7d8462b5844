/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * From a probe into its core's ring buffer: reserve, count, tell of losses, wake the reader rarely.
 *
 * One ring for each core, never shared. With default flags every record would wake the reader, whose
 * own switches would make records; so the reader is woken only when a ring has filled to a mark, once
 * until it has looked (`latch`), and for the few events that cannot wait.
 *
 * recorded + lost = counted, for each core, whatever happens: programs may interrupt each other (the
 * sampler comes from a timer), so the counters are changed atomically.
 */
#ifndef PROBES_RING_H
#define PROBES_RING_H

#include "probes/kernel.h"
#include "probes/events.h"
#include <bpf/bpf_helpers.h>

/* Set before load: bytes in a ring at which its reader is woken. */
const volatile u64 ring_mark_bytes = 1 << 18;

/* A reader clears its cores' latches before it drains; eight words apart: one cache line each. */
u64 latch[EVENT_CORES_MAX * 8];

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, EVENT_CORES_MAX);
	__type(key, u32);
	__array(values, struct ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct core_counts);
} counts SEC(".maps");

/* Set when the recording is over: no event has a later time. */
bool stopped;

/* Where a program is and what time its event has. */
struct spot {
	void *ring;	/* NULL on a core that came on line late: all its events are lost */
	struct core_counts *counts;
	u64 ts_ns;
	u32 core;
};

/* False: nothing is recorded (any more). */
static __always_inline bool spot_find(struct spot *spot)
{
	u32 zero = 0;

	spot->ts_ns = bpf_ktime_get_ns();
	spot->core = bpf_get_smp_processor_id();
	spot->ring = bpf_map_lookup_elem(&rings, &spot->core);
	spot->counts = bpf_map_lookup_elem(&counts, &zero);
	return spot->counts && !stopped;
}

static __always_inline void ring_lost(struct spot *spot)
{
	struct core_counts *c = spot->counts;

	__sync_fetch_and_add(&c->lost, 1);
	if (!c->gap_count)
		c->gap_first_ns = spot->ts_ns;
	c->gap_last_ns = spot->ts_ns;
	__sync_fetch_and_add(&c->gap_count, 1);
}

/* Before the first event after a loss: say in band what is missing. False: still no room. */
static __always_inline bool ring_tell_gap(struct spot *spot)
{
	struct core_counts *c = spot->counts;
	struct event_gap *gap;

	if (!spot->ring)
		return false;
	if (!c->gap_count)
		return true;
	gap = bpf_ringbuf_reserve(spot->ring, sizeof(*gap), 0);
	if (!gap)
		return false;
	gap->head = (struct event_head){ .ts_ns = spot->ts_ns, .kind = EVENT_GAP };
	gap->first_ns = c->gap_first_ns;
	gap->last_ns = c->gap_last_ns;
	gap->count = __sync_lock_test_and_set(&c->gap_count, 0);
	bpf_ringbuf_submit(gap, BPF_RB_NO_WAKEUP);
	return true;
}

/* Room for an event of this core, head filled in; NULL: counted as lost. Must be submitted. */
#define ring_reserve(spot, event, kind_, thread_)						\
	({											\
		__sync_fetch_and_add(&(spot)->counts->counted, 1);				\
		(event) = NULL;									\
		if (ring_tell_gap(spot) && (spot)->ring)					\
			(event) = bpf_ringbuf_reserve((spot)->ring, sizeof(*(event)), 0);	\
		if (event)									\
			(event)->head = (struct event_head){ .ts_ns = (spot)->ts_ns,		\
				.kind = (kind_), .thread = (thread_) };				\
		else										\
			ring_lost(spot);							\
		(event);									\
	})

static __always_inline void ring_submit(struct spot *spot, void *event, bool now)
{
	u64 *latched = &latch[(spot->core & (EVENT_CORES_MAX - 1)) * 8];
	u64 flags = BPF_RB_NO_WAKEUP;

	if (now || (!*latched &&
		    bpf_ringbuf_query(spot->ring, BPF_RB_AVAIL_DATA) > ring_mark_bytes)) {
		*latched = 1;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(event, flags);
}

#endif
