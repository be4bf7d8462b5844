/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs that tests of several outputs need, and what holds for every text.
 */
#ifndef TESTS_SUPPORT_SCENES_H
#define TESTS_SUPPORT_SCENES_H

#include <stdbool.h>

struct tb;

/* Many processes and threads in all kinds of states, with names of all lengths. */
void scene_crowd(struct tb *tb, const char *comm);

/*
 * As wide as it gets: three processes with the longest names, seven-digit pids, lives of a day,
 * 2000 threads, 256 cores; in all states, and unknown for most of the time if `lossy`.
 */
void scene_multitude(struct tb *tb, bool lossy);

/* Three threads wait two seconds for a lock that the fourth does not give back. */
void scene_lock(struct tb *tb);

/* Fails on a line that is too wide, ends in a space, or holds a control character. */
void expect_lines(const char *text);

#endif
