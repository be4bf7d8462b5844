/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as JSON: its figures, its schema, and what it takes of memory.
 */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/render.h"
#include "tests/support/scenes.h"
#include "tests/support/tb.h"

#define SECOND UINT64_C(1000000000)

/* What the JSON library has of memory, and when it gets no more. */
static size_t json_bytes, json_bytes_most, json_allocs_left;

static void *json_alloc(size_t size)
{
	size_t *block;

	if (!json_allocs_left)
		return NULL;
	json_allocs_left--;
	block = malloc(size + 16);
	if (!block)
		return NULL;
	*block = size;
	json_bytes += size;
	if (json_bytes > json_bytes_most)
		json_bytes_most = json_bytes;
	return (char *)block + 16;
}

static void json_release(void *at)
{
	size_t *block = at ? (size_t *)((char *)at - 16) : NULL;

	if (block)
		json_bytes -= *block;
	free(block);
}

static int json_measure(const struct tb *tb, size_t allocs, char **ret_text)
{
	json_malloc_t alloc;
	json_free_t release;
	size_t len;
	FILE *out = open_memstream(ret_text, &len);
	int err;

	assert_non_null(out);
	json_get_alloc_funcs(&alloc, &release);
	json_set_alloc_funcs(json_alloc, json_release);
	json_allocs_left = allocs;
	json_bytes_most = 0;
	err = render_json(&tb->report, "prog.plx", out);
	json_set_alloc_funcs(alloc, release);
	fclose(out);
	assert_int_equal(json_bytes, 0);
	return err;
}

/* A line for each of many threads, not a tree of all of them. */
static void test_json_memory_is_flat(void **state)
{
	struct tb *tb = *state;
	char *text;
	json_t *root;

	scene_multitude(tb, false);
	/* 256 cores would take more than what is measured. */
	tb->cores = "2";
	tb_analyze(tb);
	assert_int_equal(json_measure(tb, SIZE_MAX, &text), 0);
	/* One thread in such a tree takes more than a kilobyte. */
	if (json_bytes_most > 200000)
		fail_msg("%zu bytes for 2000 threads", json_bytes_most);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "threads")), 2000);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 3);
	json_decref(root);
	free(text);
}

/* Wherever memory ends, no half of a report passes for all of it. */
static void test_json_out_of_memory(void **state)
{
	struct tb *tb = *state;
	size_t allocs = 0;
	char *text;
	int err;

	scene_lock(tb);
	tb_analyze(tb);
	do {
		json_t *root;

		err = json_measure(tb, allocs, &text);
		assert_true(!err || err == -ENOMEM);
		root = json_loads(text, 0, NULL);
		if (!err)
			assert_non_null(root);
		json_decref(root);
		free(text);
		allocs += allocs < 200 ? 1 : 17;
	} while (err);
}

static json_int_t number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("no number %s", key);
	return json_integer_value(value);
}

static json_int_t sum(const json_t *object)
{
	json_int_t total = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		total += json_integer_value(value);
	return total;
}

