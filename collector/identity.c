/* SPDX-License-Identifier: BSD-2-Clause */
/* The invoking user, and giving up what is not needed any more. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector/identity.h"

static int id_parse(const char *text, unsigned int *ret_id)
{
	unsigned long id;
	char *end;

	errno = 0;
	id = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || id >= (uid_t)-1)
		return -EINVAL;
	*ret_id = id;
	return 0;
}

int identity_find(struct identity *ret_identity)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	struct identity id = { .uid = getuid(), .gid = getgid() };
	struct passwd *pw;
	int err;

	if (geteuid() == 0 && (uid || gid)) {
		err = uid ? id_parse(uid, &id.uid) : -EINVAL;
		if (!err)
			err = gid ? id_parse(gid, &id.gid) : -EINVAL;
		if (err)
			return err;
		id.borrowed = id.uid != 0;
	}
	pw = id.borrowed ? getpwuid(id.uid) : NULL;
	if (pw) {
		snprintf(id.name, sizeof(id.name), "%s", pw->pw_name);
		snprintf(id.home, sizeof(id.home), "%s", pw->pw_dir);
	}
	*ret_identity = id;
	return 0;
}

/* sudo gives root's groups; a user without a name in the password file has only the one. */
static int groups_set(const struct identity *id)
{
	if (*id->name ? initgroups(id->name, id->gid) : setgroups(1, &id->gid))
		return -errno;
	return 0;
}

/* Once privileges are shed we are that user, for good. */
static bool identity_is_ours(const struct identity *id)
{
	return !id->borrowed || getuid() == id->uid;
}

int identity_become(const struct identity *id)
{
	int err;

	if (identity_is_ours(id))
		return 0;
	err = groups_set(id);
	if (err)
		return err;
	if (setresgid(id->gid, id->gid, id->gid) || setresuid(id->uid, id->uid, id->uid))
		return -errno;
	if (*id->name && (setenv("HOME", id->home, 1) || setenv("USER", id->name, 1) ||
			  setenv("LOGNAME", id->name, 1)))
		return -errno;
	return 0;
}

static int capabilities_keep(const unsigned int *kept, size_t cnt)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	unsigned int permitted[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	permitted[0] = data[0].permitted;
	permitted[1] = data[1].permitted;
	memset(data, 0, sizeof(data));
	for (size_t i = 0; i < cnt; i++)
		data[kept[i] / 32].permitted |= 1u << kept[i] % 32 & permitted[kept[i] / 32];
	for (size_t i = 0; i < 2; i++)
		data[i].effective = data[i].permitted;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int identity_shed(const struct identity *id, bool attach_later)
{
	/*
	 * What attaching takes (from 6.17 on the last of the three); and, for true root, what reading
	 * /proc/PID/exe of processes with more rights takes, and passing on signals.
	 */
	static const unsigned int kept[] = {
		CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_KILL,
	};
	size_t first = attach_later ? 0 : 3, end = id->borrowed ? 3 : 6;
	int err = 0;

	/* Becoming another user drops all, unless told not to. */
	if (id->borrowed && attach_later && prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	if (id->borrowed)
		err = identity_become(id);
	if (err || (id->borrowed && !attach_later))
		return err;
	return capabilities_keep(kept + first, end - first);
}

int identity_assume(const struct identity *id)
{
	if (identity_is_ours(id))
		return 0;
	if (groups_set(id))
		return -errno;
	return setegid(id->gid) || seteuid(id->uid) ? -errno : 0;
}

int identity_resume(const struct identity *id)
{
	if (identity_is_ours(id))
		return 0;
	return seteuid(0) || setegid(0) || setgroups(0, NULL) ? -errno : 0;
}
