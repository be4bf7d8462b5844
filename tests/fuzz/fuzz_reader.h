/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the trace reader. The harness has libFuzzer's interface:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -I. -D_GNU_SOURCE \
 *         tests/fuzz/fuzz_reader.c trace/[a-z]*.c -lzstd -lxxhash -o fuzz_reader
 *
 * A unit test drives it through mutations of sound files, the same ones every time.
 */
#ifndef TESTS_FUZZ_FUZZ_READER_H
#define TESTS_FUZZ_FUZZ_READER_H

#include <stddef.h>
#include <stdint.h>

/* Reads everything that the bytes give; aborts when the reader breaks a promise. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Makes the checksums right again, as far as the file's frame can be followed, so that
 * mutations get behind them.
 */
void checksums_mend(uint8_t *data, size_t size);

/* A few random changes: bits, bytes, numbers, pieces moved or left out. Returns the new size. */
size_t data_mutate(uint8_t *data, size_t size, size_t max_size, uint64_t *random);

#endif
