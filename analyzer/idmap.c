/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with open addressing: looked up once or twice for every record of a trace, so it has
 * to be small and flat rather than clever.
 */
#include "analyzer/idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"

#define IDMAP_CAP_MIN 16

static size_t slot_find(const struct idmap *map, uint64_t key)
{
	/* The high half of a product mixes all bits of the key, also those of aligned addresses. */
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 32) & (map->cap - 1);

	while (map->slots[at].value && map->slots[at].key != key)
		at = (at + 1) & (map->cap - 1);
	return at;
}

void *idmap_get(const struct idmap *map, uint64_t key)
{
	return map->cap ? map->slots[slot_find(map, key)].value : NULL;
}

static int idmap_grow(struct idmap *map)
{
	struct idmap grown = { .cap = map->cap ? map->cap * 2 : IDMAP_CAP_MIN, .cnt = map->cnt };

	grown.slots = calloc(grown.cap, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].value)
			grown.slots[slot_find(&grown, map->slots[i].key)] = map->slots[i];
	free(map->slots);
	*map = grown;
	return 0;
}

int idmap_put(struct idmap *map, uint64_t key, void *value)
{
	struct idmap_slot *slot;
	int err;

	if (map->cnt >= map->cap / 2) {
		err = idmap_grow(map);
		if (err)
			return err;
	}
	slot = &map->slots[slot_find(map, key)];
	map->cnt += !slot->value;
	slot->key = key;
	slot->value = value;
	return 0;
}

void idmap_clear(struct idmap *map)
{
	free(map->slots);
	*map = (struct idmap){ 0 };
}

int idmap_make(struct idmap *map, uint64_t key, struct idmap_list list, void *ret_item)
{
	int err = array_reserve(list.list, list.cap, *list.cnt + 1, sizeof(void *));
	void *item, **items;

	if (err)
		return err;
	item = calloc(1, list.size);
	if (!item)
		return -ENOMEM;
	err = idmap_put(map, key, item);
	if (err) {
		free(item);
		return err;
	}
	/* Copied, because the caller's pointers have other types than void *. */
	memcpy(&items, list.list, sizeof(items));
	memcpy((char *)items + *list.cnt * sizeof(item), &item, sizeof(item));
	++*list.cnt;
	memcpy(ret_item, &item, sizeof(item));
	return 0;
}

int idmap_item(struct idmap *map, uint64_t key, struct idmap_list list, void *ret_item)
{
	void *item = idmap_get(map, key);
	int err;

	if (!item) {
		err = idmap_make(map, key, list, ret_item);
		return err ? err : 1;
	}
	memcpy(ret_item, &item, sizeof(item));
	return 0;
}
