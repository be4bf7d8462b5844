/* SPDX-License-Identifier: BSD-2-Clause */
/* The probes' life in the kernel: load, track, attach, count, detach. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collector/session.h"

typedef __u64 u64;	/* the skeleton uses the names of the probes */
#include "probes/probes.skel.h"

struct session {
	struct probes *skel;
	unsigned int cores_cnt;
	bool *online;			/* one for each core */
	int *ring_fds;			/* likewise; -1 where the core is not on line */
	struct bpf_link **tick_links;	/* likewise; NULL where there is no sampler */
	int *tick_fds;			/* likewise; -1 there */
	bool ticking;
	int stats_fd;			/* keeps the kernel counting the probes' run time */
	unsigned int sample_hz;
};

static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int fault_set(struct session_fault *fault, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fault_set(struct session_fault *fault, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fault->reason, sizeof(fault->reason), format, args);
	va_end(args);
	return error;
}

/* What the kernel's error most likely means to the one who reads it. */
static int fault_explain(struct session_fault *fault, int error, const char *doing)
{
	struct utsname kernel = {};

	uname(&kernel);
	if (error == -EPERM && !geteuid())
		return fault_set(fault, error, "BPF is not permitted, not even for root (%s: %s): a container or "
				 "a system call filter forbids it", doing, strerror(-error));
	if (error == -EPERM)
		return fault_set(fault, error, "BPF is not permitted for uid %u (%s: %s): run it as root or "
				 "through sudo; it needs CAP_BPF and CAP_PERFMON", geteuid(), doing,
				 strerror(-error));
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return fault_set(fault, error, "this kernel (%s) has no type information: "
				 "/sys/kernel/btf/vmlinux is missing (CONFIG_DEBUG_INFO_BTF)",
				 kernel.release);
	return fault_set(fault, error, "%s: %s (kernel %s; 6.1 or later is needed)", doing,
			 strerror(-error), kernel.release);
}

/* A core that cannot be taken off line has no such file. */
static bool core_is_online(unsigned int core)
{
	char path[64], state = '1';
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", core);
	if (access(path, F_OK))
		return false;
	strcat(path, "/online");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	if (read(fd, &state, 1) != 1)
		state = '1';
	close(fd);
	return state == '1';
}

static int cores_find(struct session *s, struct session_fault *fault)
{
	int cores = libbpf_num_possible_cpus();

	if (cores < 1)
		return fault_set(fault, -EIO, "cannot read /sys/devices/system/cpu/possible");
	if (cores > EVENT_CORES_MAX)
		return fault_set(fault, -ERANGE, "%d cores: 1 to %d are supported", cores,
				 EVENT_CORES_MAX);
	s->cores_cnt = cores;
	s->online = calloc(cores, sizeof(*s->online));
	if (!s->online)
		return fault_set(fault, -ENOMEM, "out of memory");
	for (int core = 0; core < cores; core++)
		s->online[core] = core_is_online(core);
	return 0;
}

/* Processes are known to us by their pids in our own namespace. */
static void pidns_tell(struct session *s)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st))
		return;
	s->skel->rodata->pidns_dev = st.st_dev;
	s->skel->rodata->pidns_ino = st.st_ino;
	/* PROC_PID_INIT_INO, the same on every Linux. */
	s->skel->rodata->pidns_is_initial = st.st_ino == 0xeffffffcu;
}

static int rings_create(struct session *s, size_t ring_bytes)
{
	int map = bpf_map__fd(s->skel->maps.rings);

	s->ring_fds = malloc(s->cores_cnt * sizeof(*s->ring_fds));
	if (!s->ring_fds)
		return -ENOMEM;
	memset(s->ring_fds, -1, s->cores_cnt * sizeof(*s->ring_fds));
	for (uint32_t core = 0; core < s->cores_cnt; core++) {
		int fd;

		/* Rings take memory at once, and a guest may have many cores that are never there. */
		if (!s->online[core])
			continue;
		fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "core_ring", 0, 0, ring_bytes, NULL);

		if (fd < 0)
			return fd;
		s->ring_fds[core] = fd;
		if (bpf_map_update_elem(map, &core, &fd, BPF_ANY))
			return -errno;
	}
	return 0;
}

