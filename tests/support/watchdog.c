// SPDX-License-Identifier: BSD-2-Clause

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/watchdog.h"

/* Far more than anything takes on a busy machine and under a sanitizer. */
#define PATIENCE_SECONDS	150

static const char *volatile hanging_what, *volatile hanging_where;

static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

static void bark(int signal_number)
{
	(void)signal_number;
	say("hangs: ");
	say(hanging_what);
	say(", ");
	say(hanging_where);
	say("\n");
	abort();
}

void watchdog_start(const char *what, const char *where)
{
	hanging_what = what;
	hanging_where = where;
	signal(SIGALRM, bark);
	alarm(PATIENCE_SECONDS);
}

void watchdog_stop(void)
{
	alarm(0);
}
