/* SPDX-License-Identifier: BSD-2-Clause */
/* From a file to its GIL's address. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collector/elfsym.h"
#include "collector/gilfind.h"

static bool prepare_file(struct session *session, int fd)
{
	struct program_key key = {};
	struct program_gil gil;
	struct stat st;

	/*
	 * Where the file system shows another device than the kernel has for the file, the probes will
	 * not find this entry, and the file is looked up at its exec like any other.
	 */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || elfsym_find_gil(fd, &gil))
		return false;
	key.ino = st.st_ino;
	key.size = st.st_size;
	key.dev = (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev);
	return !session_learn_program(session, &key, &gil) && gil.cnt;
}

static int file_open(const char *file)
{
	struct stat st;

	if (access(file, X_OK) || stat(file, &st) || !S_ISREG(st.st_mode))
		return -1;
	return open(file, O_RDONLY | O_CLOEXEC);
}

bool gilfind_prepare(struct session *session, const char *command)
{
	const char *path = strchr(command, '/') ? "" : getenv("PATH");
	bool found;
	int fd = -1;

	while (path && fd < 0) {
		size_t len = strcspn(path, ":");
		char file[4096];

		snprintf(file, sizeof(file), "%.*s%s%s", (int)len, path, len ? "/" : "", command);
		fd = file_open(file);
		path = path[len] ? path + len + 1 : NULL;
	}
	if (fd < 0)
		return false;
	found = prepare_file(session, fd);
	close(fd);
	return found;
}

/* The file of the program that the process has now, if that is still the one of the exec. */
static int program_open(const struct decoded_exec *exec)
{
	struct stat st;
	char path[64];
	int fd;

	if (!exec->local_pid)
		return -1;
	snprintf(path, sizeof(path), "/proc/%u/exe", exec->local_pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) || st.st_ino != exec->program.ino)) {
		close(fd);
		return -1;
	}
	return fd;
}

int gilfind_exec(struct session *session, struct journal *journal, const struct decoded_exec *exec)
{
	struct trace_record record = { .kind = TRACE_GIL, .gil = { .process = exec->process } };
	struct program_gil gil;
	uint32_t id = 0;
	int fd = program_open(exec);
	int err;

	if (fd < 0)
		return 0;	/* what this program waited for stays unknown */
	err = elfsym_find_gil(fd, &gil);
	close(fd);
	if (err)
		return 0;
	/* A table that is full costs a look-up at the next exec, or this GIL, not the recording. */
	session_learn_program(session, &exec->program, &gil);
	if (gil.cnt) {
		record.gil.address = exec->start_code + gil.offset;
		if (session_learn_process(session, exec->pid, record.gil.address, &gil, &id))
			return 0;
	}
	record.gil.id = id;
	record.ts_ns = journal_now_ns();
	return journal_add(journal, &record);
}
