/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has to be known before the records are read in earnest: a first pass over the file.
 *
 *  - Gaps. A GAP record stands behind the loss that it tells of, so when it comes, records of other
 *    cores from within the gap have already passed. In a file that was cut, what each core's stream
 *    lacks at its end is a gap as well, of a number of events that nobody knows.
 *  - Verdicts on waits. A wait that no waking follows was ended by an earlier waking or is unknown,
 *    and that shows only at the switch-in, which may be minutes later. Without a verdict, all that
 *    happens meanwhile would have to be kept back. Short doubts are left to the timeline, so
 *    there are few verdicts.
 *  - The cores that threads were on for some time: whether they may run on the others nobody recorded.
 *  - The process of every thread, as its birth may stand behind its first switch or be lost.
 *  - Futex words that belong to locks, for each address space (a process from one exec to the
 *    next): one wait that shows an owner tells what the waits before it were for. Memory that is
 *    freed and used again for something else keeps that class until the next exec: only the
 *    allocations could tell, and they are not recorded.
 */
#ifndef ANALYZER_PRESCAN_H
#define ANALYZER_PRESCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/idmap.h"
#include "analyzer/wait.h"
#include "trace/reader.h"

/* Doubts shorter than this get no verdict. */
#define PRESCAN_SHORT_NS UINT64_C(10000000)

/*
 * A recorder writes its records at least so often: of a file that was cut, nothing is missing that
 * is older than this when the last record is made.
 */
#define PRESCAN_TAIL_NS UINT64_C(1000000000)

struct gap {
	uint64_t first_ns, last_ns;
	uint64_t cnt;
	uint32_t core;
};

enum wait_verdict {
	VERDICT_NONE,		/* nothing unusual, or soon to be seen */
	VERDICT_WAITED,		/* ended by a waking that comes later */
	VERDICT_WOKEN_EARLY,	/* ended by the waking before it: not a wait at all */
	VERDICT_UNKNOWN,	/* no waking ended it */
	VERDICT_LOST,		/* the end of a doubt was lost; or no doubt, and lost later */
};

struct verdict {
	uint64_t out_ns, in_ns;
	enum wait_verdict verdict;
};

struct prescan_thread {
	uint64_t process;	/* 0 = no birth in the file */
	bool on_core, blocked, has_early;
	uint32_t core;			/* while it is on one */
	uint64_t seen_ns;		/* last sight of it on a core */
	uint64_t out_ns;
	struct wait before;	/* its last wait in a call */
	struct early_wakings early_wakings;
	struct verdict *verdicts;	/* in the order of time */
	size_t verdicts_cap, verdicts_cnt;
};

struct prescan_process {
	struct idmap *spaces;		/* by execs so far: futex words of locks */
	size_t spaces_cap;
	uint32_t execs;
};

struct prescan_core {
	uint64_t last_ns;	/* its last record */
	bool ours;		/* a thread is on it now, since: */
	uint64_t since_ns;
	uint64_t ours_ns;
};

struct prescan {
	struct gap *gaps;	/* by first_ns */
	size_t gaps_cap, gaps_cnt;
	uint32_t cores_cnt;	/* highest core with records + 1 */
	struct prescan_core *cores;
	size_t cores_cap;
	uint64_t last_ns;
	bool ended;		/* there is an END record */
	uint64_t end_ns;	/* file cut: nothing is known from here on; else 0 */
	struct idmap thread_ids;
	struct prescan_thread **threads;
	size_t threads_cap, threads_cnt;
	struct idmap process_ids;
	struct prescan_process **processes;
	size_t processes_cap, processes_cnt;
};

/* Reads all records; the caller rewinds. */
int prescan_read(struct prescan *prescan, struct trace_reader *reader);
/* The file is cut: the ends of its cores' streams may be missing. */
int prescan_cut(struct prescan *prescan, uint32_t cores_cnt);
void prescan_clear(struct prescan *prescan);

/* The process that the thread's birth names, 0 when there is none. */
uint64_t prescan_process(const struct prescan *prescan, uint64_t thread_id);
/* The futex words of locks in its address space after so many execs; NULL = none. */
const struct idmap *prescan_locks(const struct prescan *prescan, uint64_t process, uint32_t execs);
/*
 * The verdict on the wait of this thread that begins at out_ns. *next is the caller's, one for each
 * thread, 0 at first: waits are asked for in the order of time.
 */
enum wait_verdict prescan_verdict(const struct prescan *prescan, uint64_t thread_id,
				  uint64_t out_ns, size_t *next);
/*
 * Whether threads were on the core for a hundredth as long as on the busiest, or more: where they may not
 * run, at most the moments before they were told so are theirs.
 */
bool prescan_core_at_work(const struct prescan *prescan, uint32_t core);
/* Whether events of any core were lost in the part of [from_ns, to_ns] after from_ns. */
bool prescan_gap_begins_in(const struct prescan *prescan, uint64_t from_ns, uint64_t to_ns);

#endif
