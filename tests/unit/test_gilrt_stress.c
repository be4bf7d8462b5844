// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many threads at Condition, RLock, Event and Semaphore, in every mode: no wake-up is lost or
 * doubled, time-outs that race with them included, and nothing hangs.
 */

#include "tests/support/stress.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "workloads/gilrt/cond.h"
#include "workloads/gilrt/event.h"
#include "workloads/gilrt/rlock.h"
#include "workloads/gilrt/semaphore.h"

#define THREADS	8

/* ---- Condition ------------------------------------------------------------------------------- */

/*
 * A queue of our own beside the Condition's, in the same order because both are under its lock: so
 * for every notification it is known whom it is for.
 */
struct race {
	struct gilrt_lock *lock;
	struct gilrt_cond *cond;
	TAILQ_HEAD(, racer) waiting;
	unsigned int racing_cnt, notified_cnt, woken_cnt, late_cnt;
	struct racer {
		TAILQ_ENTRY(racer) entry;
		struct race *race;
		uint64_t random;
		bool notified;
	} racers[THREADS];
};

/* With the lock. */
static void wait_and_compare(struct racer *self)
{
	const int64_t timeout_ns = random_next(&self->random) % 4 ? short_time(&self->random) :
		GILRT_FOREVER;
	struct race *race = self->race;
	uint64_t start_ns;
	bool time_is_up;
	int err;

	self->notified = false;
	TAILQ_INSERT_TAIL(&race->waiting, self, entry);
	start_ns = clock_now_ns();
	err = gilrt_cond_wait(race->cond, timeout_ns);
	time_is_up = timeout_ns > 0 && clock_now_ns() - start_ns >= (uint64_t)timeout_ns;
	if (!self->notified)
		TAILQ_REMOVE(&race->waiting, self, entry);
	if (err) {
		/* Notified all the same: after its time, but before it had the lock again. */
		must(err == -ETIMEDOUT && time_is_up);
		race->late_cnt += self->notified;
	} else {
		must(self->notified);
		race->woken_cnt++;
	}
}

static void race_run(void *arg)
{
	struct racer *self = arg;
	int i;

	for (i = 0; i < SCALED(1600); i++) {
		gilrt_lock_acquire(self->race->lock, GILRT_FOREVER);
		wait_and_compare(self);
		gilrt_lock_release(self->race->lock);
	}
	gilrt_lock_acquire(self->race->lock, GILRT_FOREVER);
	self->race->racing_cnt--;
	gilrt_lock_release(self->race->lock);
}

/* Returns false when nobody is left. */
static bool race_notify(struct race *race, unsigned int cnt)
{
	const unsigned int asked_cnt = cnt;
	struct racer *racer;
	bool racing;

	gilrt_lock_acquire(race->lock, GILRT_FOREVER);
	while (cnt-- && (racer = TAILQ_FIRST(&race->waiting))) {
		TAILQ_REMOVE(&race->waiting, racer, entry);
		racer->notified = true;
		race->notified_cnt++;
	}
	must(!gilrt_cond_notify(race->cond, asked_cnt));
	racing = race->racing_cnt > 0;
	gilrt_lock_release(race->lock);
	return racing;
}

static void test_notifications_race_with_timeouts(void **state)
{
	struct race race = { .racing_cnt = THREADS };
	struct gilrt_thread **threads;
	uint64_t random = 1;
	unsigned int i;

	mode_enter(state, "notifications and time-outs");
	TAILQ_INIT(&race.waiting);
	assert_int_equal(gilrt_lock_create(&race.lock), 0);
	assert_int_equal(gilrt_cond_create(race.lock, &race.cond), 0);
	for (i = 0; i < THREADS; i++) {
		race.racers[i].race = &race;
		race.racers[i].random = i;
	}
	threads = start_all(race_run, race.racers, sizeof(race.racers[0]), THREADS);
	while (race_notify(&race, (unsigned int)(random_next(&random) % 4)))
		sleep_shortly(&random);
	join_all(threads, THREADS);
	no_failures();
	assert_int_equal(race.notified_cnt, race.woken_cnt + race.late_cnt);
	assert_true(race.woken_cnt > 0);
	assert_true(TAILQ_EMPTY(&race.waiting));
	gilrt_cond_destroy(race.cond);
	gilrt_lock_destroy(race.lock);
}

/* ---- RLock ----------------------------------------------------------------------------------- */

#define NESTS	SCALED(2400)

struct nesting {
	struct gilrt_rlock *rlock;
	struct gilrt_cond *cond;
	unsigned long counter;		/* under the lock */
	struct nester {
		struct nesting *nesting;
		uint64_t random;
	} nesters[THREADS];
};

static void nest(struct nester *self, int level_cnt)
{
	struct nesting *n = self->nesting;
	unsigned long seen;
	int level;

	for (level = 0; level < level_cnt; level++)
		must(!gilrt_rlock_acquire(n->rlock, GILRT_FOREVER));
	if (random_next(&self->random) % 4 == 0) {
		must(!gilrt_cond_notify(n->cond, 1));
		gilrt_cond_wait(n->cond, short_time(&self->random));
	}
	seen = n->counter;
	gilrt_checkpoint();	/* the GIL does not protect what the lock does */
	n->counter = seen + 1;
	for (level = 0; level < level_cnt; level++)
		must(!gilrt_rlock_release(n->rlock));
	must(!gilrt_rlock_is_owned(n->rlock));
}