static void test_json_facts(void **state)
{
	struct tb *tb = *state;
	json_t *root, *value, *thread;
	json_int_t levels_ns = 0;
	size_t i;
	char *json;

	scene_lock(tb);
	tb_analyze(tb);
	json = tb_json(tb);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_int_equal(number(root, "schema"), 1);
	assert_int_equal(number(root, "wall_ns"), 2 * SECOND);
	assert_int_equal(number(root, "any_on_core_ns"), 2 * SECOND);
	value = json_object_get(json_object_get(root, "curves"), "apparent");
	assert_int_equal(number(value, "integral_ns"), 8 * SECOND);
	assert_true(json_real_value(json_object_get(value, "avg_wall")) == 4.0);
	json_array_foreach(json_object_get(root, "histogram"), i, value)
		levels_ns += number(value, "ns");
	assert_int_equal(levels_ns, number(root, "wall_ns"));
	assert_int_equal(json_array_size(json_object_get(root, "threads")), 4);
	json_array_foreach(json_object_get(root, "threads"), i, thread) {
		value = json_object_get(thread, "states");
		assert_int_equal(json_object_size(value), STATE_CNT);
		assert_int_equal(sum(value),
				 number(thread, "death_ns") - number(thread, "birth_ns"));
		assert_true(json_is_null(json_object_get(thread, "kernel_run_ns")));
	}
	assert_int_equal(json_array_size(json_object_get(root, "cores")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 1);
	value = json_object_get(root, "quality");
	assert_int_equal(number(value, "lost"), 0);
	assert_true(json_is_true(json_object_get(value, "balances")));
	assert_string_equal(json_string_value(json_object_get(value, "confidence")), "high");
	json_decref(root);
	free(json);
}

/* Just what the schema uses: type, properties, required, additionalProperties, items, $ref. */
static void assert_valid(const json_t *root, const json_t *schema, const json_t *value,
			 const char *path);

static bool type_is(const json_t *value, const char *type)
{
	return (!strcmp(type, "object") && json_is_object(value)) ||
	       (!strcmp(type, "array") && json_is_array(value)) ||
	       (!strcmp(type, "string") && json_is_string(value)) ||
	       (!strcmp(type, "integer") && json_is_integer(value)) ||
	       (!strcmp(type, "number") && json_is_number(value)) ||
	       (!strcmp(type, "boolean") && json_is_boolean(value)) ||
	       (!strcmp(type, "null") && json_is_null(value));
}

static void assert_type(const json_t *type, const json_t *value, const char *path)
{
	const json_t *one;
	size_t i;

	if (json_is_string(type) && type_is(value, json_string_value(type)))
		return;
	json_array_foreach(type, i, one)
		if (type_is(value, json_string_value(one)))
			return;
	fail_msg("%s has the wrong type", path);
}

static void assert_object(const json_t *root, const json_t *schema, const json_t *value,
			  const char *path)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *others = json_object_get(schema, "additionalProperties");
	const json_t *one, *member;
	char below[300];
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, one)
		if (!json_object_get(value, json_string_value(one)))
			fail_msg("%s has no %s", path, json_string_value(one));
	json_object_foreach((json_t *)value, key, member) {
		const json_t *rule = json_object_get(properties, key);

		snprintf(below, sizeof(below), "%.200s.%.80s", path, key);
		if (!rule && !json_is_object(others))
			fail_msg("%s is not in the schema", below);
		assert_valid(root, rule ? rule : others, member, below);
	}
}

static void assert_valid(const json_t *root, const json_t *schema, const json_t *value,
			 const char *path)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const json_t *member;
	char below[300];
	size_t i;

	if (ref) {
		assert_memory_equal(ref, "#/$defs/", 8);
		schema = json_object_get(json_object_get(root, "$defs"), ref + 8);
		assert_non_null(schema);
	}
	assert_type(json_object_get(schema, "type"), value, path);
	if (json_is_object(value))
		assert_object(root, schema, value, path);
	json_array_foreach(value, i, member) {
		snprintf(below, sizeof(below), "%.200s[%zu]", path, i);
		assert_valid(root, json_object_get(schema, "items"), member, below);
	}
}

static void test_json_schema(void **state)
{
	struct tb *tb = *state;
	json_t *schema, *root;
	json_error_t error;
	char *json;

	schema = json_load_file("docs/report.schema.json", 0, &error);
	if (!schema)
		fail_msg("docs/report.schema.json:%d: %s", error.line, error.text);
	scene_crowd(tb, "worker");
	tb->cut_bytes = 1;
	tb_analyze(tb);
	json = tb_json(tb);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_valid(schema, schema, root, "report");
	json_decref(root);
	json_decref(schema);
	free(json);
}

#define TEST(name) TB_TEST(name, "2")

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_json_memory_is_flat),
		TEST(test_json_out_of_memory),
		TEST(test_json_facts),
		TEST(test_json_schema),
	};

	return cmocka_run_group_tests_name("report, JSON", tests, NULL, NULL);
}
