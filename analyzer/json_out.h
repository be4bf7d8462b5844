/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling JSON objects where any allocation may fail: a failed one shows as a NULL that spreads,
 * because json_object_set_new() and its like refuse NULL with -1; every call goes through `failed`.
 */
#ifndef ANALYZER_JSON_OUT_H
#define ANALYZER_JSON_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/escape.h"

struct json_out {
	bool failed;
};

static inline void put(struct json_out *out, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		out->failed = true;
}

static inline void put_number(struct json_out *out, json_t *object, const char *key, uint64_t value)
{
	put(out, object, key, json_integer((json_int_t)value));
}

static inline void put_bool(struct json_out *out, json_t *object, const char *key, bool value)
{
	put(out, object, key, json_boolean(value));
}

/* Text from outside: made valid UTF-8 first. */
static inline void put_text(struct json_out *out, json_t *object, const char *key, const char *text)
{
	char *escaped = escape_dup(text, strlen(text));

	put(out, object, key, escaped ? json_string(escaped) : NULL);
	free(escaped);
}

static inline void append(struct json_out *out, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		out->failed = true;
}

/* Where there is no such number: null. */
static inline void put_maybe(struct json_out *out, json_t *object, const char *key, bool known,
			     uint64_t value)
{
	put(out, object, key, known ? json_integer((json_int_t)value) : json_null());
}

#endif
