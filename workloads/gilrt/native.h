/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_NATIVE_H
#define GILRT_NATIVE_H

/*
 * Native sections: computation that needs nothing of the interpreter and lets go of the GIL while
 * it lasts, so that it runs in parallel. These are what Python's hashlib and zlib do, with the
 * libraries that they use, and with their thresholds: for little data letting go is not worth it.
 *
 * What is computed on must not change meanwhile: nobody but the caller may write to it.
 */

#include <stddef.h>
#include <stdint.h>

/* ---- hashlib.sha256: lets go for 2048 bytes and more ------------------------------------------ */

#define GILRT_SHA256_BYTES	32

/*
 * Threads may share one: it has a lock. Once an update was large they contend for that, so from
 * then on every update lets go of the GIL, however small.
 */
struct gilrt_sha256;

/* Of data, to which more can be added. -ENOMEM, also for what the library says went wrong. */
int gilrt_sha256_create(const void *data, size_t size, struct gilrt_sha256 **ret_hash);
void gilrt_sha256_destroy(struct gilrt_sha256 *hash);

int gilrt_sha256_update(struct gilrt_sha256 *hash, const void *data, size_t size);

/* Of all that was added so far; more may follow. Never lets go, unless the lock is taken. */
int gilrt_sha256_digest(struct gilrt_sha256 *hash, uint8_t ret_digest[GILRT_SHA256_BYTES]);

/* ---- zlib ------------------------------------------------------------------------------------- */

/* Goes on from value, 0 in the beginning. Lets go for more than 5 KiB. */
uint32_t gilrt_crc32(uint32_t value, const void *data, size_t size);

#define GILRT_COMPRESS_DEFAULT	(-1)

/*
 * Both let go for any size, once for each block of output: there is one of 32 KiB (decompress:
 * 16 KiB), then of 64 KiB, 256 KiB, 1 MiB, and so on. The caller frees *ret_data with free().
 *
 * level: 0 to 9, or the default. -EINVAL: no such level. -EBADMSG: not compressed data, or not all
 * of it. -ENOMEM.
 */
int gilrt_compress(const void *data, size_t size, int level, void **ret_data, size_t *ret_size);
int gilrt_decompress(const void *data, size_t size, void **ret_data, size_t *ret_size);

#endif
