/* SPDX-License-Identifier: BSD-2-Clause */
/* From a file to its GILs' addresses, and to its probes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collector/elfsym.h"
#include "collector/gilfind.h"
#include "collector/gilprobes.h"

struct gilfind {
	struct session *session;
	enum gil_watch mode;
	struct gilprobes *probes;	/* GIL_EXACT only */
	bool needs_samples;
	struct gilprobes_file prepared;	/* of the command's file */
};

int gilfind_new(struct session *session, enum gil_watch mode, struct gilfind **ret_find)
{
	struct gilfind *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->session = session;
	f->mode = mode;
	err = mode == GIL_EXACT ? gilprobes_new(session, &f->probes) : 0;
	if (err) {
		gilfind_free(f);
		return err;
	}
	*ret_find = f;
	return 0;
}

void gilfind_free(struct gilfind *f)
{
	if (!f)
		return;
	gilprobes_free(f->probes);
	free(f);
}

void gilfind_detach(struct gilfind *f)
{
	if (f->probes)
		gilprobes_detach(f->probes);
}

const struct probe_cost *gilfind_cost(const struct gilfind *f)
{
	return f->probes ? gilprobes_cost(f->probes) : NULL;
}

bool gilfind_needs_samples(const struct gilfind *f)
{
	return f->needs_samples;
}

static void warning_make(struct gilfind_warning *warning, int fd, const struct gilprobes_file *probes)
{
	char path[64], file[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, file, sizeof(file) - 1);
	file[len > 0 ? len : 0] = 0;
	if (probes->failed)
		snprintf(warning->text, sizeof(warning->text), "cannot attach to the GIL probes in %s (%s), "
			 "going on with --gil=cheap", file, strerror(-probes->error));
	else
		snprintf(warning->text, sizeof(warning->text),
			 "no GIL probes in %s, going on with --gil=cheap", file);
}

/*
 * Attaches to what is in the file, if that is wanted, and tells the probes of it. Whoever executes it
 * meanwhile is looked up after that, and finds it attached to.
 */
static void file_learn(struct gilfind *f, int fd, const struct program_key *key,
		       struct program_gil *gil, struct gilprobes_file *ret_file)
{
	*ret_file = (struct gilprobes_file){};
	if (f->probes && gil->cnt && !gilprobes_attach(f->probes, fd, ret_file))
		gil->exact = ret_file->sites > 0;
	/* A table that is full costs a look-up at the next exec, or this GIL, not the recording. */
	session_learn_program(f->session, key, gil);
	f->needs_samples |= gil->cnt && !gil->exact;
}

static void command_prepare(struct gilfind *f, int fd, struct gilfind_warning *warning)
{
	struct program_key key = {};
	struct program_gil gil;
	struct stat st;

	/*
	 * Where the file system shows another device than the kernel has for the file, the probes will
	 * not find this entry, and the file is looked up at its exec like any other.
	 */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	key.ino = st.st_ino;
	key.size = st.st_size;
	key.dev = (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev);
	if (elfsym_find_gil(fd, &gil))
		return;
	file_learn(f, fd, &key, &gil, &f->prepared);
	if (f->probes && !gil.exact)
		warning_make(warning, fd, &f->prepared);
}

static int file_open(const char *file)
{
	struct stat st;

	if (access(file, X_OK) || stat(file, &st) || !S_ISREG(st.st_mode))
		return -1;
	return open(file, O_RDONLY | O_CLOEXEC);
}

void gilfind_prepare(struct gilfind *f, const char *command, struct gilfind_warning *ret_warning)
{
	const char *path = strchr(command, '/') ? "" : getenv("PATH");
	int fd = -1;

	*ret_warning->text = 0;
	if (f->mode == GIL_OFF)
		return;
	while (path && fd < 0) {
		size_t len = strcspn(path, ":");
		char file[4096];

		snprintf(file, sizeof(file), "%.*s%s%s", (int)len, path, len ? "/" : "", command);
		fd = file_open(file);
		path = path[len] ? path + len + 1 : NULL;
	}
	if (fd < 0)
		return;
	command_prepare(f, fd, ret_warning);
	close(fd);
}

static int probes_tell(struct gilfind *f, struct journal *journal, uint64_t process,
		       const struct gilprobes_file *probes)
{
	struct trace_record record = { .kind = TRACE_PROBED, .ts_ns = journal_now_ns(), .probed = {
		.process = process, .sites = probes->sites, .failed = probes->failed,
	} };

	return f->probes ? journal_add(journal, &record) : 0;
}

int gilfind_tell(struct gilfind *f, struct journal *journal)
{
	return probes_tell(f, journal, 0, &f->prepared);
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

static int gil_tell(struct journal *journal, const struct decoded_exec *exec,
		    const struct program_gil *gil, uint32_t id)
{
	struct trace_record record = { .kind = TRACE_GIL, .ts_ns = journal_now_ns(), .gil = {
		.id = id, .process = exec->process,
		.address = id ? exec->start_code + gil->offset : 0, .exact = gil->exact,
	} };

	return journal_add(journal, &record);
}

/* Attaching takes tens of milliseconds: until then looks tell of the GIL. */
static int exec_probe(struct gilfind *f, struct journal *journal, const struct decoded_exec *exec,
		      int fd, struct program_gil *gil, uint32_t id,
		      struct gilfind_warning *ret_warning)
{
	struct gilprobes_file probes;
	int err = 0;

	file_learn(f, fd, &exec->program, gil, &probes);
	if (!gil->cnt)
		return 0;
	/* Unless the process is gone, or has replaced its program again. */
	if (gil->exact && !session_learn_exact(f->session, exec->pid, id))
		err = gil_tell(journal, exec, gil, id);
	else if (f->probes && !gil->exact)
		warning_make(ret_warning, fd, &probes);
	return err ? err : probes_tell(f, journal, exec->process, &probes);
}

int gilfind_exec(struct gilfind *f, struct journal *journal, const struct decoded_exec *exec,
		 struct gilfind_warning *ret_warning)
{
	int fd = program_open(exec);
	struct program_gil gil;
	uint32_t id = 0;
	int err = 0;

	*ret_warning->text = 0;
	if (fd < 0)
		return 0;	/* what this program waited for stays unknown */
	if (elfsym_find_gil(fd, &gil) ||
	    (gil.cnt && session_learn_process(f->session, exec->pid, exec->start_code + gil.offset, &gil,
					      &id)))
		goto out;
	err = gil_tell(journal, exec, &gil, id);
	if (!err)
		err = exec_probe(f, journal, exec, fd, &gil, id, ret_warning);
out:
	close(fd);
	return err;
}
