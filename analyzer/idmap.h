/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map from 64-bit ids to pointers. Ids come from a file and may be anything, so they are never
 * used as an index. A zeroed struct is an empty map; values are the caller's and never NULL.
 */
#ifndef ANALYZER_IDMAP_H
#define ANALYZER_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_slot {
	uint64_t key;
	void *value;		/* NULL: the slot is free */
};

struct idmap {
	struct idmap_slot *slots;
	size_t cap, cnt;
};

/* NULL when the key is not there. */
void *idmap_get(const struct idmap *map, uint64_t key);
/* Adds or replaces. */
int idmap_put(struct idmap *map, uint64_t key, void *value);
/* Forgets all keys; the map can be used again. */
void idmap_clear(struct idmap *map);

#endif
