/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF symbol look-up: which file has a GIL object, and how far from its code. */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <string.h>

#include "collector/elfsym.h"

/* GIL objects that a symbol leads to, and what must be known of thread states to read their holders. */
struct gil_symbol {
	const char *name;
	uint32_t thread_id_offset;
};

static const struct gil_symbol gil_symbols[] = {
	{ "gilrt_gil", 0x98 },	/* workloads/gilrt/gilrt.h */
};

static const struct gil_symbol *gil_symbol_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof(gil_symbols) / sizeof(*gil_symbols); i++)
		if (!strcmp(gil_symbols[i].name, name))
			return &gil_symbols[i];
	return NULL;
}

/* Lowest address of an executable segment: what the kernel calls start_code, less the load base. */
static bool code_start(Elf *elf, uint64_t *ret_address)
{
	size_t cnt = 0;
	bool found = false;

	if (elf_getphdrnum(elf, &cnt))
		return false;
	for (size_t i = 0; i < cnt; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		if (!found || ph.p_vaddr < *ret_address)
			*ret_address = ph.p_vaddr;
		found = true;
	}
	return found;
}

static bool section_find_gil(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			     uint64_t code, struct program_gil *ret_gil)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t cnt = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < cnt; i++) {
		const struct gil_symbol *known;
		GElf_Sym sym;

		if (!gelf_getsym(data, i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
		    sym.st_shndx == SHN_UNDEF)
			continue;
		known = gil_symbol_named(elf_strptr(elf, header->sh_link, sym.st_name));
		if (!known || !sym.st_size || sym.st_size % EVENT_GIL_BYTES ||
		    sym.st_size / EVENT_GIL_BYTES > EVENT_GILS_MAX)
			continue;
		ret_gil->offset = sym.st_value - code;
		ret_gil->thread_id_offset = known->thread_id_offset;
		ret_gil->cnt = sym.st_size / EVENT_GIL_BYTES;
		return true;
	}
	return false;
}

int elfsym_find_gil(int fd, struct program_gil *ret_gil)
{
	Elf_Scn *section = NULL;
	uint64_t code = 0;
	Elf *elf;

	*ret_gil = (struct program_gil){};
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOSYS;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		return -EIO;
	if (elf_kind(elf) != ELF_K_ELF || !code_start(elf, &code))
		goto out;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		if (section_find_gil(elf, section, &header, code, ret_gil))
			break;
	}
out:
	elf_end(elf);
	return 0;
}
