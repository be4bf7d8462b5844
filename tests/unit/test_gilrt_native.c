// SPDX-License-Identifier: BSD-2-Clause
/*
 * Native sections: known answers, and that they are computed without the GIL.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/gilrt_drops.h"
#include "tests/unit/gilrt_noise.h"
#include "workloads/gilrt/native.h"

#define MIB	((size_t)1024 * 1024)

/* ---- known answers --------------------------------------------------------------------------- */

static void check_hex(const uint8_t digest[GILRT_SHA256_BYTES], const char *expected)
{
	char text[2 * GILRT_SHA256_BYTES + 1];
	size_t i;

	for (i = 0; i < GILRT_SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, expected);
}

static void sha256_of(const void *data, size_t size, uint8_t digest[GILRT_SHA256_BYTES])
{
	struct gilrt_sha256 *hash;

	assert_int_equal(gilrt_sha256_create(data, size, &hash), 0);
	assert_int_equal(gilrt_sha256_digest(hash, digest), 0);
	gilrt_sha256_destroy(hash);
}

/* The vectors of FIPS 180. */
static void test_sha256_known_answers(void **state)
{
	const char *const million =
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
	uint8_t digest[GILRT_SHA256_BYTES];
	struct gilrt_sha256 *hash;
	char *as = malloc(MIB);
	size_t done, size;

	(void)state;
	assert_non_null(as);
	memset(as, 'a', MIB);
	begin();
	sha256_of("", 0, digest);
	check_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_of("abc", 3, digest);
	check_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_of(as, 1000000, digest);
	check_hex(digest, million);

	/* In pieces, large and small, with a look in between. */
	assert_int_equal(gilrt_sha256_create(as, 3, &hash), 0);
	for (done = 3; done < 1000000; done += size) {
		size = done % 5 ? 7777 : 77;
		if (size > 1000000 - done)
			size = 1000000 - done;
		assert_int_equal(gilrt_sha256_update(hash, as, size), 0);
		assert_int_equal(gilrt_sha256_digest(hash, digest), 0);
	}
	check_hex(digest, million);
	gilrt_sha256_destroy(hash);
	end();
	free(as);
}

static void test_crc32_known_answers(void **state)
{
	char *as = malloc(MIB);

	(void)state;
	assert_non_null(as);
	memset(as, 'a', MIB);
	begin();
	assert_int_equal(gilrt_crc32(0, "", 0), 0);
	assert_int_equal(gilrt_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(gilrt_crc32(gilrt_crc32(0, "12345", 5), "6789", 4), 0xcbf43926);
	assert_int_equal(gilrt_crc32(0, as, 1000000), 0xdc25bfbc);
	end();
	free(as);
}

static void check_round_trip(const uint8_t *data, size_t size, int level)
{
	void *compressed, *back;
	size_t compressed_size, back_size;

	assert_int_equal(gilrt_compress(data, size, level, &compressed, &compressed_size), 0);
	assert_int_equal(gilrt_decompress(compressed, compressed_size, &back, &back_size), 0);
	assert_int_equal(back_size, size);
	assert_memory_equal(back, data, size);
	free(back);
	free(compressed);
}

static void test_compress_and_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, 32768, 81920, 3 * MIB };
	uint8_t *random = noise(3 * MIB), *zeros = calloc(1, 3 * MIB);
	size_t i;

	(void)state;
	assert_non_null(zeros);
	begin();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		check_round_trip(random, sizes[i], 1);
		check_round_trip(zeros, sizes[i], GILRT_COMPRESS_DEFAULT);
	}
	end();
	free(zeros);
	free(random);
}

static void test_decompress_known_answer(void **state)
{
	static const uint8_t abc[] = {
		0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27,
	};
	uint8_t bad[sizeof(abc)];
	void *data = NULL;
	size_t size, i;

	(void)state;
	begin();
	assert_int_equal(gilrt_decompress(abc, sizeof(abc), &data, &size), 0);
	assert_int_equal(size, 3);
	assert_memory_equal(data, "abc", 3);
	free(data);
	data = NULL;

	for (i = 0; i < sizeof(abc); i++)
		assert_int_equal(gilrt_decompress(abc, i, &data, &size), -EBADMSG);
	memcpy(bad, abc, sizeof(abc));
	bad[sizeof(bad) - 1] ^= 1;
	assert_int_equal(gilrt_decompress(bad, sizeof(bad), &data, &size), -EBADMSG);
	assert_int_equal(gilrt_compress(abc, sizeof(abc), 10, &data, &size), -EINVAL);
	assert_null(data);
	end();
}

