// SPDX-License-Identifier: BSD-2-Clause
/*
 * Barrier behaves as Python's in every mode, also when it breaks. Only the main thread asserts.
 */

#include "tests/support/gilrt_modes.h"

#include <errno.h>
#include <stdatomic.h>

#include "workloads/gilrt/barrier.h"

#define PARTIES		4
#define SOON_NS		1000

struct parties {
	struct gilrt_barrier *barrier;
	_Atomic unsigned int arrived_cnt, action_cnt;
	unsigned int arrived_at_action;
	int action_error;
	struct party {
		struct parties *parties;
		int64_t timeout_ns;
		int error;
		unsigned int index, actions_seen;
	} party[PARTIES];
	struct gilrt_thread *threads[PARTIES];
};

static int action(void *arg)
{
	struct parties *p = arg;

	p->arrived_at_action = p->arrived_cnt;
	p->action_cnt++;
	return p->action_error;
}

static void take_part(void *arg)
{
	struct party *self = arg;

	self->parties->arrived_cnt++;
	self->error = gilrt_barrier_wait(self->parties->barrier, self->timeout_ns, &self->index);
	self->actions_seen = self->parties->action_cnt;
}

static void parties_begin(struct parties *p)
{
	int i;

	*p = (struct parties){ .action_error = 0 };
	assert_int_equal(gilrt_barrier_create(PARTIES, action, p, &p->barrier), 0);
	for (i = 0; i < PARTIES; i++)
		p->party[i] = (struct party){ .parties = p, .timeout_ns = GILRT_FOREVER,
					      .error = 1, .index = PARTIES };
}

static void parties_start(struct parties *p, int cnt)
{
	int i;

	for (i = 0; i < cnt; i++)
		p->threads[i] = start(take_part, &p->party[i]);
}

static void parties_join(struct parties *p, int cnt)
{
	int i;

	for (i = 0; i < cnt; i++)
		join(p->threads[i]);
}

/* A thread that is counted has the lock until it waits; who gets the lock after it finds it waiting. */
static void await_waiting(struct parties *p, unsigned int cnt)
{
	while (gilrt_barrier_waiting(p->barrier) < cnt)
		let_others_run();
	assert_int_equal(gilrt_barrier_waiting(p->barrier), cnt);
}

/* All of them have failed, and learnt no index. */
static void assert_all_failed(const struct parties *p, int cnt)
{
	int i;

	for (i = 0; i < cnt; i++) {
		assert_int_equal(p->party[i].error, -EPIPE);
		assert_int_equal(p->party[i].index, PARTIES);
	}
}

static void assert_passed(struct parties *p)
{
	unsigned int seen = 0;
	int i;

	for (i = 0; i < PARTIES; i++) {
		assert_int_equal(p->party[i].error, 0);
		assert_int_equal(p->party[i].actions_seen, 1);
		seen |= 1U << p->party[i].index;
	}
	assert_int_equal(seen, (1U << PARTIES) - 1);
	assert_int_equal(p->arrived_at_action, PARTIES);
	assert_false(gilrt_barrier_is_broken(p->barrier));
	assert_int_equal(gilrt_barrier_waiting(p->barrier), 0);
}

/* The barrier lets a full set of parties pass; for those that are there already, all but the rest. */
static void pass_once(struct parties *p)
{
	int i;

	p->arrived_cnt = 0;
	p->action_cnt = 0;
	parties_start(p, PARTIES - 1);
	await_waiting(p, PARTIES - 1);
	for (i = 0; i < PARTIES - 1; i++)
		assert_int_equal(p->party[i].error, 1);
	take_part(&p->party[PARTIES - 1]);
	assert_int_equal(p->party[PARTIES - 1].index, PARTIES - 1);
	parties_join(p, PARTIES - 1);
	assert_passed(p);
}

static void parties_end(struct parties *p)
{
	gilrt_barrier_destroy(p->barrier);
}

static void reset_errors(struct parties *p)
{
	int i;

	for (i = 0; i < PARTIES; i++) {
		p->party[i].error = 1;
		p->party[i].index = PARTIES;
	}
}

