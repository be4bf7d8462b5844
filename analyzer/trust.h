/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far from the truth a figure may be: what may have been, where the trace does not tell what was.
 *
 * At every instant, as far as it is known,
 *  - a thread in `unknown` may be in any state; on a core if the trace shows it there, else only as long
 *    as there is a core of which it is not known what it does;
 *  - a thread whose birth was lost may be anything from the first loss to where it is first seen;
 *  - one that comes to a core out of `unknown` may have been fighting for a GIL: what it waited for is
 *    forgotten. So it is until it blocks, or, where its steps at the GIL are recorded, until the next;
 *    and what it blocks on may be a GIL or any lock;
 *  - a wait that begins after a loss, and of which nobody saw the end, may have been none: who woke it
 *    before may be lost;
 *  - run.gil and run.free that rest on samples may be the other as far as the instants where they change
 *    are not certain: half the time between the two looks;
 *  - where anything was lost, a futex word that no lock's owner was seen at may be a lock's: wait.sync may
 *    be wait.lock;
 *  - a core of which nothing is known may be idle, another program's, or ours.
 * From this follow, instant by instant, the least and the most that each figure may be. These hold for
 * each figure by itself; they are not reached by all of them together.
 *
 * Not told of are threads that lived and died without one event that was recorded.
 */
#ifndef ANALYZER_TRUST_H
#define ANALYZER_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/stack.h"
#include "analyzer/cores.h"
#include "analyzer/curves.h"
#include "analyzer/sink.h"

struct prescan;

/* So much less, so much more. */
struct range {
	uint64_t down_ns, up_ns;
};

static inline uint64_t range_low(uint64_t ns, struct range range)
{
	return ns > range.down_ns ? ns - range.down_ns : 0;
}

static inline uint64_t range_high(uint64_t ns, struct range range)
{
	return ns + range.up_ns;
}

/* The same, where there can be no more than `most_ns`. */
static inline struct range range_cap(uint64_t ns, struct range range, uint64_t most_ns)
{
	uint64_t up_ns = most_ns > ns ? most_ns - ns : 0;

	return (struct range){ range.down_ns, range.up_ns < up_ns ? range.up_ns : up_ns };
}

/* In what way a thread's state is not certain. */
enum doubt {
	DOUBT_NONE,
	DOUBT_ANY,		/* it may be in any */
	DOUBT_CORE,		/* on a core, in any of run.* */
	DOUBT_RUN,		/* in any of run.*, though another is more likely */
	DOUBT_FUTEX,		/* wait.sync or wait.lock */
	DOUBT_CNT
};

struct trust_thread {
	bool alive;
	bool forgotten;		/* what it waited for before it came to its core */
	bool missed;		/* its last steps at the GIL, which are recorded */
	bool blind;		/* wakings since it came to its core may be lost */
	uint64_t came_ns;
	uint64_t margin_ns;	/* of the instant at which its state began */
	bool on_core;
	enum thread_state state;
	enum doubt doubt;
};

struct trust_core {
	enum core_use use;
	uint32_t slot;		/* CORE_OURS: its thread */
};

/* How many, at the instant. */
struct trust_counts {
	uint64_t in_state[STATE_CNT];
	uint64_t doubt[DOUBT_CNT];
	uint64_t doubted[STATE_CNT];	/* in a state that is likely, and not certain */
	uint64_t uses[CORE_USE_CNT];
};

/* The time between two samples of a core. */
#define TRUST_SAMPLE_NS UINT64_C(1003009)

/* Small parts of a nanosecond. */
#define TRUST_BITS 16

struct trust_sum {
	unsigned __int128 down, up;
};

struct trust {
	const struct prescan *prescan;
	const struct cores *cores;
	const struct stack *stack;
	struct trust_thread *threads;	/* by slot */
	size_t threads_cap;
	struct trust_core *core_now;
	size_t cores_cnt;
	struct trust_counts now;
	uint64_t last_ns, end_least_ns;
	uint64_t unseen;		/* threads without a birth in the file, until they are seen */
	bool births_lost;		/* there are such */
	size_t gap_next;
	uint64_t gap_until_ns;		/* of the gaps so far */
	struct trust_sum part_sums[STACK_PART_CNT];
	/* The results: */
	struct range curves[CURVE_CNT];
	struct range states[STATE_CNT];		/* of all threads together */
	struct range parts[STACK_PART_CNT];	/* of the cores' time */
	uint64_t wall_down_ns;			/* so much earlier the run may have ended */
	uint64_t late_ns;			/* waits that may have been none */
};

/* ctx: a struct trust, zeroed but for `prescan`, `cores` and `stack`; behind all sinks that read its counts. */
extern const struct sink trust_sink;
void trust_clear(struct trust *trust);

/* From the last change until then: threads that may be in any state, and those not yet seen of them. */
uint64_t trust_any(const struct trust *trust, uint64_t until_ns);
uint64_t trust_unseen(const struct trust *trust, uint64_t until_ns);
/* In what way the thread's state, since the last change, is not certain. */
enum doubt trust_doubt(const struct trust *trust, uint32_t slot);
/* Of the state that is left: so much may have been run.free for run.gil, or the other way round. */
uint64_t trust_sampled_ns(const struct trust *trust, const struct change *change);
/* Whether it is forgotten what it did with a GIL before. */
bool trust_forgot(const struct trust *trust, uint32_t slot);
/* At the end: of the cores' time, all but what is certain to be true parallelism. */
uint64_t trust_most_ns(const struct trust *trust);
/* Whether nothing is in doubt. */
bool trust_is_certain(const struct trust *trust, uint64_t until_ns);

#endif
