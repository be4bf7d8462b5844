/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts threads into groups, once their last names are known.
 */
#include "analyzer/analyses/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/array.h"

/* The length of a name without the digits at its end; nothing but digits is a name as well. */
static size_t stem_len(const char *name)
{
	size_t len = strlen(name);

	while (len && name[len - 1] >= '0' && name[len - 1] <= '9')
		len--;
	return len ? len : strlen(name);
}

static int group_compare(const struct thread *left, const struct thread *right)
{
	size_t left_len = stem_len(left->comm), right_len = stem_len(right->comm);

	if (left->process != right->process)
		return left->process->slot < right->process->slot ? -1 : 1;
	if (left_len != right_len)
		return left_len < right_len ? -1 : 1;
	return memcmp(left->comm, right->comm, left_len);
}

static int thread_compare(const void *left, const void *right)
{
	const struct thread *const *a = left, *const *b = right;
	int order = group_compare(*a, *b);

	return order ? order : ((*a)->slot > (*b)->slot) - ((*a)->slot < (*b)->slot);
}

static int groups_change(void *ctx, const struct change *change)
{
	struct groups *groups = ctx;
	int err;

	if (change->from != STATE_CNT)
		return 0;
	err = array_reserve(&groups->threads, &groups->threads_cap, groups->threads_cnt + 1,
			    sizeof(*groups->threads));
	if (!err)
		groups->threads[groups->threads_cnt++] = change->thread;
	return err;
}

static void group_add(struct groups *groups, const struct thread *thread)
{
	struct thread_group *group = groups->groups_cnt ? &groups->groups[groups->groups_cnt - 1] : NULL;

	if (!group || group_compare(group->first, thread)) {
		group = &groups->groups[groups->groups_cnt++];
		group->first = thread;
		memcpy(group->name, thread->comm, sizeof(group->name));
	} else {
		group->name[stem_len(group->name)] = '\0';
	}
	group->threads_cnt++;
	groups->of_thread[thread->slot] = groups->groups_cnt - 1;
}

static int groups_end(void *ctx, const struct run *run)
{
	struct groups *groups = ctx;
	size_t slots = 0;

	(void)run;
	if (!groups->threads_cnt)
		return 0;
	for (size_t i = 0; i < groups->threads_cnt; i++)
		if (groups->threads[i]->slot >= slots)
			slots = groups->threads[i]->slot + 1;
	groups->groups = calloc(groups->threads_cnt, sizeof(*groups->groups));
	groups->of_thread = calloc(slots, sizeof(*groups->of_thread));
	if (!groups->groups || !groups->of_thread)
		return -ENOMEM;
	qsort(groups->threads, groups->threads_cnt, sizeof(*groups->threads), thread_compare);
	for (size_t i = 0; i < groups->threads_cnt; i++)
		group_add(groups, groups->threads[i]);
	return 0;
}

void groups_clear(struct groups *groups)
{
	free(groups->threads);
	free(groups->groups);
	free(groups->of_thread);
	*groups = (struct groups){ 0 };
}

const struct sink groups_sink = {
	.name = "groups",
	.change = groups_change,
	.end = groups_end,
};
