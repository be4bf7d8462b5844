/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which thread is on which core, what else the cores do, and what lost events take back of it.
 *
 * Always: a core is at one of ours (core_now.thread) if and only if that thread is on it
 * (PLACE_CORE). A record that says otherwise contradicts the ones before: it is counted, and all
 * that it proves wrong is unknown from then on.
 */
#ifndef ANALYZER_PLACE_H
#define ANALYZER_PLACE_H

#include "analyzer/timeline.h"

void place_core_set(struct timeline *timeline, const struct core_change *change);
/* Until now this thread has had the core; NULL: none of ours. */
void place_was(struct timeline *timeline, uint32_t core, struct thread *thread);
/* The thread is running on this core, and goes on. */
void place_seen(struct timeline *timeline, uint32_t core, struct thread *thread);
/* The thread comes to a core: it is on none. */
void place_nowhere(struct timeline *timeline, struct thread *thread);
/* Every gap takes effect at the time of its first lost event. */
void place_gaps_begin(struct timeline *timeline, uint64_t until_ns);

#endif
