/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a futex word is called: the one place, so that all sections call it the same.
 */
#ifndef ANALYZER_SECTIONS_LOCK_NAME_H
#define ANALYZER_SECTIONS_LOCK_NAME_H

#include "analyzer/report.h"
#include "analyzer/table.h"
#include "analyzer/words.h"

/* "0x55d0a8c0", "0x55d0a8c0 of app" in a run of several processes. */
struct text lock_name(const struct report *report, const struct futex_word *word, struct style style);

#endif
