/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tracing session in the kernel: the probes, their maps and rings. The owner of the BPF skeleton.
 *
 * Order of use: open (needs the right to use BPF), track, attach, then any thread may call the
 * functions marked so, detach, close. Errors are negative errno values.
 */
#ifndef COLLECTOR_SESSION_H
#define COLLECTOR_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "probes/events.h"

struct session_config {
	size_t ring_bytes;	/* of each core; a power of two of at least a page */
	unsigned int sample_hz;	/* 0: no samples */
	bool watch_gils;	/* false: nobody looks for GILs, or at them */
	bool exact;		/* probes in programs are going to be attached to */
	bool verbose;		/* let libbpf say on stderr what it does */
};

/* What places in traced programs call; its cookie is one of EVENT_GIL_OP_*, EVENT_LOCK_OP_*. */
enum session_program { SESSION_GIL_OP, SESSION_LOCK_OP };

/* Why a session cannot be had: one line that names what is missing and what to do about it. */
struct session_fault {
	char reason[256];
};

struct session;

int session_open(const struct session_config *config, struct session **ret_session,
		 struct session_fault *ret_fault);
void session_close(struct session *session);

/* With `exact` only; see collector/sites.h. */
struct bpf_program;
struct bpf_program *session_program(const struct session *session, enum session_program program);

/* From its next exec on, this process and all that it makes are traced. */
int session_track(struct session *session, pid_t pid);
int session_attach(struct session *session, struct session_fault *ret_fault);
/*
 * The clock sampler starts with attach, which shows what every core is doing. It is worth its ticks,
 * which keep idle cores from sleeping, only while there is a GIL to look at.
 */
int session_tick(struct session *session, bool on);
/* It is known of every core what it does. */
bool session_sees_cores(const struct session *session);
/* From here on no event is recorded. Cheap, and exact in time; detach follows. */
void session_stop(struct session *session);
/* No more events after this; what is in the rings stays there to be drained. */
void session_detach(struct session *session);

unsigned int session_cores(const struct session *session);

/* ---- any thread ---- */

/* -1 for a core that was not on line at the start. */
int session_ring_fd(const struct session *session, unsigned int core);
/* Lets the probes of a core wake its reader again; call before draining. */
void session_unlatch(struct session *session, unsigned int core);
/* Traced threads that have not died; 0 before the command's exec too. */
uint64_t session_live(const struct session *session);
/* GILs that were located. */
uint64_t session_gils(const struct session *session);
uint64_t session_threads(const struct session *session);
/* Of all cores. */
int session_counts(const struct session *session,
		   struct core_counts ret_counts[static EVENT_CORES_MAX]);
/* Tells where a program file keeps its GILs (all 0: it has none), for its next exec. */
int session_learn_program(struct session *session, const struct program_key *key,
			  const struct program_gil *gil);
/*
 * Tells where a running process has the first of its GILs, which are as its file has them; gives the
 * id that peeks at this one carry from now on.
 */
int session_learn_process(struct session *session, uint32_t pid, uint64_t address,
			  const struct program_gil *gil, uint32_t *ret_gil);
/* That all its steps are told of from now on, unless it has other GILs than `gil` and those beside it. */
int session_learn_exact(struct session *session, uint32_t pid, uint32_t gil);
/* The command's own process has threads that have not died. */
bool session_command_lives(const struct session *session);
/*
 * Some process that has traced threads and exists; 0 when there is none, and in a pid namespace, where
 * the kernel's pids say nothing to us.
 */
uint32_t session_some_pid(const struct session *session);

struct session_cost {
	uint64_t probe_ns, probe_runs;	/* 0 when the kernel does not count */
	uint64_t missed;		/* runs that the kernel skipped */
	uint64_t hits_ns;		/* of probe_ns, at places in traced programs */
};
void session_cost(const struct session *session, struct session_cost *ret_cost);

#endif