static void nest_often(void *arg)
{
	struct nester *self = arg;
	int i;

	for (i = 0; i < NESTS; i++)
		nest(self, 1 + (int)(random_next(&self->random) % 4));
}

static void test_rlock_nests(void **state)
{
	struct nesting n = { .counter = 0 };
	struct gilrt_thread **threads;
	unsigned int i;

	mode_enter(state, "nested locks");
	assert_int_equal(gilrt_rlock_create(&n.rlock), 0);
	assert_int_equal(gilrt_cond_create_on_rlock(n.rlock, &n.cond), 0);
	for (i = 0; i < THREADS; i++)
		n.nesters[i] = (struct nester){ .nesting = &n, .random = i };
	threads = start_all(nest_often, n.nesters, sizeof(n.nesters[0]), THREADS);
	join_all(threads, THREADS);
	no_failures();
	assert_int_equal(n.counter, THREADS * NESTS);
	gilrt_cond_destroy(n.cond);
	gilrt_rlock_destroy(n.rlock);
}

/* ---- Event and Semaphore ----------------------------------------------------------------------- */

#define STARTS	SCALED(800)

struct starts {
	struct gilrt_event *go[2];	/* by turns: nobody runs two rounds at one start */
	struct gilrt_semaphore *arrived;
};

static void start_with_others(void *arg)
{
	struct starts *starts = arg;
	int i;

	for (i = 0; i < STARTS; i++) {
		must(!gilrt_event_wait(starts->go[i % 2], GILRT_FOREVER));
		must(!gilrt_semaphore_release(starts->arrived, 1));
	}
}

static void test_event_lets_all_go(void **state)
{
	struct gilrt_thread **threads;
	struct starts starts;
	int i, k;

	mode_enter(state, "events");
	assert_int_equal(gilrt_event_create(&starts.go[0]), 0);
	assert_int_equal(gilrt_event_create(&starts.go[1]), 0);
	assert_int_equal(gilrt_semaphore_create(0, &starts.arrived), 0);
	threads = start_all(start_with_others, &starts, 0, THREADS);
	for (i = 0; i < STARTS; i++) {
		gilrt_event_set(starts.go[i % 2]);
		for (k = 0; k < THREADS; k++)
			assert_int_equal(gilrt_semaphore_acquire(starts.arrived, GILRT_FOREVER), 0);
		gilrt_event_clear(starts.go[i % 2]);
		assert_int_equal(gilrt_semaphore_acquire(starts.arrived, GILRT_NO_WAIT), -EAGAIN);
	}
	join_all(threads, THREADS);
	no_failures();
	gilrt_semaphore_destroy(starts.arrived);
	gilrt_event_destroy(starts.go[1]);
	gilrt_event_destroy(starts.go[0]);
}

#define PERMITS	3

struct guarded {
	struct gilrt_semaphore *semaphore;
	_Atomic unsigned int inside_cnt;
	struct guest {
		struct guarded *guarded;
		uint64_t random;
	} guests[THREADS];
};

static void enter_often(void *arg)
{
	struct guest *self = arg;
	struct guarded *g = self->guarded;
	int64_t timeout_ns;
	int i, err;

	for (i = 0; i < SCALED(2400); i++) {
		timeout_ns = some_timeout(&self->random);
		err = gilrt_semaphore_acquire(g->semaphore, timeout_ns);
		if (err) {
			must(err == (timeout_ns == GILRT_NO_WAIT ? -EAGAIN : -ETIMEDOUT));
			must(timeout_ns != GILRT_FOREVER);
			continue;
		}
		must(++g->inside_cnt <= PERMITS);
		if (i % 8 == 0)
			sleep_shortly(&self->random);
		g->inside_cnt--;
		must(!gilrt_semaphore_release(g->semaphore, 1));
	}
}

static void test_semaphore_bounds(void **state)
{
	struct guarded g = { .inside_cnt = 0 };
	struct gilrt_thread **threads;
	unsigned int i;

	mode_enter(state, "bounded semaphore");
	assert_int_equal(gilrt_bounded_semaphore_create(PERMITS, &g.semaphore), 0);
	for (i = 0; i < THREADS; i++)
		g.guests[i] = (struct guest){ .guarded = &g, .random = i };
	threads = start_all(enter_often, g.guests, sizeof(g.guests[0]), THREADS);
	join_all(threads, THREADS);
	no_failures();
	/* All permits are there again, and no more. */
	assert_int_equal(gilrt_semaphore_release(g.semaphore, 1), -EOVERFLOW);
	for (i = 0; i < PERMITS; i++)
		assert_int_equal(gilrt_semaphore_acquire(g.semaphore, GILRT_NO_WAIT), 0);
	assert_int_equal(gilrt_semaphore_acquire(g.semaphore, GILRT_NO_WAIT), -EAGAIN);
	gilrt_semaphore_destroy(g.semaphore);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL_MODES(test_notifications_race_with_timeouts),
		IN_ALL_MODES(test_rlock_nests),
		IN_ALL_MODES(test_event_lets_all_go),
		IN_ALL_MODES(test_semaphore_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