/* ---- without the GIL ------------------------------------------------------------------------- */

static void compute_sha256(const uint8_t *data, size_t size)
{
	uint8_t digest[GILRT_SHA256_BYTES];

	sha256_of(data, size, digest);
}

static void compute_crc32(const uint8_t *data, size_t size)
{
	assert_int_not_equal(gilrt_crc32(0, data, size), 0);
}

static void compute_compress(const uint8_t *data, size_t size)
{
	void *packed;

	assert_int_equal(gilrt_compress(data, size / 4, 1, &packed, &size), 0);
	free(packed);
}

/* Letting go is one thing, to compute only then another. */
static void test_time_is_spent_without_the_gil(void **state)
{
	static void (*const compute[])(const uint8_t *data, size_t size) = {
		compute_sha256, compute_crc32, compute_compress,
	};
	uint8_t *data = noise(16 * MIB);
	struct gilrt_stats before, after;
	size_t i;

	(void)state;
	begin();
	for (i = 0; i < ARRAY_SIZE(compute); i++) {
		before = own_stats();
		compute[i](data, 16 * MIB);
		gilrt_save_thread();	/* so that the last holding is counted as well */
		gilrt_restore_thread();
		after = own_stats();
		assert_true(after.gil_released_ns - before.gil_released_ns >
			    after.gil_hold_ns - before.gil_hold_ns);
	}
	end();
	free(data);
}

/* ---- shared hash ----------------------------------------------------------------------------- */

#define SHARERS		3
#define UPDATES		200

static void add_as(void *arg)
{
	static const char as[4096] = { [0 ... 4095] = 'a' };
	struct gilrt_sha256 *hash = arg;
	int i;

	for (i = 0; i < UPDATES; i++) {
		assert_int_equal(gilrt_sha256_update(hash, as, i % 2 ? sizeof(as) : 100), 0);
		gilrt_checkpoint();
	}
}

/* In whatever order they come: no update is lost, none is torn. */
static void check_shared(enum gilrt_mode mode)
{
	const struct gilrt_config config = { .mode = mode, .switch_interval_us = 100 };
	const size_t total = SHARERS * UPDATES / 2 * (size_t)(4096 + 100);
	uint8_t digest[GILRT_SHA256_BYTES], expected[GILRT_SHA256_BYTES];
	struct gilrt_thread *thread[SHARERS];
	struct gilrt_sha256 *hash;
	char *as = malloc(total);
	int i;

	assert_non_null(as);
	memset(as, 'a', total);
	assert_int_equal(gilrt_init(&config), 0);
	sha256_of(as, total, expected);
	assert_int_equal(gilrt_sha256_create(NULL, 0, &hash), 0);
	for (i = 0; i < SHARERS; i++)
		assert_int_equal(gilrt_thread_start(add_as, hash, "sharer", &thread[i]), 0);
	for (i = 0; i < SHARERS; i++)
		assert_int_equal(gilrt_thread_join(thread[i]), 0);
	assert_int_equal(gilrt_sha256_digest(hash, digest), 0);
	assert_memory_equal(digest, expected, sizeof(digest));
	gilrt_sha256_destroy(hash);
	end();
	free(as);
}

static void test_hash_can_be_shared(void **state)
{
	(void)state;
	check_shared(GILRT_NEW);
	check_shared(GILRT_OLD);
	check_shared(GILRT_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_known_answers),
		cmocka_unit_test(test_crc32_known_answers),
		cmocka_unit_test(test_compress_and_back),
		cmocka_unit_test(test_decompress_known_answer),
		cmocka_unit_test(test_time_is_spent_without_the_gil),
		cmocka_unit_test(test_hash_can_be_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
