/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for tests: splitmix64, the same on every machine. */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

uint64_t random_next(uint64_t *state);

#endif
