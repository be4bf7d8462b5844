/* SPDX-License-Identifier: BSD-2-Clause */
/* From the names of probes to the programs that they call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/elfsym.h"
#include "collector/gilprobes.h"

static const struct step {
	const char *name;
	enum session_program program;
	uint32_t op;
	bool needed;		/* without it the others say nothing that is certain */
} steps[] = {
	{ "gil_wait", SESSION_GIL_OP, EVENT_GIL_OP_WAIT, true },
	{ "gil_take", SESSION_GIL_OP, EVENT_GIL_OP_TAKE, true },
	{ "gil_drop", SESSION_GIL_OP, EVENT_GIL_OP_DROP, true },
	{ "gil_resume", SESSION_GIL_OP, EVENT_GIL_OP_RESUME, true },
	{ "gil_request", SESSION_GIL_OP, EVENT_GIL_OP_REQUEST, false },
	{ "lock_wait", SESSION_LOCK_OP, EVENT_LOCK_OP_WAIT, true },
	{ "lock_acquired", SESSION_LOCK_OP, EVENT_LOCK_OP_ACQUIRED, true },
	{ "lock_timeout", SESSION_LOCK_OP, EVENT_LOCK_OP_TIMEOUT, true },
	{ "lock_release", SESSION_LOCK_OP, EVENT_LOCK_OP_RELEASE, false },
};

#define STEPS_CNT (sizeof(steps) / sizeof(*steps))

struct known_file {
	dev_t dev;
	ino_t ino;
	struct gilprobes_file file;
};

struct gilprobes {
	struct sites *sites;
	struct probe_cost cost;
	struct known_file *known;
	size_t known_cnt;
};

int gilprobes_new(struct session *session, struct gilprobes **ret_probes)
{
	struct gilprobes *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	err = sites_new(session, &p->sites);
	if (!err)
		err = calibrate(p->sites, &p->cost);
	if (err) {
		gilprobes_free(p);
		return err;
	}
	*ret_probes = p;
	return 0;
}

void gilprobes_free(struct gilprobes *p)
{
	if (!p)
		return;
	sites_free(p->sites);
	free(p->known);
	free(p);
}

void gilprobes_detach(struct gilprobes *p)
{
	sites_keep(p->sites, 0);
}

const struct probe_cost *gilprobes_cost(const struct gilprobes *p)
{
	return &p->cost;
}

static const struct step *step_named(const char *name)
{
	for (size_t i = 0; i < STEPS_CNT; i++)
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	return NULL;
}

static bool has_all_needed(const struct elfsym_probe *found, size_t cnt)
{
	for (size_t i = 0; i < STEPS_CNT; i++) {
		size_t at = 0;

		while (at < cnt && strcmp(found[at].name, steps[i].name))
			at++;
		if (steps[i].needed && at == cnt)
			return false;
	}
	return true;
}

/* All of them, or none: half of the steps would tell of takes without drops. */
static void all_attach(struct gilprobes *p, const char *path, const struct elfsym_probe *found,
		       size_t cnt, struct gilprobes_file *file)
{
	size_t before = sites_cnt(p->sites);

	for (size_t i = 0; i < cnt; i++) {
		const struct step *step = step_named(found[i].name);
		int err;

		if (!step)
			continue;
		err = sites_attach(p->sites, &(struct site){
			.program = step->program,
			.path = path,
			.offset = found[i].offset + (p->cost.at_nop5 && found[i].has_nop5),
			.semaphore = found[i].semaphore,
			.cookie = step->op,
		});
		if (err && !file->failed++)
			file->error = err;
	}
	if (file->failed)
		sites_keep(p->sites, before);
	file->sites = sites_cnt(p->sites) - before;
}

static struct known_file *file_add(struct gilprobes *p, const struct stat *st)
{
	struct known_file *known = realloc(p->known, (p->known_cnt + 1) * sizeof(*known));

	if (!known)
		return NULL;
	p->known = known;
	known += p->known_cnt++;
	*known = (struct known_file){ .dev = st->st_dev, .ino = st->st_ino };
	return known;
}

int gilprobes_attach(struct gilprobes *p, int fd, struct gilprobes_file *ret_file)
{
	struct known_file *known = NULL;
	struct elfsym_probe *found;
	struct stat st;
	char path[64];
	size_t cnt, unusable;
	int err;

	if (fstat(fd, &st))
		return -errno;
	for (size_t i = 0; i < p->known_cnt && !known; i++)
		if (p->known[i].dev == st.st_dev && p->known[i].ino == st.st_ino)
			known = &p->known[i];
	if (!known) {
		err = elfsym_find_probes(fd, "gilrt", &found, &cnt, &unusable);
		if (err)
			return err;
		known = file_add(p, &st);
		/* The file itself, whatever its name is by now. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		/* A place that cannot be used is steps that nobody would hear of. */
		if (known && unusable)
			known->file = (struct gilprobes_file){ .failed = unusable, .error = -ENOEXEC };
		else if (known && has_all_needed(found, cnt))
			all_attach(p, path, found, cnt, &known->file);
		free(found);
		if (!known)
			return -ENOMEM;
	}
	*ret_file = known->file;
	return 0;
}
