/* SPDX-License-Identifier: BSD-2-Clause */
/* GILs and probes in ELF files: those of real programs, and files made for the purpose. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/elfsym.h"

/* ---- made for the purpose ---- */

/*
 * One page of code at CODE, mapped from offset 0x1000, and one of data at DATA, from 0x2000; sections
 * as the tests want them.
 */
#define CODE 0x401000
#define DATA 0x602000
#define BASE (CODE + 0x800)

enum { SECTION_NULL, SECTION_NAMES, SECTION_SYMBOLS, SECTION_STRINGS, SECTION_NOTES, SECTION_BASE, SECTIONS };

struct made {
	unsigned char bytes[0x4000];
	size_t notes_len;
};

#define NAMES "\0.shstrtab\0.symtab\0.strtab\0.note.stapsdt\0.stapsdt.base"
#define STRINGS "\0gilrt_gil"

static void put(struct made *made, size_t at, const void *data, size_t len)
{
	assert_true(at + len <= sizeof(made->bytes));
	memcpy(made->bytes + at, data, len);
}

static void section_put(struct made *made, int nr, const char *name, const Elf64_Shdr *header)
{
	Elf64_Shdr h = *header;
	const char *at = memmem(NAMES, sizeof(NAMES), name, strlen(name) + 1);

	assert_non_null(at);
	h.sh_name = at - NAMES;
	h.sh_addralign = 1;
	put(made, 0x3000 + nr * sizeof(h), &h, sizeof(h));
}

static void made_begin(struct made *made)
{
	Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(head), .e_shoff = 0x3000, .e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTIONS, .e_shstrndx = SECTION_NAMES,
	};
	Elf64_Phdr segments[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0x1000, .p_vaddr = CODE,
		  .p_filesz = 0x1000, .p_memsz = 0x1000 },
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 0x2000, .p_vaddr = DATA,
		  .p_filesz = 0x400, .p_memsz = 0x1000 },
	};

	memset(made, 0, sizeof(*made));
	put(made, 0, &head, sizeof(head));
	put(made, sizeof(head), segments, sizeof(segments));
	put(made, 0x2800, NAMES, sizeof(NAMES));
	section_put(made, SECTION_NAMES, ".shstrtab", &(Elf64_Shdr){
		.sh_type = SHT_STRTAB, .sh_offset = 0x2800, .sh_size = sizeof(NAMES) });
}

static void symbol_put(struct made *made, uint64_t size)
{
	Elf64_Sym symbols[] = { {}, {
		.st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), .st_shndx = 1,
		.st_value = DATA + 0x40, .st_size = size,
	} };

	put(made, 0x2900, symbols, sizeof(symbols));
	put(made, 0x2980, STRINGS, sizeof(STRINGS));
	section_put(made, SECTION_SYMBOLS, ".symtab", &(Elf64_Shdr){
		.sh_type = SHT_SYMTAB, .sh_offset = 0x2900, .sh_size = sizeof(symbols),
		.sh_link = SECTION_STRINGS, .sh_entsize = sizeof(*symbols) });
	section_put(made, SECTION_STRINGS, ".strtab", &(Elf64_Shdr){
		.sh_type = SHT_STRTAB, .sh_offset = 0x2980, .sh_size = sizeof(STRINGS) });
}

/* `texts`: provider, name and arguments, each with its NUL. */
static void note_put(struct made *made, uint64_t address, uint64_t semaphore, const char *texts,
		     size_t texts_len)
{
	uint64_t addresses[] = { address, BASE, semaphore };
	Elf64_Nhdr note = { .n_namesz = 8, .n_descsz = sizeof(addresses) + texts_len, .n_type = 3 };
	size_t at = 0x2a00 + made->notes_len;

	put(made, at, &note, sizeof(note));
	put(made, at + sizeof(note), "stapsdt", 8);
	put(made, at + sizeof(note) + 8, addresses, sizeof(addresses));
	put(made, at + sizeof(note) + 8 + sizeof(addresses), texts, texts_len);
	made->notes_len += (sizeof(note) + 8 + note.n_descsz + 3) & ~3ul;
	section_put(made, SECTION_NOTES, ".note.stapsdt", &(Elf64_Shdr){
		.sh_type = SHT_NOTE, .sh_offset = 0x2a00, .sh_size = made->notes_len });
}

#define NOTE(made, address, semaphore, texts) note_put(made, address, semaphore, texts, sizeof(texts))

static void nops_put(struct made *made, uint64_t address)
{
	put(made, address - CODE + 0x1000, "\x90\x0f\x1f\x44\x00\x00", 6);
}

static int made_open(const struct made *made, size_t len)
{
	int fd = memfd_create("made", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, made->bytes, len), len);
	return fd;
}

static size_t probes_in(const struct made *made, struct elfsym_probe **ret_probes, size_t unusable)
{
	int fd = made_open(made, sizeof(made->bytes));
	size_t cnt = 77, left_out = 77;

	assert_int_equal(elfsym_find_probes(fd, "gilrt", ret_probes, &cnt, &left_out), 0);
	assert_int_equal(left_out, unusable);
	close(fd);
	return cnt;
}

