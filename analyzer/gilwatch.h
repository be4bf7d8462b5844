/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a running thread hold its process's GIL? Evidence, and what follows from it.
 *
 * Evidence comes from peeks at the GIL object: when the thread leaves a core, at a clock tick, and
 * when it wakes somebody. Between two pieces of evidence a running thread is in doubt (held in the
 * queue, queue.h). Its modes since the last evidence:
 *
 *   OFF      the process has no GIL: run.free, nothing is in doubt
 *   FREE     it did not hold the GIL then
 *   HELD     it held it then
 *   FIGHT    it came back from blocking on a part of the GIL and has not been seen to hold it since
 *   DROPPED  it gave the GIL up then; what it is doing now shows when it blocks, or does not
 *
 * Rules, where the next evidence comes at time e:
 *   FREE, HELD   the same again: nothing changed. The opposite: it changed half-way, sampled.
 *                Free since the switch-in and free now, but it had it in between: as around a call
 *                that may block, taken at the switch-in, dropped where it blocks; sampled.
 *   FIGHT        Holds it, or held it since (last holder, and the switch number moved on): taking
 *                an uncontended GIL costs 100 ns, so it was taken right at the switch-in; sampled.
 *                Proved by its own waking of a GIL word inside the take: run.spin until e.
 *                Blocks on the GIL again: run.spin all the time. Pushed off: run.spin, and it goes
 *                on fighting at the next switch-in.
 *                Does something else (blocks elsewhere, or two looks in a row find it without):
 *                whoever waited for "GIL was freed" cannot have got past without it: taken at the
 *                switch-in, dropped half-way to that look, sampled. Whoever came back from a forced
 *                switch had nothing to take: run.free.
 *   DROPPED      blocks on the GIL: run.spin since (forced switch); anything else: run.free since.
 * Where evidence stays away (recorded without samples), the mode is confirmed after a while,
 * sampled: whoever has run for so long has won its fight, or did not want the GIL back.
 */
#ifndef ANALYZER_GILWATCH_H
#define ANALYZER_GILWATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/idmap.h"
#include "analyzer/queue.h"
#include "analyzer/gils.h"
#include "analyzer/thread.h"

/* The thread got a core. Decides its state where that is certain. */
void gil_come(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* A look at the GIL while the thread runs. */
void gil_look(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
	      uint64_t now_ns);
/* The running thread is waking somebody at a GIL word: exact. */
void gil_wake(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
	      uint64_t now_ns);
/* The thread leaves its core. Everything up to now_ns is decided then. */
void gil_leave(struct queue *queue, struct thread *thread, const struct gil_peek *peek,
	       uint64_t how, uint64_t now_ns);
/* There has been no evidence for long: what it showed last is taken to have gone on, sampled. */
void gil_tire(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* Events were lost: nothing is known of the thread from now_ns on. The caller decides `unknown`. */
void gil_lose(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* Better evidence takes over (gilexact.h): ends the doubt. Gives whether it holds the GIL. */
bool gil_retire(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* The running thread replaced its program. */
void gil_exec(struct queue *queue, struct thread *thread, uint64_t now_ns);
/* The run is over. */
void gil_end(struct queue *queue, struct thread *thread, uint64_t end_ns);

#endif
