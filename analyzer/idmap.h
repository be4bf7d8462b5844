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

/*
 * Things that have ids, in the order of first sight: each is allocated by itself, so that pointers to it
 * last, and stands in a list as well. `list` points to the list's pointer, ret_item to that of the item.
 */
struct idmap_list {
	void *list;
	size_t *cap, *cnt;
	size_t size;		/* of an item */
};

#define IDMAP_LIST(owner, items) ((struct idmap_list){ \
	&(owner)->items, &(owner)->items##_cap, &(owner)->items##_cnt, sizeof(**(owner)->items) })

/* A new one, zeroed, behind the last of the list; the key is its own from now on. 0 or -ENOMEM. */
int idmap_make(struct idmap *map, uint64_t key, struct idmap_list list, void *ret_item);
/* The one of this key; made if there is none yet. 1: it is new; 0: it is not; or -ENOMEM. */
int idmap_item(struct idmap *map, uint64_t key, struct idmap_list list, void *ret_item);

#endif
