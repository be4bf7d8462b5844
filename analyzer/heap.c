/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Up while it is smaller than the one above, down while it is larger than the smaller one below.
 */
#include "analyzer/heap.h"

#include <errno.h>
#include <stdlib.h>

int heap_init(struct heap *heap, size_t ids_cnt)
{
	*heap = (struct heap){
		.nodes = calloc(ids_cnt + 1, sizeof(*heap->nodes)),
		.places = calloc(ids_cnt + 1, sizeof(*heap->places)),
	};
	return heap->nodes && heap->places ? 0 : -ENOMEM;
}

void heap_clear(struct heap *heap)
{
	free(heap->nodes);
	free(heap->places);
	*heap = (struct heap){ 0 };
}

static bool before(const struct heap_node *node, const struct heap_node *other)
{
	return node->key != other->key ? node->key < other->key : node->id < other->id;
}

static void set(struct heap *heap, size_t at, struct heap_node node)
{
	heap->nodes[at] = node;
	heap->places[node.id] = at + 1;
}

static void settle(struct heap *heap, size_t at, struct heap_node node)
{
	size_t below;

	while (at && before(&node, &heap->nodes[(at - 1) / 2])) {
		set(heap, at, heap->nodes[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	while ((below = 2 * at + 1) < heap->cnt) {
		if (below + 1 < heap->cnt && before(&heap->nodes[below + 1], &heap->nodes[below]))
			below++;
		if (!before(&heap->nodes[below], &node))
			break;
		set(heap, at, heap->nodes[below]);
		at = below;
	}
	set(heap, at, node);
}

void heap_put(struct heap *heap, uint32_t id, int64_t key)
{
	size_t at = heap->places[id] ? heap->places[id] - 1 : heap->cnt++;

	settle(heap, at, (struct heap_node){ key, id });
}

void heap_remove(struct heap *heap, uint32_t id)
{
	size_t at = heap->places[id];

	if (!at)
		return;
	heap->places[id] = 0;
	heap->cnt--;
	if (at - 1 < heap->cnt)
		settle(heap, at - 1, heap->nodes[heap->cnt]);
}

const struct heap_node *heap_first(const struct heap *heap)
{
	return heap->cnt ? heap->nodes : NULL;
}
