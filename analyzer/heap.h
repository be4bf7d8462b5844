/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary heap of small numbers, each with a key, the smallest key first; of equal keys the smaller
 * number first, so that what is made with it is the same on every machine. A number is in it once, and
 * can be taken out or given another key wherever it stands.
 */
#ifndef ANALYZER_HEAP_H
#define ANALYZER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t key;
	uint32_t id;
};

struct heap {
	struct heap_node *nodes;
	size_t cnt;
	size_t *places;		/* by id: 1 + where it stands, 0 = not in it */
};

/* For numbers below ids_cnt. */
int heap_init(struct heap *heap, size_t ids_cnt);
void heap_clear(struct heap *heap);

/* Adds it, or changes its key. */
void heap_put(struct heap *heap, uint32_t id, int64_t key);
/* Nothing happens to what is not in it. */
void heap_remove(struct heap *heap, uint32_t id);
/* NULL when it is empty; good until the heap changes. */
const struct heap_node *heap_first(const struct heap *heap);

#endif
