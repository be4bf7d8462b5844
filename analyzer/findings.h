/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings: what is worth fixing, with what it costs, where it is, and what to do about it.
 *
 * A cost is core time that was lost: a core stood idle, spun or ran another program, though a thread had
 * work in hand that something else kept from it (speed-up stacks: Eyerman, Du Bois, Eeckhout, ISPASS
 * 2012; who could have used it: analyses/room.h). Of what is no loss nothing is found: threads that wait
 * with nothing to do, or more threads than cores while all cores make progress, cost no core time.
 * What costs none but is worth knowing is a note.
 *
 * Costs come as a range, from what is certain to what there may be at most, for what is unknown may have
 * been anything, other programs had cores that threads could have used, and where none of the run's
 * threads ran they were perhaps not allowed to (analyses/room.h). A finding whose least cost is too small
 * to be one is inconclusive. So is a verdict that would be another if any of this had been otherwise.
 */
#ifndef ANALYZER_FINDINGS_H
#define ANALYZER_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/room.h"
#include "analyzer/table.h"
#include "analyzer/trust.h"

struct prediction;	/* analyses/predict.h */
struct report;

/* Costs below these parts of the core time are not worth a line: of that while work was in hand, */
#define FINDING_PART_BUSY 20
/* and of all that other programs left. */
#define FINDING_PART_ALL 100

/* Where the core time went. */
struct core_time {
	uint64_t all_ns;	/* without other programs' while they took it from nobody */
	uint64_t busy_ns;	/* of it, while work was in hand */
	uint64_t others_ns;	/* of it, other programs' while a thread was ready that found no core */
	uint64_t lost_ns;	/* in all that there is a kind of finding for */
	uint64_t most_ns;	/* nothing can have cost more */
	struct range all, busy;	/* what is unknown leaves open of these */
};

/* Cut where it is longer. */
#define FINDING_LINE 400

struct finding {
	const struct finding_kind *kind;
	size_t order;		/* among kinds that cost the same */
	uint64_t cost_ns;
	struct range bounds[ROOM_DOUBT_CNT];	/* of the cost */
	bool note;		/* costs hardly any core time, but is worth knowing */
	bool inconclusive;
	char place[FINDING_LINE];	/* thread, lock, GIL, program; "" = the whole run */
	char evidence[FINDING_LINE];	/* sentences */
	char doubt[FINDING_LINE];	/* why it is not certain; "" = it is */
	const char *next;	/* what to do */
	const struct prediction *gain;	/* of that; NULL: not replayed */
};

struct finding_kind {
	const char *name;	/* for machines */
	const char *title;
	/* Fills the cost and the words, at least `next`; false where there is nothing of this. */
	bool (*look)(const struct report *report, const struct core_time *time,
		     struct finding *finding);
	unsigned int part_all;	/* 0: FINDING_PART_ALL */
	bool outside;		/* not the program's doing */
};

#define FINDINGS_MAX 16

/* Of the program itself: what is not its doing makes a verdict inconclusive at most. */
enum findings_verdict { VERDICT_NOTHING, VERDICT_FOUND, VERDICT_INCONCLUSIVE };

/* "nothing to fix", ... */
extern const char *const verdict_names[];

/* What makes a verdict inconclusive. */
enum findings_reason {
	REASON_NONE,
	REASON_UNKNOWN,		/* threads or cores that are unknown */
	REASON_OTHERS,		/* cores of other programs */
	REASON_AWAY,		/* cores that its threads did not use */
	REASON_TOGETHER,	/* only several of these at once */
	REASON_OUTSIDE,		/* so much is lost to what is not the program's doing */
	REASON_CNT
};

extern const char *const reason_names[REASON_CNT];	/* for machines; "" = none */
extern const char *const reason_phrases[REASON_CNT];

struct findings {
	struct core_time time;
	struct finding list[FINDINGS_MAX];	/* the most expensive first, notes last */
	size_t cnt;
	enum findings_verdict verdict;	/* FOUND: at least one is certain, and the program's */
	enum findings_reason reason;	/* of an inconclusive one */
};

/* Less is not worth a line. */
uint64_t finding_threshold_ns(const struct core_time *time, const struct finding_kind *kind);
static inline uint64_t finding_low(const struct finding *finding)
{
	return range_low(finding->cost_ns, finding->bounds[ROOM_ANY]);
}

static inline uint64_t finding_high(const struct finding *finding)
{
	return range_high(finding->cost_ns, finding->bounds[ROOM_ANY]);
}

/* Before the report's lists are filtered. */
void findings_make(struct findings *findings, const struct report *report);

#endif