static void test_barrier_of_one(void **state)
{
	struct gilrt_barrier *barrier = NULL;
	unsigned int index = 7;

	(void)state;
	assert_int_equal(gilrt_barrier_create(0, NULL, NULL, &barrier), -EINVAL);
	assert_null(barrier);
	assert_int_equal(gilrt_barrier_create(1, NULL, NULL, &barrier), 0);
	assert_int_equal(gilrt_barrier_wait(barrier, GILRT_NO_WAIT, &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(gilrt_barrier_wait(barrier, GILRT_FOREVER, NULL), 0);
	/* Broken is broken, even if nobody is missing. */
	gilrt_barrier_abort(barrier);
	assert_int_equal(gilrt_barrier_wait(barrier, GILRT_FOREVER, &index), -EPIPE);
	gilrt_barrier_destroy(barrier);
	gilrt_barrier_destroy(NULL);
}

static void test_barrier_opens_for_all(void **state)
{
	struct parties p;

	mode_enter(state, "two generations");
	parties_begin(&p);
	pass_once(&p);
	reset_errors(&p);
	pass_once(&p);
	parties_end(&p);
}

static void test_barrier_timeout_breaks(void **state)
{
	const int64_t timeouts_ns[] = { GILRT_NO_WAIT, SOON_NS };
	struct parties p;
	size_t i;

	mode_enter(state, "time-out");
	parties_begin(&p);
	for (i = 0; i < 2; i++) {
		parties_start(&p, 2);
		await_waiting(&p, 2);
		p.party[2].timeout_ns = timeouts_ns[i];
		take_part(&p.party[2]);
		parties_join(&p, 2);
		assert_all_failed(&p, 3);
		assert_true(gilrt_barrier_is_broken(p.barrier));
		/* From now on at once, however many come. */
		parties_start(&p, PARTIES);
		parties_join(&p, PARTIES);
		assert_all_failed(&p, PARTIES);
		assert_int_equal(p.action_cnt, 0);
		gilrt_barrier_reset(p.barrier);
		assert_false(gilrt_barrier_is_broken(p.barrier));
	}
	p.party[2].timeout_ns = GILRT_FOREVER;
	reset_errors(&p);
	pass_once(&p);
	parties_end(&p);
}

static void test_barrier_abort_and_reset(void **state)
{
	struct parties p;

	mode_enter(state, "abort");
	parties_begin(&p);
	parties_start(&p, 3);
	await_waiting(&p, 3);
	gilrt_barrier_abort(p.barrier);
	assert_int_equal(gilrt_barrier_waiting(p.barrier), 0);
	parties_join(&p, 3);
	assert_all_failed(&p, 3);
	assert_true(gilrt_barrier_is_broken(p.barrier));
	take_part(&p.party[0]);
	assert_all_failed(&p, 1);
	gilrt_barrier_reset(p.barrier);

	mode_enter(state, "reset");
	reset_errors(&p);
	parties_start(&p, 3);
	await_waiting(&p, 3);
	gilrt_barrier_reset(p.barrier);
	assert_int_equal(gilrt_barrier_waiting(p.barrier), 0);
	assert_false(gilrt_barrier_is_broken(p.barrier));
	/* Whoever comes now belongs to the next, also while those of the last have yet to leave. */
	p.party[3].timeout_ns = SOON_NS;
	take_part(&p.party[3]);
	parties_join(&p, 3);
	assert_all_failed(&p, PARTIES);
	assert_true(gilrt_barrier_is_broken(p.barrier));
	gilrt_barrier_reset(p.barrier);
	p.party[3].timeout_ns = GILRT_FOREVER;
	reset_errors(&p);
	pass_once(&p);
	/* Of one that nobody waits at: nothing. */
	gilrt_barrier_reset(p.barrier);
	reset_errors(&p);
	pass_once(&p);
	parties_end(&p);
}

static void test_barrier_action_fails(void **state)
{
	struct parties p;

	mode_enter(state, "action");
	parties_begin(&p);
	p.action_error = -EDOM;
	parties_start(&p, PARTIES - 1);
	await_waiting(&p, PARTIES - 1);
	take_part(&p.party[PARTIES - 1]);
	parties_join(&p, PARTIES - 1);
	assert_all_failed(&p, PARTIES - 1);
	assert_int_equal(p.party[PARTIES - 1].error, -EDOM);
	assert_true(gilrt_barrier_is_broken(p.barrier));
	p.action_error = 0;
	gilrt_barrier_reset(p.barrier);
	reset_errors(&p);
	pass_once(&p);
	parties_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL_MODES(test_barrier_of_one),
		IN_ALL_MODES(test_barrier_opens_for_all),
		IN_ALL_MODES(test_barrier_timeout_breaks),
		IN_ALL_MODES(test_barrier_abort_and_reset),
		IN_ALL_MODES(test_barrier_action_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
