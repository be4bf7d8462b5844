/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table of (pid, comm), open addressing, behind one mutex: it is asked once per core change. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "collector/programs.h"

#define PROGRAMS_MAX (1u << 22)	/* of slots; bounds the memory on a machine that forks for ever */

struct slot {
	struct event_task task;
	uint32_t id;	/* 0: free */
};

struct programs {
	pthread_mutex_t lock;
	struct slot *slots;
	uint32_t slots_cnt, used_cnt;	/* slots_cnt is a power of two */
};

int programs_new(struct programs **ret_programs)
{
	struct programs *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->slots_cnt = 1024;
	p->slots = calloc(p->slots_cnt, sizeof(*p->slots));
	if (!p->slots) {
		free(p);
		return -ENOMEM;
	}
	pthread_mutex_init(&p->lock, NULL);
	*ret_programs = p;
	return 0;
}

void programs_free(struct programs *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p->slots);
	free(p);
}

static struct slot *slot_find(struct slot *slots, uint32_t cnt, const struct event_task *task)
{
	uint32_t hash = task->pid * 2654435761u;

	for (size_t i = 0; i < sizeof(task->comm); i++)
		hash = (hash ^ (uint8_t)task->comm[i]) * 16777619u;
	for (uint32_t i = hash ^ hash >> 15;; i++) {
		struct slot *slot = &slots[i & (cnt - 1)];

		if (!slot->id || !memcmp(&slot->task, task, sizeof(*task)))
			return slot;
	}
}

static void programs_grow(struct programs *p)
{
	struct slot *grown;

	if (p->slots_cnt >= PROGRAMS_MAX)
		return;
	grown = calloc(p->slots_cnt * 2, sizeof(*grown));
	if (!grown)
		return;
	for (uint32_t i = 0; i < p->slots_cnt; i++)
		if (p->slots[i].id)
			*slot_find(grown, p->slots_cnt * 2, &p->slots[i].task) = p->slots[i];
	free(p->slots);
	p->slots = grown;
	p->slots_cnt *= 2;
}

uint64_t programs_id(struct programs *p, const struct event_task *task, bool *ret_new)
{
	struct slot *slot;
	uint64_t id = 0;

	*ret_new = false;
	if (!task->pid && !memcmp(task->comm, "swapper", 7))
		return 0;
	pthread_mutex_lock(&p->lock);
	if (p->used_cnt * 4 >= p->slots_cnt * 3)
		programs_grow(p);
	slot = slot_find(p->slots, p->slots_cnt, task);
	/* Never full: a name that is looked for in vain must find a free slot soon. */
	if (!slot->id && p->used_cnt * 4 < p->slots_cnt * 3) {
		slot->task = *task;
		slot->id = ++p->used_cnt;
		*ret_new = true;
	}
	id = slot->id;
	pthread_mutex_unlock(&p->lock);
	return id;
}
