/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bottle graphs (Du Bois, Sartor, Eyerman, Eeckhout, OOPSLA 2013). While k threads are active, each has
 * a k-th of the time; what a thread has in sum is its bottle's height, so that the heights sum to the
 * time in which anybody is active (identity 4). Its width is its parallelism, active time / height, so
 * that a bottle's area is the time in which its thread is active.
 *
 * CMetric (Nair & Field, ICPE 2020): the same sum over a thread's time on a core alone, with k the
 * threads that are on a core or ready for one. Those who wait for a core are counted, but have no share.
 *
 * Whole nanoseconds: shares are summed in fractions finer than 2^-24 ns, rounded to that, and split at
 * the end: the largest remainders first, then the lower thread id. A CMetric is rounded by itself.
 */
#ifndef ANALYZER_ANALYSES_BOTTLE_H
#define ANALYZER_ANALYSES_BOTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/groups.h"
#include "analyzer/identity.h"
#include "analyzer/sink.h"

enum bottle_kind { BOTTLE_TRUE, BOTTLE_APPARENT, BOTTLE_CMETRIC, BOTTLE_KIND_CNT };

struct bottle {
	uint64_t height_ns;
	uint64_t active_ns;
};

struct thread_bottles {
	const struct thread *thread;		/* NULL: not born yet */
	unsigned __int128 share[BOTTLE_KIND_CNT];	/* in 2^-64 ns */
	struct bottle bottles[BOTTLE_KIND_CNT];
};

/* The threads among which time is split. */
struct bottle_crowd {
	/* Bits by state: who is in it belongs to the crowd; and has a share. */
	unsigned int members, sharers;
	uint64_t active_cnt, since_ns;
	unsigned __int128 share;	/* of each that was active all the time, in 2^-64 ns */
	uint64_t any_ns;		/* time with anybody active */
};

struct group_bottles {
	const struct thread_group *group;
	struct bottle bottles[BOTTLE_KIND_CNT];
};

struct bottles {
	struct identity *identity;
	const struct groups *groups;
	struct bottle_crowd crowds[BOTTLE_KIND_CNT];
	struct thread_bottles *threads;	/* by slot; after `end`: of those that were born, one by one */
	size_t threads_cap, threads_cnt;
	struct group_bottles *of_groups;	/* sums over their threads, most apparent first; after `end` */
};

/* ctx: a struct bottles, zeroed but for `identity` and `groups`, whose sink comes first. */
extern const struct sink bottle_sink;
void bottle_clear(struct bottles *bottles);

#endif
