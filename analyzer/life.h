/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to a thread, from its birth to its death, and the state that follows from it.
 *
 * Times are the timeline's present (timeline->now_ns), which only goes forward.
 */
#ifndef ANALYZER_LIFE_H
#define ANALYZER_LIFE_H

#include "analyzer/timeline.h"

/*
 * While somebody is in doubt, all that the others do is kept back in memory. Looks at a running
 * thread come every millisecond, doubts about wakings are short (prescan.h): what has lasted so
 * long will last.
 */
#define TIRED_NS UINT64_C(100000000)

/*
 * The thread with this id; born unknown if its birth was never seen. NULL when it is dead: the
 * record that names it contradicts its death.
 */
int life_sight(struct timeline *timeline, uint64_t id, struct thread **ret_thread);
int life_birth(struct timeline *timeline, const struct trace_record *record);
/* It got this core. */
void life_come(struct timeline *timeline, struct thread *thread, uint32_t core);
/* It is running on this core: news if it was lost. */
void life_seen(struct timeline *timeline, struct thread *thread, uint32_t core);
/* It left its core: blocked, pushed off or dead. */
void life_leave(struct timeline *timeline, struct thread *thread,
		const struct trace_sched_switch *record);
/* Somebody made it runnable. */
void life_wake(struct timeline *timeline, struct thread *thread, const struct waking *waking);
/* Whoever has been in doubt for too long is taken at his last word. */
void life_tire(struct timeline *timeline);
/* Events were lost that may concern it. */
void life_lose(struct timeline *timeline, struct thread *thread);
/* The run is over and it still lives. */
void life_outlast(struct timeline *timeline, struct thread *thread, uint64_t end_ns);

#endif
