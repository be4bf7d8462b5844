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
 * Costs come as a range, from what is certain to what there may be at most: threads that were unknown
 * may have done anything. A finding whose certain part is too small to be one is inconclusive, and so
 * is the verdict that nothing is to be found, where what is unknown would make a finding.
 */
#ifndef ANALYZER_FINDINGS_H
#define ANALYZER_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/table.h"

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
};

/* Cut where it is longer. */
#define FINDING_LINE 400

struct finding {
	const struct finding_kind *kind;
	size_t order;		/* among kinds that cost the same */
	uint64_t cost_ns;
	uint64_t low_ns, high_ns;
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

struct findings {
	struct core_time time;
	struct finding list[FINDINGS_MAX];	/* the most expensive first, notes last */
	size_t cnt;
	enum findings_verdict verdict;	/* FOUND: at least one is certain, and the program's */
	uint64_t hidden_ns;	/* core time that may be lost where threads or cores were unknown */
};

/* Before the report's lists are filtered. */
void findings_make(struct findings *findings, const struct report *report);

#endif
