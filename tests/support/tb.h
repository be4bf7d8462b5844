/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traces written by hand, record by record, and what the analyzer makes of them.
 *
 * Calls that add a record return it, or its part of its kind, for further fields; the pointer is
 * good until the next call. Times may come in any order. Everything that fails, fails the test.
 */
#ifndef TESTS_SUPPORT_TB_H
#define TESTS_SUPPORT_TB_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analysis.h"
#include "analyzer/report.h"
#include "trace/records.h"

/* System calls by their numbers on x86-64, as traces hold them. */
enum {
	NR_READ = 0, NR_WRITE = 1, NR_POLL = 7, NR_NANOSLEEP = 35, NR_ACCEPT = 43, NR_EXECVE = 59, NR_EXIT = 60,
	NR_WAIT4 = 61, NR_FUTEX = 202, NR_RESTART = 219, NR_EXIT_GROUP = 231, NR_TGKILL = 234,
};

struct tb {
	struct trace_record *records;
	size_t cap, cnt;
	const char *cores;		/* decimal, as in the header */
	const char *command;
	size_t cut_bytes;		/* left out at the file's end */
	/* After tb_analyze(): */
	void *image;
	size_t image_len;
	struct trace_reader *reader;
	struct analysis analysis;
	struct report report;
};

void tb_init(struct tb *tb, const char *cores);
void tb_free(struct tb *tb);
/* Begins anew, on as many cores. */
void tb_reset(struct tb *tb);

/*
 * A row of cmocka's: a test whose *state is a trace of a machine with this many cores (decimal), without
 * records; or one that another set-up begins, which calls tb_setup() first.
 */
#define TB_TEST(function, cores) TB_TEST_AFTER(function, tb_setup, cores)
#define TB_TEST_AFTER(function, setup, cores) \
	cmocka_unit_test_prestate_setup_teardown(function, setup, tb_teardown, (void *)(cores))
int tb_setup(void **state);
/* The same, and COMMAND begins: thread 1, at 1000 on core 0. */
int tb_setup_exec(void **state);
int tb_teardown(void **state);

struct trace_record *tb_add(struct tb *tb, uint64_t ts_ns, uint32_t stream, uint32_t kind);

/* COMMAND begins: thread `id` of its own process, on this core. */
struct trace_exec *tb_exec(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t id);
/* tid is 1000 + id, pid 1000 + process. */
struct trace_thread *tb_thread(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t parent,
			       uint64_t id, uint64_t process);
/* Thread 1 has a child: thread 2 of this process, born at 2000, on core 1 from 3000 on. */
void tb_second(struct tb *tb, uint64_t process);
struct trace_sched_switch *tb_switch(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t prev,
				     enum trace_how how, uint64_t next);
/* prev blocks in a system call (its plain number) and the core goes idle. */
struct trace_sched_switch *tb_block(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t prev,
				    uint64_t nr, uint64_t arg0, uint64_t arg1);
/* The waker runs on this core, in task context, in system call nr. */
struct trace_waking *tb_waking(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t waker,
			       uint64_t wakee, uint64_t nr, uint64_t arg0, uint64_t arg1);
struct trace_sample *tb_sample(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread);
void tb_gap(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t first_ns, uint64_t last_ns,
	    uint64_t cnt);
/* END, and TALLYs that balance. */
void tb_end(struct tb *tb, uint64_t ts_ns, enum trace_end_reason reason);
/* Threads 1 and 2 die on cores 0 and 1, and with them the run ends. */
void tb_both_die(struct tb *tb, uint64_t ts_ns);
/* A GIL of this process is known from here on. */
struct trace_gil *tb_gil(struct tb *tb, uint64_t ts_ns, uint32_t stream, uint64_t id, uint64_t process);
void tb_gil_step(struct tb *tb, uint64_t ts_ns, uint32_t core, uint64_t thread, uint64_t gil,
		 enum trace_gil_op op);

/* What a peek saw, for any record that has one. */
#define TB_PEEK(record, part, last, flags, switches) do { \
	__typeof__(record) tb_record_ = (record); \
	tb_record_->gil = 1; \
	tb_record_->gil_flags = (flags); \
	tb_record_->gil_part = (part); \
	tb_record_->gil_last = (last); \
	tb_record_->gil_switches = (switches); \
} while (0)
#define TB_HELD (TRACE_GIL_CREATED | TRACE_GIL_LOCKED)
#define TB_FREED TRACE_GIL_CREATED

/* Writes the file and opens it; tb->reader reads it. */
void tb_open(struct tb *tb);
/* The same, and analyzes it. */
void tb_analyze(struct tb *tb);
/* The same, but returns what analysis_run() says, and makes no report. */
int tb_try(struct tb *tb);

/* Of the report: */
const struct report_thread *tb_row(const struct tb *tb, uint64_t id);
uint64_t tb_state(const struct tb *tb, uint64_t id, enum thread_state state);
/* Fails unless the thread spent exactly this in the state. */
#define tb_expect(tb, id, state, ns) assert_int_equal(tb_state(tb, id, state), ns)

/* The text that a renderer prints; free() it. */
char *tb_text(const struct tb *tb, int utf8);
char *tb_json(const struct tb *tb);

#endif
