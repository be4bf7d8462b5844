/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathers the header's facts. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "collector/facts.h"

static int fact_add(struct facts *facts, const char *key, void *value, size_t len)
{
	if (!value)
		return -ENOMEM;
	if (facts->cnt == FACTS_MAX) {
		free(value);
		return -E2BIG;
	}
	facts->owned[facts->cnt] = value;
	facts->list[facts->cnt++] = (struct trace_fact){ key, value, len };
	return 0;
}

static int fact_text(struct facts *facts, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fact_text(struct facts *facts, const char *key, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	return len < 0 ? -ENOMEM : fact_add(facts, key, text, len);
}

/* The words of the command, each with its NUL. */
static int fact_command(struct facts *facts, char *const command[])
{
	size_t len = 0;
	char *text, *to;

	for (size_t i = 0; command[i]; i++)
		len += strlen(command[i]) + 1;
	text = to = malloc(len);
	for (size_t i = 0; text && command[i]; i++)
		to = stpcpy(to, command[i]) + 1;
	return fact_add(facts, "command", text, len);
}

const char *gil_watch_name(enum gil_watch mode)
{
	static const char *const names[] = {
		[GIL_CHEAP] = "cheap", [GIL_EXACT] = "exact", [GIL_OFF] = "off",
	};

	return names[mode];
}

int facts_gather(const struct options *options, const struct probe_cost *cost,
		 struct facts *ret_facts)
{
	struct timespec now;
	struct utsname name;
	int err;

	*ret_facts = (struct facts){};
	if (uname(&name) || clock_gettime(CLOCK_REALTIME, &now))
		return -errno;
	err = fact_text(ret_facts, "clock", "monotonic");
	if (!err)
		err = fact_text(ret_facts, "machine", "%s", name.machine);
	if (!err)
		err = fact_text(ret_facts, "kernel", "%s", name.release);
	if (!err)
		err = fact_text(ret_facts, "hostname", "%s", name.nodename);
	if (!err)
		err = fact_text(ret_facts, "cores", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	if (!err)
		err = fact_text(ret_facts, "start_realtime_ns", "%llu",
				now.tv_sec * 1000000000ull + now.tv_nsec);
	if (!err)
		err = fact_text(ret_facts, "tool", "trace-run 0.1");
	if (!err)
		err = fact_text(ret_facts, "gil", "%s", gil_watch_name(options->gil));
	if (!err && cost)
		err = fact_text(ret_facts, "probe_hit_ns", "%llu", (unsigned long long)
				(cost->at_nop5 ? cost->nop5_ns : cost->nop_ns));
	return err ? err : fact_command(ret_facts, options->command);
}

void facts_clear(struct facts *facts)
{
	for (size_t i = 0; i < facts->cnt; i++)
		free(facts->owned[i]);
	*facts = (struct facts){};
}