int session_open(const struct session_config *config, struct session **ret_session,
		 struct session_fault *ret_fault)
{
	struct session *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return fault_set(ret_fault, -ENOMEM, "out of memory");
	s->stats_fd = -1;
	s->sample_hz = config->sample_hz;
	if (!config->verbose)
		libbpf_set_print(say_nothing);
	err = cores_find(s, ret_fault);
	if (err)
		goto fail;
	s->skel = probes__open();
	if (!s->skel) {
		err = fault_explain(ret_fault, -errno, "cannot open the probes");
		goto fail;
	}
	s->skel->rodata->ring_mark_bytes = config->ring_bytes / 4;
	s->skel->rodata->watch_gils = config->watch_gils;
	bpf_program__set_autoload(s->skel->progs.on_gil_op, config->exact);
	bpf_program__set_autoload(s->skel->progs.on_lock_op, config->exact);
	pidns_tell(s);
	err = probes__load(s->skel);
	if (err) {
		fault_explain(ret_fault, err, "cannot load the probes");
		goto fail;
	}
	err = rings_create(s, config->ring_bytes);
	if (err) {
		fault_explain(ret_fault, err, "cannot create the ring buffers");
		goto fail;
	}
	*ret_session = s;
	return 0;
fail:
	session_close(s);
	return err;
}

void session_close(struct session *s)
{
	if (!s)
		return;
	session_detach(s);
	for (unsigned int core = 0; s->ring_fds && core < s->cores_cnt; core++)
		if (s->ring_fds[core] >= 0)
			close(s->ring_fds[core]);
	if (s->stats_fd >= 0)
		close(s->stats_fd);
	probes__destroy(s->skel);
	free(s->tick_links);
	free(s->tick_fds);
	free(s->ring_fds);
	free(s->online);
	free(s);
}

struct bpf_program *session_program(const struct session *s, enum session_program program)
{
	return program == SESSION_GIL_OP ? s->skel->progs.on_gil_op : s->skel->progs.on_lock_op;
}

int session_track(struct session *s, pid_t pid)
{
	struct thread_slot slot = {};
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int err = 0;

	if (pidfd < 0)
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(s->skel->maps.slots), &pidfd, &slot, BPF_NOEXIST))
		err = -errno;
	close(pidfd);
	return err;
}

/* One timer for each core that is on line; a core that is not needs none. */
static int sampler_attach(struct session *s)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000000 / s->sample_hz,	/* ns; no limit of the kernel's applies */
	};

	s->tick_links = calloc(s->cores_cnt, sizeof(*s->tick_links));
	s->tick_fds = malloc(s->cores_cnt * sizeof(*s->tick_fds));
	if (!s->tick_links || !s->tick_fds)
		return -ENOMEM;
	memset(s->tick_fds, -1, s->cores_cnt * sizeof(*s->tick_fds));
	s->ticking = true;
	for (unsigned int core = 0; core < s->cores_cnt; core++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, core, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 && errno == ENODEV)
			continue;
		if (fd < 0)
			return -errno;
		s->tick_links[core] = bpf_program__attach_perf_event(s->skel->progs.on_tick, fd);
		if (!s->tick_links[core]) {
			int err = -errno;

			close(fd);
			return err;
		}
		s->tick_fds[core] = fd;	/* the link's, and closed with it */
	}
	return 0;
}

int session_tick(struct session *s, bool on)
{
	if (!s->tick_fds || s->ticking == on)
		return 0;
	for (unsigned int core = 0; core < s->cores_cnt; core++)
		if (s->tick_fds[core] >= 0 &&
		    ioctl(s->tick_fds[core], on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0))
			return -errno;
	s->ticking = on;
	return 0;
}

bool session_sees_cores(const struct session *s)
{
	struct core_counts counts[EVENT_CORES_MAX];

	if (!s->tick_fds || session_counts(s, counts))
		return true;
	for (unsigned int core = 0; core < s->cores_cnt; core++)
		if (s->tick_fds[core] >= 0 && !counts[core].use)
			return false;
	return true;
}

int session_attach(struct session *s, struct session_fault *ret_fault)
{
	int err;

	/* Not before: what was tried out with the probes is no part of their cost. */
	s->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	err = probes__attach(s->skel);
	if (err)
		return fault_explain(ret_fault, err, "cannot attach the probes");
	err = s->sample_hz ? sampler_attach(s) : 0;
	if (err)
		return fault_explain(ret_fault, err, "cannot start the clock sampler");
	return 0;
}

