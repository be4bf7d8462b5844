/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How threads and thread groups are called in the text: the same in all sections.
 */
#ifndef ANALYZER_SECTIONS_PARTY_H
#define ANALYZER_SECTIONS_PARTY_H

#include "analyzer/analyses/groups.h"
#include "analyzer/analyses/blame.h"
#include "analyzer/report.h"
#include "analyzer/table.h"

/* "worker 1234" */
struct text party_thread(const struct thread *thread, struct style style);
/* "worker- × 4", or the thread's own name when it is alone. */
struct text party_group(const struct thread_group *group, struct style style);
/* "sh × 6"; "sh" for one. The name is from outside. */
struct text party_many(const char *name, uint64_t cnt, struct style style);
/* A waiter or culprit of the blame analysis. */
struct text party_of_blame(const struct report *report, uint32_t party, struct style style);
/* What culprits that are no threads are called, in the JSON as well. */
const char *nobody_key(size_t code);

#endif
