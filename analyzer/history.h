/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All changes and edges of the run in the order of time, for analyses that look backwards (critical
 * path) or more than once (replay). Kept compressed; beyond HISTORY_MEMORY_BYTES in a temporary file
 * without a name, in $TMPDIR or /tmp. Where no such file can be had, or it is full, it stays in memory.
 *
 * Reading begins after the sinks' end; any number of readers, forwards or backwards.
 */
#ifndef ANALYZER_HISTORY_H
#define ANALYZER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sink.h"

#define HISTORY_MEMORY_BYTES (32u << 20)

enum history_kind { HISTORY_CHANGE, HISTORY_EDGE };

struct history_entry {
	uint64_t at_ns;
	uint64_t since_ns;	/* when `from` began; says nothing at a birth */
	/*
	 * A change to run.gil, wait.gil: the GIL's id; to another wait: 1 + slot of its futex word; 0 = none.
	 * An edge: 1 + slot of the believed waker, 0 = none.
	 */
	uint64_t object;
	/*
	 * An edge: what that wait was for, numbered like the object of a change to it. A change: 1 + slot of
	 * the thread that was read in the lock of `from` as its owner, 0 = none.
	 */
	uint64_t awaited;
	/* A change: the GIL that it ran under, waited for or held in `from`; 0 = none, or not known. */
	uint64_t gil;
	uint32_t thread;	/* slot of the thread that changes or is woken */
	unsigned char kind : 7;	/* enum history_kind */
	unsigned char held : 1;	/* a change: it held `gil`, on a core or off it */
	unsigned char from, to;	/* change: enum thread_state; edge: `from` is the wait that it ended */
	unsigned char cause;	/* edge: enum wake_cause */
};

struct history_block;

struct history {
	struct history_entry *filling;
	size_t filling_cnt;
	struct history_block *blocks;
	size_t blocks_cap, blocks_cnt;
	size_t memory_bytes;	/* of blocks in memory */
	int fd;			/* 1 + the file's, 0 = none yet, -1 = none to be had */
	uint64_t file_bytes;
	uint64_t entries_cnt;
};

/* ctx: a struct history, zeroed. */
extern const struct sink history_sink;
void history_clear(struct history *history);
/* Where its file is. */
const char *history_dir(void);

struct history_reader {
	const struct history *history;
	struct history_entry *entries;	/* of the block at hand */
	size_t cnt, at;			/* at: the next one's place, or one behind the previous one's */
	size_t block;			/* one behind the block at hand */
	void *packed;
	size_t packed_cap;
};

/* At the begin. The history must outlive its readers. */
int history_open(struct history_reader *reader, const struct history *history);
int history_open_at_end(struct history_reader *reader, const struct history *history);
void history_close(struct history_reader *reader);
/*
 * 1: got one; 0: no more in this direction; or a negative errno, -ESTALE where the temporary file does not
 * give back what was put there. A reader goes one way only.
 */
int history_next(struct history_reader *reader, struct history_entry *ret_entry);
int history_previous(struct history_reader *reader, struct history_entry *ret_entry);

#endif
