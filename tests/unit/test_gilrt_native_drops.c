// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which native sections let go of the GIL, and how often: exact numbers, which are CPython's.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/gilrt_drops.h"
#include "tests/unit/gilrt_noise.h"
#include "workloads/gilrt/native.h"

#define MIB	((size_t)1024 * 1024)

struct things {
	uint8_t *random;
	void *packed_16383, *packed_16384, *packed_mib;
	size_t size_16383, size_16384, size_mib;
	struct gilrt_sha256 *small, *large;
};

static void create_and_destroy(const struct things *t, size_t size)
{
	struct gilrt_sha256 *hash;

	assert_int_equal(gilrt_sha256_create(t->random, size, &hash), 0);
	/* A large beginning does not make it a shared one. */
	assert_int_equal(gilrt_sha256_update(hash, t->random, 1), 0);
	gilrt_sha256_destroy(hash);
}

static void op_sha256_2047(void *arg)
{
	create_and_destroy(arg, 2047);
}

static void op_sha256_2048(void *arg)
{
	create_and_destroy(arg, 2048);
}

static void op_update_2047(void *arg)
{
	const struct things *t = arg;

	assert_int_equal(gilrt_sha256_update(t->small, t->random, 2047), 0);
}

static void op_update_2048(void *arg)
{
	const struct things *t = arg;

	assert_int_equal(gilrt_sha256_update(t->large, t->random, 2048), 0);
}

static void op_update_1_after_large(void *arg)
{
	const struct things *t = arg;

	assert_int_equal(gilrt_sha256_update(t->large, t->random, 1), 0);
}

static void op_digest(void *arg)
{
	const struct things *t = arg;
	uint8_t digest[GILRT_SHA256_BYTES];

	assert_int_equal(gilrt_sha256_digest(t->large, digest), 0);
}

static void op_crc32_5_kib(void *arg)
{
	const struct things *t = arg;

	gilrt_crc32(0, t->random, 5 * 1024);
}

static void op_crc32_more(void *arg)
{
	const struct things *t = arg;

	gilrt_crc32(0, t->random, 5 * 1024 + 1);
}

static void compress_and_free(const struct things *t, size_t size)
{
	void *data;

	assert_int_equal(gilrt_compress(t->random, size, 1, &data, &size), 0);
	free(data);
}

static void op_compress_nothing(void *arg)
{
	compress_and_free(arg, 0);
}

static void op_compress_1000(void *arg)
{
	compress_and_free(arg, 1000);
}

static void op_compress_100000(void *arg)
{
	compress_and_free(arg, 100000);
}

static void decompress_and_free(const void *packed, size_t size)
{
	void *data;

	assert_int_equal(gilrt_decompress(packed, size, &data, &size), 0);
	free(data);
}

static void op_decompress_16383(void *arg)
{
	const struct things *t = arg;

	decompress_and_free(t->packed_16383, t->size_16383);
}

static void op_decompress_16384(void *arg)
{
	const struct things *t = arg;

	decompress_and_free(t->packed_16384, t->size_16384);
}

static void op_decompress_mib(void *arg)
{
	const struct things *t = arg;

	decompress_and_free(t->packed_mib, t->size_mib);
}

/* CPython's own numbers; of large outputs those of 3.10 to 3.13. */
static const struct op_case op_cases[] = {
	{ "sha256 of 2047 bytes", op_sha256_2047, 0 },
	{ "sha256 of 2048 bytes", op_sha256_2048, 1 },
	{ "update by 2047 bytes", op_update_2047, 0 },
	{ "update by 2048 bytes", op_update_2048, 1 },
	{ "update by 1 byte after a large one", op_update_1_after_large, 1 },
	{ "digest", op_digest, 0 },
	{ "crc32 of 5 KiB", op_crc32_5_kib, 0 },
	{ "crc32 of more", op_crc32_more, 1 },
	{ "compress nothing", op_compress_nothing, 1 },
	{ "compress 1000 bytes", op_compress_1000, 1 },
	{ "compress 100000 bytes", op_compress_100000, 3 },
	{ "decompress to 16383 bytes", op_decompress_16383, 1 },
	{ "decompress to 16384 bytes", op_decompress_16384, 2 },
	{ "decompress to 1 MiB", op_decompress_mib, 4 },
};

static void test_drops_per_operation(void **state)
{
	const int level = GILRT_COMPRESS_DEFAULT;
	uint8_t *zeros = calloc(1, MIB);
	struct things t;

	(void)state;
	assert_non_null(zeros);
	begin();
	t.random = noise(100000);
	assert_int_equal(gilrt_compress(zeros, 16383, level, &t.packed_16383, &t.size_16383), 0);
	assert_int_equal(gilrt_compress(zeros, 16384, level, &t.packed_16384, &t.size_16384), 0);
	assert_int_equal(gilrt_compress(zeros, MIB, level, &t.packed_mib, &t.size_mib), 0);
	assert_int_equal(gilrt_sha256_create(NULL, 0, &t.small), 0);
	assert_int_equal(gilrt_sha256_create(NULL, 0, &t.large), 0);
	check_drops(op_cases, ARRAY_SIZE(op_cases), &t);
	gilrt_sha256_destroy(t.large);
	gilrt_sha256_destroy(t.small);
	free(t.packed_mib);
	free(t.packed_16384);
	free(t.packed_16383);
	free(t.random);
	end();
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_per_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