static void array_of_gils(void **state)
{
	/* The symbol's size, and the GILs that there is room for: 0, it is something else. */
	static const struct { uint64_t size; uint32_t cnt; } cases[] = {
		{ 208, 1 }, { 416, 2 }, { 16 * 208, 16 }, { 17 * 208, 0 }, { 0, 0 }, { 207, 0 }, { 300, 0 },
		{ 1ull << 40, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct program_gil gil = { .cnt = 77 };
		static struct made made;
		int fd;

		made_begin(&made);
		symbol_put(&made, cases[i].size);
		fd = made_open(&made, sizeof(made.bytes));
		assert_int_equal(elfsym_find_gil(fd, &gil), 0);
		close(fd);
		if (gil.cnt != cases[i].cnt)
			fail_msg("%d bytes: room for %d", (int)cases[i].size, (int)gil.cnt);
		assert_int_equal(gil.offset, cases[i].cnt ? DATA + 0x40 - CODE : 0);
		assert_int_equal(gil.exact, 0);
	}
}

static void probe_is_found_by_its_note(void **state)
{
	static struct made made;
	struct elfsym_probe *probes;

	(void)state;
	made_begin(&made);
	nops_put(&made, CODE + 0x10);
	put(&made, 0x1020, "\x90\xc3", 2);
	NOTE(&made, CODE + 0x10, DATA + 6, "gilrt\0gil_take\0" "8@%rdi 8@%rsi");
	NOTE(&made, CODE + 0x20, 0, "gilrt\0other\0" "-4@%rdi 8@%rsi 1@%rdx");
	assert_int_equal(probes_in(&made, &probes, 0), 2);
	assert_string_equal(probes[0].name, "gil_take");
	assert_int_equal(probes[0].offset, 0x1010);
	assert_int_equal(probes[0].semaphore, 0x2006);
	assert_true(probes[0].has_nop5);
	assert_string_equal(probes[1].name, "other");
	assert_int_equal(probes[1].offset, 0x1020);
	assert_int_equal(probes[1].semaphore, 0);
	assert_false(probes[1].has_nop5);
	free(probes);
}

/* Who moves the code after linking (prelink) moves the base with it; the notes stay. */
static void moved_code_is_found(void **state)
{
	static struct made made;
	struct elfsym_probe *probes;

	(void)state;
	made_begin(&made);
	nops_put(&made, CODE + 0x110);
	NOTE(&made, CODE + 0x10, DATA, "gilrt\0gil_take\0" "8@%rdi");
	section_put(&made, SECTION_BASE, ".stapsdt.base", &(Elf64_Shdr){
		.sh_type = SHT_PROGBITS, .sh_addr = BASE + 0x100, .sh_offset = 0x1900, .sh_size = 1 });
	assert_int_equal(probes_in(&made, &probes, 0), 1);
	assert_int_equal(probes[0].offset, 0x1110);
	assert_int_equal(probes[0].semaphore, 0x2100);
	free(probes);
}

static void unusable_probes_are_left_out(void **state)
{
	static struct made made;
	struct elfsym_probe *probes;

	(void)state;
	made_begin(&made);
	nops_put(&made, CODE + 0x10);
	NOTE(&made, CODE + 0x10, 0, "python\0gil_take\0" "8@%rdi");	/* another provider */
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_take\0" "8@%rax");	/* elsewhere */
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_take\0" "8@%rsi 8@%rdi");
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_take\0" "8@8(%rdi)");
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_take\0" "8@%rdi 8@%rsi 8@%rdx 8@%rcx");
	NOTE(&made, CODE + 0x11, 0, "gilrt\0gil_take\0" "8@%rdi");	/* no 1-byte nop */
	NOTE(&made, CODE + 0x1000, 0, "gilrt\0gil_take\0" "8@%rdi");	/* not in the file */
	NOTE(&made, CODE + 0x10, DATA + 0x400, "gilrt\0gil_take\0" "8@%rdi");
	NOTE(&made, CODE + 0x10, 0, "gilrt\0a_name_that_is_longer_than_any_that_we_know\0" "8@%rdi");
	note_put(&made, CODE + 0x10, 0, "gilrt\0gil_take", 14);		/* no end */
	note_put(&made, CODE + 0x10, 0, "", 0);
	assert_int_equal(probes_in(&made, &probes, 9), 0);
	assert_null(probes);
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_take\0");		/* no arguments: as good */
	assert_int_equal(probes_in(&made, &probes, 9), 1);
	free(probes);
}

/* What is not whole may have named a place that steps are missing from now. */
static void cut_notes_are_told(void **state)
{
	static struct made made;
	struct elfsym_probe *probes;

	(void)state;
	made_begin(&made);
	nops_put(&made, CODE + 0x10);
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_take\0" "8@%rdi");
	NOTE(&made, CODE + 0x10, 0, "gilrt\0gil_drop\0" "8@%rdi");
	section_put(&made, SECTION_NOTES, ".note.stapsdt", &(Elf64_Shdr){
		.sh_type = SHT_NOTE, .sh_offset = 0x2a00, .sh_size = made.notes_len - 4 });
	assert_int_equal(probes_in(&made, &probes, 1), 1);
	free(probes);
}

/* ---- real programs ---- */

static const char *workload(void)
{
	const char *build = getenv("BUILD_DIR");
	static char path[256];

	snprintf(path, sizeof(path), "%s/workloads/cpu_bound", build ? build : "build");
	return path;
}

static struct program_gil gil_in(const char *path)
{
	struct program_gil gil = { .cnt = 7 };
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(elfsym_find_gil(fd, &gil), 0);
	close(fd);
	return gil;
}

static void gil_is_found_by_its_symbol(void **state)
{
	char path[256], command[600];
	struct program_gil gil, stripped;

	(void)state;
	snprintf(path, sizeof(path), "%s", workload());
	gil = gil_in(path);
	assert_int_equal(gil.cnt, 16);
	assert_int_equal(gil.thread_id_offset, 0x98);
	/* Without its symbol table a program still exports the object. */
	snprintf(command, sizeof(command), "strip -o %s.stripped %s", path, path);
	assert_int_equal(system(command), 0);
	strcat(path, ".stripped");
	stripped = gil_in(path);
	unlink(path);
	assert_memory_equal(&gil, &stripped, sizeof(gil));
}

static void other_files_have_none(void **state)
{
	(void)state;
	assert_int_equal(gil_in("/bin/sh").cnt, 0);
	assert_int_equal(gil_in("Makefile").cnt, 0);
	assert_int_equal(gil_in("/dev/null").cnt, 0);
}

static size_t steps_of(int fd, const char *name)
{
	struct elfsym_probe *probes;
	size_t cnt, unusable, same = 0;

	assert_int_equal(elfsym_find_probes(fd, "gilrt", &probes, &cnt, &unusable), 0);
	assert_int_equal(unusable, 0);
	for (size_t i = 0; i < cnt; i++) {
		assert_true(probes[i].has_nop5);
		same += !strcmp(probes[i].name, name);
	}
	free(probes);
	return same;
}

static void runtime_has_its_probes(void **state)
{
	static const char *const names[] = {
		"gil_wait", "gil_take", "gil_drop", "gil_resume", "gil_request", "lock_wait", "lock_acquired",
		"lock_timeout", "lock_release",
	};
	int fd = open(workload(), O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!steps_of(fd, names[i]))
			fail_msg("no %s", names[i]);
	close(fd);
}

/* Every prefix of a real program, in steps: an error, or less than there is, never a crash. */
static void cut_elf_files_do_no_harm(void **state)
{
	static char data[1 << 22];
	ssize_t len;
	int fd;

	(void)state;
	fd = open(workload(), O_RDONLY);
	assert_true(fd >= 0);
	len = read(fd, data, sizeof(data));
	close(fd);
	assert_true(len > 4096);
	for (ssize_t cut = 0; cut < len; cut += cut < 4096 ? 13 : len / 50) {
		struct elfsym_probe *probes;
		struct program_gil gil;
		size_t cnt, unusable;
		int mem = memfd_create("cut", MFD_CLOEXEC);

		assert_true(mem >= 0);
		assert_int_equal(write(mem, data, cut), cut);
		if (!elfsym_find_gil(mem, &gil))
			assert_true(gil.cnt <= 16);
		if (!elfsym_find_probes(mem, "gilrt", &probes, &cnt, &unusable))
			free(probes);
		close(mem);
	}
}

/* Likewise with bytes changed: whatever a file says. */
static void damaged_elf_files_do_no_harm(void **state)
{
	static struct made made, damaged;

	(void)state;
	made_begin(&made);
	nops_put(&made, CODE + 0x10);
	symbol_put(&made, 208);
	NOTE(&made, CODE + 0x10, DATA, "gilrt\0gil_take\0" "8@%rdi");
	for (size_t at = 0; at < sizeof(made.bytes); at += at < 0x100 || at >= 0x2800 ? 1 : 0x40) {
		struct elfsym_probe *probes;
		struct program_gil gil;
		size_t cnt, unusable;
		int fd;

		damaged = made;
		damaged.bytes[at] ^= 0x81;
		fd = made_open(&damaged, sizeof(damaged.bytes));
		if (!elfsym_find_gil(fd, &gil))
			assert_true(gil.cnt <= 16);
		if (!elfsym_find_probes(fd, "gilrt", &probes, &cnt, &unusable))
			free(probes);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_of_gils),
		cmocka_unit_test(probe_is_found_by_its_note),
		cmocka_unit_test(moved_code_is_found),
		cmocka_unit_test(unusable_probes_are_left_out),
		cmocka_unit_test(cut_notes_are_told),
		cmocka_unit_test(gil_is_found_by_its_symbol),
		cmocka_unit_test(other_files_have_none),
		cmocka_unit_test(runtime_has_its_probes),
		cmocka_unit_test(cut_elf_files_do_no_harm),
		cmocka_unit_test(damaged_elf_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
