/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of links. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "collector/sites.h"

struct sites {
	struct session *session;
	struct bpf_link **links;
	size_t cnt;
};

int sites_new(struct session *session, struct sites **ret_sites)
{
	struct sites *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->session = session;
	*ret_sites = s;
	return 0;
}

void sites_free(struct sites *s)
{
	if (!s)
		return;
	sites_keep(s, 0);
	free(s->links);
	free(s);
}

int sites_attach(struct sites *s, const struct site *site)
{
	struct bpf_link **links = realloc(s->links, (s->cnt + 1) * sizeof(*links));
	DECLARE_LIBBPF_OPTS(bpf_uprobe_opts, options,
		.ref_ctr_offset = site->semaphore,
		.bpf_cookie = site->cookie,
	);

	if (!links)
		return -ENOMEM;
	s->links = links;
	links[s->cnt] = bpf_program__attach_uprobe_opts(session_program(s->session, site->program), -1,
							site->path, site->offset, &options);
	if (!links[s->cnt])
		return -errno;
	s->cnt++;
	return 0;
}

size_t sites_cnt(const struct sites *s)
{
	return s->cnt;
}

void sites_keep(struct sites *s, size_t cnt)
{
	while (s->cnt > cnt)
		bpf_link__destroy(s->links[--s->cnt]);
}
