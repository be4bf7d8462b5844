// SPDX-License-Identifier: BSD-2-Clause
/*
 * Native sections that release the GIL for real computation: sha256 by OpenSSL, zlib.
 */

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "workloads/gilrt/gilrt.h"
#include "workloads/gilrt/lock.h"
#include "workloads/gilrt/native.h"

#define KIB	((size_t)1024)
#define MIB	(1024 * KIB)

/* ---- sha256 ----------------------------------------------------------------------------------- */

#define SHA256_RELEASE_BYTES	2048	/* hashlib's HASHLIB_GIL_MINSIZE */

struct gilrt_sha256 {
	EVP_MD_CTX *context;
	struct gilrt_lock *lock;
	bool was_large;		/* an update was: others may be at it without the GIL */
};

static int sha256_add(struct gilrt_sha256 *hash, const void *data, size_t size)
{
	return EVP_DigestUpdate(hash->context, data, size) ? 0 : -ENOMEM;
}

static int sha256_add_without_gil(struct gilrt_sha256 *hash, const void *data, size_t size)
{
	int err;

	gilrt_save_thread();
	err = sha256_add(hash, data, size);
	gilrt_restore_thread();
	return err;
}

void gilrt_sha256_destroy(struct gilrt_sha256 *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	gilrt_lock_destroy(hash->lock);
	free(hash);
}

int gilrt_sha256_create(const void *data, size_t size, struct gilrt_sha256 **ret_hash)
{
	struct gilrt_sha256 *hash;
	int err = -ENOMEM;

	hash = calloc(1, sizeof(*hash));
	if (!hash)
		return -ENOMEM;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context || !EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL))
		goto out;
	err = gilrt_lock_create(&hash->lock);
	if (err)
		goto out;
	if (size >= SHA256_RELEASE_BYTES)
		err = sha256_add_without_gil(hash, data, size);
	else
		err = sha256_add(hash, data, size);
out:
	if (err)
		gilrt_sha256_destroy(hash);
	else
		*ret_hash = hash;
	return err;
}

int gilrt_sha256_update(struct gilrt_sha256 *hash, const void *data, size_t size)
{
	int err;

	gilrt_lock_acquire(hash->lock, GILRT_FOREVER);
	if (size >= SHA256_RELEASE_BYTES)
		hash->was_large = true;
	if (hash->was_large)
		err = sha256_add_without_gil(hash, data, size);
	else
		err = sha256_add(hash, data, size);
	gilrt_lock_release(hash->lock);
	return err;
}

int gilrt_sha256_digest(struct gilrt_sha256 *hash, uint8_t ret_digest[GILRT_SHA256_BYTES])
{
	EVP_MD_CTX *copy;
	bool done;

	/* The library's digest ends a hash; so that more can follow, end a copy. */
	copy = EVP_MD_CTX_new();
	if (!copy)
		return -ENOMEM;
	gilrt_lock_acquire(hash->lock, GILRT_FOREVER);
	done = EVP_MD_CTX_copy_ex(copy, hash->context);
	gilrt_lock_release(hash->lock);
	done = done && EVP_DigestFinal_ex(copy, ret_digest, NULL);
	EVP_MD_CTX_free(copy);
	return done ? 0 : -ENOMEM;
}

/* ---- zlib ------------------------------------------------------------------------------------- */

uint32_t gilrt_crc32(uint32_t value, const void *data, size_t size)
{
	bool release = size > 5 * KIB;

	if (release)
		gilrt_save_thread();
	value = (uint32_t)crc32_z(value, data, size);
	if (release)
		gilrt_restore_thread();
	return value;
}

/* A stream with its output, which grows block by block. */
struct transform {
	z_stream stream;
	const uint8_t *input;
	size_t input_left;
	uint8_t *output;
	size_t output_size;
	unsigned int block_cnt;
};

/* CPython's, as far as they matter: a larger one is only reached behind 13 MiB. */
static size_t block_bytes(unsigned int number)
{
	static const size_t bytes[] = { 32 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB };
	const unsigned int cnt = sizeof(bytes) / sizeof(bytes[0]);

	return bytes[number < cnt ? number : cnt - 1];
}

static int add_block(struct transform *t, size_t size)
{
	uint8_t *output;

	output = realloc(t->output, t->output_size + size);
	if (!output)
		return -ENOMEM;
	t->output = output;
	t->stream.next_out = output + t->output_size;
	t->stream.avail_out = (uInt)size;
	t->output_size += size;
	t->block_cnt++;
	return 0;
}

/* The library counts in 32 bits. */
static void refill_input(struct transform *t)
{
	size_t size = t->input_left < UINT_MAX ? t->input_left : UINT_MAX;

	t->stream.next_in = (Bytef *)t->input;
	t->stream.avail_in = (uInt)size;
	t->input += size;
	t->input_left -= size;
}

/* Until the input is used up or the stream has ended. Returns what the last call returned. */
static int run(struct transform *t, int (*step)(z_stream *stream, int flush))
{
	int result;

	do {
		refill_input(t);
		do {
			if (t->stream.avail_out == 0 && add_block(t, block_bytes(t->block_cnt)))
				return Z_MEM_ERROR;
			gilrt_save_thread();
			result = step(&t->stream, t->input_left ? Z_NO_FLUSH : Z_FINISH);
			gilrt_restore_thread();
			if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
				return result;
		} while (t->stream.avail_out == 0);
	} while (result != Z_STREAM_END && t->input_left);
	return result;
}

/* Gives the output away if all went well. */
static int finish(struct transform *t, int result, void **ret_data, size_t *ret_size)
{
	if (result != Z_STREAM_END) {
		free(t->output);
		return result == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	}
	*ret_data = t->output;
	*ret_size = t->output_size - t->stream.avail_out;
	return 0;
}

int gilrt_compress(const void *data, size_t size, int level, void **ret_data, size_t *ret_size)
{
	struct transform t = { .input = data, .input_left = size };
	int result;

	result = deflateInit(&t.stream, level);
	if (result != Z_OK)
		return result == Z_MEM_ERROR ? -ENOMEM : -EINVAL;
	result = run(&t, deflate);
	deflateEnd(&t.stream);
	return finish(&t, result, ret_data, ret_size);
}

int gilrt_decompress(const void *data, size_t size, void **ret_data, size_t *ret_size)
{
	struct transform t = { .input = data, .input_left = size };
	int result;

	if (inflateInit(&t.stream) != Z_OK)
		return -ENOMEM;
	result = add_block(&t, 16 * KIB) ? Z_MEM_ERROR : run(&t, inflate);
	inflateEnd(&t.stream);
	return finish(&t, result, ret_data, ret_size);
}
