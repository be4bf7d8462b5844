/* SPDX-License-Identifier: BSD-2-Clause */
/* From ring events to records, and the names of programs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/decode.h"
#include "probes/events.h"

static struct programs *programs;

static int make_programs(void **state)
{
	(void)state;
	return programs_new(&programs);
}

static int free_programs(void **state)
{
	(void)state;
	programs_free(programs);
	return 0;
}

static void foreign_events_are_refused(void **state)
{
	struct event_switch e = { .head.kind = EVENT_SWITCH };
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode_event(programs, &e, sizeof(e.head) - 1, &decoded), -EBADMSG);
	assert_int_equal(decode_event(programs, &e, sizeof(e) - 1, &decoded), -EBADMSG);
	assert_int_equal(decode_event(programs, &e, sizeof(e), &decoded), 0);
	e.head.kind = 0;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &decoded), -EBADMSG);
	e.head.kind = EVENT_GAP + 1;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &decoded), -EBADMSG);
	e.head.kind = UINT32_MAX;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &decoded), -EBADMSG);
}

static void switch_carries_all_facts(void **state)
{
	struct event_switch e = {
		.head = { .ts_ns = 5, .kind = EVENT_SWITCH, .thread = 1 },
		.next = 2, .how = EVENT_HOW_BLOCKED, .iowait = 1, .owner_at = EVENT_OWNER_RWLOCK_W,
		.word = 3, .owner = 4, .call = { .sysno = 202, .arg0 = 6, .arg1 = 7 },
		.peek = { .gil = 8, .last = 9, .switches = 10, .flags = EVENT_GIL_LOCKED,
			  .part = EVENT_GIL_PART_MUTEX },
	};
	struct decoded d;
	const struct trace_sched_switch *r = &d.records[0].sched_switch;

	(void)state;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(d.records_cnt, 1);
	assert_int_equal(d.records[0].kind, TRACE_SWITCH);
	assert_int_equal(d.records[0].ts_ns, 5);
	assert_int_equal(r->prev, 1);
	assert_int_equal(r->next, 2);
	assert_int_equal(r->other, 0);
	assert_int_equal(r->how, TRACE_HOW_BLOCKED);
	assert_int_equal(r->iowait, 1);
	assert_int_equal(r->sysno, 203);
	assert_int_equal(r->arg0, 6);
	assert_int_equal(r->arg1, 7);
	assert_int_equal(r->word, 3);
	assert_int_equal(r->owner, 4);
	assert_int_equal(r->owner_at, TRACE_OWNER_RWLOCK_W);
	assert_int_equal(r->gil, 8);
	assert_int_equal(r->gil_last, 9);
	assert_int_equal(r->gil_switches, 10);
	assert_int_equal(r->gil_flags, TRACE_GIL_LOCKED);
	assert_int_equal(r->gil_part, TRACE_GIL_PART_MUTEX);
	/* No system call is 0, not a number that some call has. */
	e.call.sysno = -1;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(r->sysno, 0);
}

static void steps_carry_all_facts(void **state)
{
	struct event_gilop gilop = {
		.head = { .ts_ns = 5, .kind = EVENT_GILOP, .thread = 1 },
		.gil = 2, .op = EVENT_GIL_OP_REQUEST, .holder = 3, .ns = 4,
	};
	struct event_lockop lockop = {
		.head = { .ts_ns = 6, .kind = EVENT_LOCKOP, .thread = 1 },
		.op = EVENT_LOCK_OP_RELEASE, .kind = 7, .object = 8, .ns = 9,
	};
	struct event_gil gil = { .head.kind = EVENT_GIL, .gil = 1, .process = 2, .address = 3, .exact = 1 };
	struct decoded d;

	(void)state;
	assert_int_equal(decode_event(programs, &gilop, sizeof(gilop), &d), 0);
	assert_int_equal(d.records[0].kind, TRACE_GILOP);
	assert_int_equal(d.records[0].ts_ns, 5);
	assert_int_equal(d.records[0].gilop.thread, 1);
	assert_int_equal(d.records[0].gilop.gil, 2);
	assert_int_equal(d.records[0].gilop.op, TRACE_GIL_OP_REQUEST);
	assert_int_equal(d.records[0].gilop.holder, 3);
	assert_int_equal(d.records[0].gilop.ns, 4);
	assert_int_equal(decode_event(programs, &lockop, sizeof(lockop), &d), 0);
	assert_int_equal(d.records[0].kind, TRACE_LOCKOP);
	assert_int_equal(d.records[0].lockop.thread, 1);
	assert_int_equal(d.records[0].lockop.op, TRACE_LOCK_OP_RELEASE);
	assert_int_equal(d.records[0].lockop.kind, 7);
	assert_int_equal(d.records[0].lockop.object, 8);
	assert_int_equal(d.records[0].lockop.ns, 9);
	assert_int_equal(decode_event(programs, &gil, sizeof(gil), &d), 0);
	assert_int_equal(d.records[0].gil.process, 2);
	assert_int_equal(d.records[0].gil.address, 3);
	assert_int_equal(d.records[0].gil.exact, 1);
}