void session_stop(struct session *s)
{
	__atomic_store_n(&s->skel->bss->stopped, true, __ATOMIC_SEQ_CST);
}

void session_detach(struct session *s)
{
	for (unsigned int core = 0; s->tick_links && core < s->cores_cnt; core++) {
		bpf_link__destroy(s->tick_links[core]);
		s->tick_links[core] = NULL;
		s->tick_fds[core] = -1;
	}
	if (s->skel)
		probes__detach(s->skel);
}

unsigned int session_cores(const struct session *s)
{
	return s->cores_cnt;
}

int session_ring_fd(const struct session *s, unsigned int core)
{
	return s->ring_fds[core];
}

void session_unlatch(struct session *s, unsigned int core)
{
	__atomic_store_n(&s->skel->bss->latch[core * 8], 0, __ATOMIC_RELEASE);
}

uint64_t session_live(const struct session *s)
{
	return __atomic_load_n(&s->skel->bss->live_cnt, __ATOMIC_ACQUIRE);
}

uint64_t session_gils(const struct session *s)
{
	return __atomic_load_n(&s->skel->bss->gils_cnt, __ATOMIC_ACQUIRE);
}

uint64_t session_threads(const struct session *s)
{
	return __atomic_load_n(&s->skel->bss->threads_cnt, __ATOMIC_ACQUIRE);
}

int session_counts(const struct session *s, struct core_counts ret_counts[static EVENT_CORES_MAX])
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.counts), &zero, ret_counts) ? -errno : 0;
}

int session_learn_program(struct session *s, const struct program_key *key,
			  const struct program_gil *gil)
{
	if (bpf_map_update_elem(bpf_map__fd(s->skel->maps.programs), key, gil, BPF_ANY))
		return -errno;
	return 0;
}

int session_learn_process(struct session *s, uint32_t pid, uint64_t address,
			  const struct program_gil *gil, uint32_t *ret_gil)
{
	struct process_gils gils = {
		.low = address, .high = address + gil->cnt * EVENT_GIL_BYTES,
		.cnt = gil->cnt, .thread_id_offset = gil->thread_id_offset,
		.exact = gil->exact,
	};

	for (uint32_t at = 0; at < gil->cnt; at++)
		gils.address[at] = address + at * EVENT_GIL_BYTES;
	gils.gil[0] = __atomic_add_fetch(&s->skel->bss->gils_cnt, 1, __ATOMIC_ACQ_REL);
	if (bpf_map_update_elem(bpf_map__fd(s->skel->maps.gils_by_pid), &pid, &gils, BPF_ANY))
		return -errno;
	*ret_gil = gils.gil[0];
	return 0;
}

int session_learn_exact(struct session *s, uint32_t pid, uint32_t gil)
{
	int map = bpf_map__fd(s->skel->maps.gils_by_pid);
	struct process_gils gils;

	if (bpf_map_lookup_elem(map, &pid, &gils))
		return -errno;
	if (gils.gil[0] != gil)
		return -ESRCH;
	gils.exact = 1;
	return bpf_map_update_elem(map, &pid, &gils, BPF_EXIST) ? -errno : 0;
}

bool session_command_lives(const struct session *s)
{
	return __atomic_load_n(&s->skel->bss->command_cnt, __ATOMIC_ACQUIRE);
}

uint32_t session_some_pid(const struct session *s)
{
	struct { uint32_t pid, tid; } key, last;
	bool more = s->skel->rodata->pidns_is_initial &&
		    !bpf_map_get_next_key(bpf_map__fd(s->skel->maps.by_tid), NULL, &key);

	while (more) {
		if (!kill(key.pid, 0) || errno == EPERM)
			return key.pid;
		last = key;
		more = !bpf_map_get_next_key(bpf_map__fd(s->skel->maps.by_tid), &last, &key);
	}
	return 0;
}

void session_cost(const struct session *s, struct session_cost *ret_cost)
{
	struct bpf_program *prog;

	*ret_cost = (struct session_cost){};
	bpf_object__for_each_program(prog, s->skel->obj) {
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			continue;
		ret_cost->probe_ns += info.run_time_ns;
		ret_cost->probe_runs += info.run_cnt;
		ret_cost->missed += info.recursion_misses;
		if (prog == s->skel->progs.on_gil_op || prog == s->skel->progs.on_lock_op)
			ret_cost->hits_ns += info.run_time_ns;
	}
}
