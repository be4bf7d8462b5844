/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_USDT_H
#define GILRT_USDT_H

/*
 * Static probes: places in the program that a tracer may attach to. What they mean is in gilrt.h,
 * one function for each in probes.h; this is how one is made.
 *
 * A probe is a 1-byte nop, then a 5-byte nop. The note in the ELF file points to the first: every
 * kernel emulates it, where it would single-step the longer one (which in a guest costs ten times
 * as much). What the program has written before is in memory there. Kernels from 6.18 on replace a 5-byte nop by a call, which is cheaper still: who knows
 * that the kernel does so attaches one byte further.
 *
 * The arguments are in %rdi, %rsi and %rdx, as those of a call: a tracer need not parse the note.
 * With a semaphore the program can ask whether anybody listens before it prepares them; the tracer
 * counts it up (perf_event's ref_ctr_offset does).
 *
 * The note is that of SystemTap's <sys/sdt.h>, version 3, for which perf, bpftrace and libbpf look.
 */

#include <stdint.h>

#if defined(__x86_64__)

#define USDT_PLACE(provider, name, semaphore, arguments)				\
	"990:	nop\n"									\
	"	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"					\
	"	.pushsection .note.stapsdt, \"\", \"note\"\n"				\
	"	.balign 4\n"								\
	"	.4byte 992f - 991f, 994f - 993f, 3\n"					\
	"991:	.asciz \"stapsdt\"\n"							\
	"992:	.balign 4\n"								\
	"993:	.8byte 990b, _.stapsdt.base, " semaphore "\n"				\
	"	.asciz \"" provider "\"\n"						\
	"	.asciz \"" name "\"\n"							\
	"	.asciz \"" arguments "\"\n"						\
	"994:	.balign 4\n"								\
	"	.popsection\n"								\
	"	.ifndef _.stapsdt.base\n"						\
	"	.pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"	\
	"	.weak _.stapsdt.base\n"							\
	"	.hidden _.stapsdt.base\n"						\
	"_.stapsdt.base:\n"								\
	"	.space 1\n"								\
	"	.size _.stapsdt.base, 1\n"						\
	"	.popsection\n"								\
	"	.endif\n"

#define USDT_2(provider, name, semaphore, first, second)				\
	__asm__ volatile(USDT_PLACE(provider, name, semaphore, "8@%%rdi 8@%%rsi")	\
			 :: "D"((uint64_t)(first)), "S"((uint64_t)(second)) : "memory")
#define USDT_3(provider, name, semaphore, first, second, third)				\
	__asm__ volatile(USDT_PLACE(provider, name, semaphore, "8@%%rdi 8@%%rsi 8@%%rdx")	\
			 :: "D"((uint64_t)(first)), "S"((uint64_t)(second)),		\
			    "d"((uint64_t)(third)) : "memory")

#else

#define USDT_2(provider, name, semaphore, first, second)	((void)(first), (void)(second))
#define USDT_3(provider, name, semaphore, first, second, third)				\
	((void)(first), (void)(second), (void)(third))

#endif

#endif