static void names_are_given_once(void **state)
{
	struct event_core e = { .head = { .ts_ns = 1, .kind = EVENT_CORE }, .now = { 77, "make" } };
	struct decoded d;
	uint64_t id;

	(void)state;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(d.records_cnt, 2);
	assert_int_equal(d.records[0].kind, TRACE_PROGRAM);
	assert_int_equal(d.records[0].ts_ns, 1);
	assert_int_equal(d.records[0].program.pid, 77);
	assert_int_equal(d.records[0].program.comm.len, 4);
	assert_memory_equal(d.records[0].program.comm.data, "make", 4);
	id = d.records[0].program.id;
	assert_true(id > 0);
	assert_int_equal(d.records[1].core.program, id);
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(d.records_cnt, 1);
	assert_int_equal(d.records[0].core.program, id);
	/* The same pid under another name is another program; the idle task is none. */
	strcpy(e.now.comm, "cc1");
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(d.records_cnt, 2);
	assert_int_not_equal(d.records[1].core.program, id);
	e.now = (struct event_task){ 0, "swapper/3" };
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(d.records_cnt, 1);
	assert_int_equal(d.records[0].core.program, 0);
}

static void names_fill_the_field(void **state)
{
	struct event_comm e = { .head = { .kind = EVENT_COMM, .thread = 1 } };
	struct decoded d;

	(void)state;
	memset(e.comm, 'x', sizeof(e.comm));
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_int_equal(d.records[0].comm.comm.len, EVENT_COMM_LEN);
}

static void many_programs_keep_their_ids(void **state)
{
	struct event_task task = { .comm = "p" };
	bool is_new;

	(void)state;
	for (uint32_t pid = 1; pid <= 5000; pid++) {
		task.pid = pid;
		assert_int_equal(programs_id(programs, &task, &is_new), pid);
		assert_true(is_new);
	}
	for (uint32_t pid = 1; pid <= 5000; pid++) {
		task.pid = pid;
		assert_int_equal(programs_id(programs, &task, &is_new), pid);
		assert_false(is_new);
	}
}

static void unknown_exec_is_handed_on(void **state)
{
	struct event_exec e = {
		.head = { .kind = EVENT_EXEC, .thread = 3 }, .tid = 40, .process = 3,
		.gil_state = EVENT_GIL_PENDING, .path_len = 100000, .start_code = 0x1000,
		.program = { 5, 6, 7 }, .path = "/bin/x",
	};
	struct decoded d;

	(void)state;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_true(d.unknown_exec);
	assert_int_equal(d.exec.pid, 40);
	assert_int_equal(d.exec.start_code, 0x1000);
	assert_int_equal(d.exec.program.ino, 5);
	/* A length that the field cannot have is cut to it. */
	assert_int_equal(d.records[0].exec.path.len, EVENT_PATH_LEN - 1);
	e.gil_state = EVENT_GIL_KNOWN;
	assert_int_equal(decode_event(programs, &e, sizeof(e), &d), 0);
	assert_false(d.unknown_exec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(foreign_events_are_refused, make_programs, free_programs),
		cmocka_unit_test_setup_teardown(switch_carries_all_facts, make_programs, free_programs),
		cmocka_unit_test_setup_teardown(steps_carry_all_facts, make_programs, free_programs),
		cmocka_unit_test_setup_teardown(names_are_given_once, make_programs, free_programs),
		cmocka_unit_test_setup_teardown(names_fill_the_field, make_programs, free_programs),
		cmocka_unit_test_setup_teardown(many_programs_keep_their_ids, make_programs, free_programs),
		cmocka_unit_test_setup_teardown(unknown_exec_is_handed_on, make_programs, free_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
