/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of code that could wait for ever: a hang becomes a failure that says where it was. */
#ifndef TESTS_SUPPORT_WATCHDOG_H
#define TESTS_SUPPORT_WATCHDOG_H

/*
 * The program is aborted, with `what` and `where` on stderr, unless this is called again or
 * watchdog_stop() is within some minutes. The strings are borrowed.
 */
void watchdog_start(const char *what, const char *where);
void watchdog_stop(void);

#endif
