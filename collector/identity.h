/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who asked: the user on whose behalf the command runs and to whom the trace belongs. Under sudo that
 * is the invoking user, not root.
 */
#ifndef COLLECTOR_IDENTITY_H
#define COLLECTOR_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

struct identity {
	uid_t uid;
	gid_t gid;
	bool borrowed;		/* we are root by sudo; uid and gid are the invoking user's */
	char name[64];		/* login name and home, when borrowed */
	char home[256];
};

/* -EINVAL: SUDO_UID and SUDO_GID are not both numbers. */
int identity_find(struct identity *ret_identity);

/* For good, with supplementary groups and HOME: for the command's process before its exec. */
int identity_become(const struct identity *identity);

/*
 * For good too, for the recorder once everything is attached. Keeps nothing when borrowed; true root
 * keeps only what it takes to look at the traced processes' files. With `attach_later` both keep what
 * it takes to attach to more programs.
 */
int identity_shed(const struct identity *identity, bool attach_later);

/* Until identity_resume(), files are opened and made with this user's rights and ownership. */
int identity_assume(const struct identity *identity);
int identity_resume(const struct identity *identity);

#endif
