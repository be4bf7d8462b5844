/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The kernel's types, as far as the probes read them: every field named here is looked up in the
 * running kernel's BTF at load time, so their order and neighbours do not matter.
 */
#ifndef PROBES_KERNEL_H
#define PROBES_KERNEL_H

/* <linux/bpf.h> would do, but its tests of the host's headers are not for BPF. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct sched_entity {
	u64 sum_exec_runtime, prev_sum_exec_runtime;
};

struct sched_info {
	unsigned long long run_delay, last_arrival;
};

struct thread_struct {
	unsigned long fsbase;
};

struct file;

struct mm_struct {
	unsigned long start_code;
	struct file *exe_file;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct thread_info {
	u32 cpu;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	int pid, tgid;
	int exit_code;
	unsigned int in_iowait : 1;
	char comm[16];
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct sched_entity se;
	struct sched_info sched_info;
	struct thread_struct thread;
};

struct super_block {
	u32 s_dev;
};

struct inode {
	unsigned long i_ino;
	long long i_size;
	struct super_block *i_sb;
};

struct file {
	struct inode *f_inode;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
};

struct pt_regs {
	unsigned long di, si, dx, orig_ax, cs;
};

#pragma clang attribute pop

/* Task states, as sched_switch tells them (include/linux/sched.h). */
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_STOPPED_OR_TRACED (0x4 | 0x8)
#define TASK_DEAD 0x80

/* Size of a task's kernel stack (arch/x86/include/asm/page_64_types.h, without KASAN). */
#define KERNEL_STACK_BYTES (16 * 1024)

/* Code segment of 64-bit user programs: others have other system call numbers. */
#define USER_CS_64 0x33

#define SYS_FUTEX 202

#endif
