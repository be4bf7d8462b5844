/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread waits for, and the wakings that may have ended it.
 */
#ifndef ANALYZER_WAIT_H
#define ANALYZER_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/state.h"
#include "trace/records.h"

struct thread;

/* Who can have ended a wait depends on what kind it is. */
enum wait_kind {
	WAIT_KIND_ANY,
	WAIT_KIND_FUTEX,
	WAIT_KIND_IO,
	WAIT_KIND_CHILD,
	WAIT_KIND_SLEEP,
	WAIT_KIND_CNT
};

struct wait {
	enum thread_state state;
	enum wait_kind kind;
	uint64_t sysno;		/* 1 + nr, 0 = none */
	uint64_t word;		/* WAIT_KIND_FUTEX: its address */
	bool shared;		/* WAIT_KIND_FUTEX: other processes may have the word as well */
	uint64_t owner;		/* WAIT_KIND_FUTEX: thread found as the lock's owner, 0 = none */
};

/* A waking, kept until the wait that it ended is known. */
struct waking {
	uint64_t at_ns;
	struct thread *waker;	/* NULL: not traced, or not known here */
	uint64_t waker_id;	/* 0 = not traced */
	uint64_t process;	/* the waker's, 0 = not known */
	uint64_t other;
	uint64_t context;
	uint64_t sysno;
	uint64_t arg0, arg1;
};

/*
 * The wakings of a thread since it came to its core, before it is known what it will wait for.
 * Kept is the last that could end each kind of wait, so that none is hidden by a later one that
 * could not.
 */
enum early_slot {
	/* By wait kind: a traced thread, in a system call that ends waits of that kind. */
	EARLY_INTERRUPT = WAIT_KIND_CNT,	/* a timer or a device */
	EARLY_PROGRAM,				/* a program that is not traced */
	EARLY_UNCLEAR,				/* a traced thread, whatever it was doing */
	EARLY_SLOT_CNT
};

struct early_wakings {
	unsigned int have;	/* bits by slot */
	struct waking slots[EARLY_SLOT_CNT];
};

#endif
