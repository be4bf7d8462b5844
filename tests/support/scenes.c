/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs that tests of several outputs need.
 */
#include "tests/support/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/table.h"
#include "tests/support/tb.h"

#define SECOND UINT64_C(1000000000)

/* Of all classes, and some that no table knows. */
static const uint64_t calls[] = { 0, 35, 61, 43, 202, 28, 500, 12345 };

void scene_crowd(struct tb *tb, const char *comm)
{
	tb->command = "/usr/local/bin/a-program-with-quite-a-long-name";
	tb_exec(tb, SECOND, 0, 1);
	for (uint64_t id = 2; id < 40; id++) {
		struct trace_thread *thread = tb_thread(tb, SECOND + id, 0, 1, id,
							id < 30 ? id : 1);

		thread->comm = (struct trace_bytes){ comm, strlen(comm) };
		thread->tid = 4194304 - id;
		tb_switch(tb, 2 * SECOND + id, 1, 0, TRACE_HOW_NONE, id);
		if (id % 5)
			tb_block(tb, 2 * SECOND + id, 1, id, calls[id % 8], 0, 0)->owner = id % 3;
		else
			tb_switch(tb, 2 * SECOND + id, 1, id, TRACE_HOW_PREEMPTED, 0)->other = 5;
	}
	for (uint32_t core = 0; core < 40; core++)
		tb_add(tb, SECOND, core, TRACE_CORE)->core.program = core % 2;
	tb_gap(tb, 500 * SECOND, 7, 4 * SECOND, 450 * SECOND, 1234567890);
	tb_switch(tb, 600 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 601 * SECOND, TRACE_END_COMMAND);
}

void scene_multitude(struct tb *tb, bool lossy)
{
	static const char name[] = "leader-name-15c";
	const uint64_t end_ns = 90001 * SECOND;

	tb->cores = "256";
	tb->command = "/usr/bin/a-program-with-quite-a-long-name";
	tb_exec(tb, SECOND, 0, 1);
	for (uint64_t id = 2; id <= 2000; id++) {
		uint64_t process = id < 4 ? id : 1 + id % 3;
		struct trace_thread *thread = tb_thread(tb, SECOND + id, 0, 1, id, process);

		thread->comm = (struct trace_bytes){ name, strlen(name) };
		thread->tid = 4190000 + id;
		thread->pid = 4190000 + process;
		tb_switch(tb, 2 * SECOND + id, 1, 0, TRACE_HOW_NONE, id);
		if (id % 9)
			tb_block(tb, 2 * SECOND + id, 1, id, calls[id % 8], 0, 0)->owner = id % 3;
		else
			tb_switch(tb, 2 * SECOND + id, 1, id, TRACE_HOW_PREEMPTED, 0)->other = 5;
	}
	if (lossy)
		tb_gap(tb, end_ns - SECOND, 7, 4 * SECOND, end_ns - 2 * SECOND, 1234567890);
	for (uint64_t id = 2; id <= 2000 && !lossy; id++) {
		tb_waking(tb, end_ns - SECOND + id, 0, 1, id, NR_FUTEX, 0, 0);
		tb_switch(tb, end_ns - SECOND + id, 2, 0, TRACE_HOW_NONE, id);
		tb_switch(tb, end_ns - SECOND + id, 2, id, TRACE_HOW_DEAD, 0);
	}
	tb_switch(tb, end_ns, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, end_ns, TRACE_END_COMMAND);
}

void scene_lock(struct tb *tb)
{
	tb->command = "./cpu_bound";
	tb_exec(tb, SECOND, 0, 1);
	for (uint64_t id = 2; id <= 4; id++) {
		tb_thread(tb, SECOND, 0, 1, id, 1);
		tb_switch(tb, SECOND, 1, 0, TRACE_HOW_NONE, id);
		tb_block(tb, SECOND, 1, id, NR_FUTEX, 0x100, 0)->owner = 1;
	}
	for (uint64_t id = 2; id <= 4; id++) {
		tb_waking(tb, 3 * SECOND, 0, 1, id, NR_FUTEX, 0x100, 1);
		tb_switch(tb, 3 * SECOND, 1, 0, TRACE_HOW_NONE, id);
		tb_switch(tb, 3 * SECOND, 1, id, TRACE_HOW_DEAD, 0);
	}
	tb_switch(tb, 3 * SECOND, 0, 1, TRACE_HOW_DEAD, 0);
	tb_end(tb, 3 * SECOND, TRACE_END_TREE);
}

void expect_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[1024];

		assert_true(len < sizeof(line));
		memcpy(line, text, len);
		line[len] = '\0';
		if (text_width(line) > 80)
			fail_msg("%d columns: %s", (int)text_width(line), line);
		if (len && line[len - 1] == ' ')
			fail_msg("trailing space: '%s'", line);
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
				fail_msg("control character: %s", line);
		text += len + (text[len] == '\n');
	}
}
