/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-ups in ELF files: GIL objects by their symbols, probes by their notes. */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int elf_open(int fd, Elf **ret_elf)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOSYS;
	*ret_elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	return *ret_elf ? 0 : -EIO;
}

int elfsym_find_gil(int fd, struct program_gil *ret_gil)
{
	Elf_Scn *section = NULL;
	uint64_t code = 0;
	Elf *elf;
	int err;

	*ret_gil = (struct program_gil){};
	err = elf_open(fd, &elf);
	if (err)
		return err;
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

/* ---- probes ---- */

struct search {
	Elf *elf;
	int fd;
	const char *provider;
	uint64_t base;		/* address of .stapsdt.base, 0: there is none */
	struct elfsym_probe *probes;
	size_t cnt;
	size_t unusable_cnt;
};

/* From an address to the place in the file that is mapped there. */
static bool file_offset(Elf *elf, uint64_t address, uint64_t *ret_offset)
{
	size_t cnt = 0;

	if (elf_getphdrnum(elf, &cnt))
		return false;
	for (size_t i = 0; i < cnt; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD || address < ph.p_vaddr ||
		    address - ph.p_vaddr >= ph.p_filesz)
			continue;
		*ret_offset = address - ph.p_vaddr + ph.p_offset;
		return true;
	}
	return false;
}

/* The next text of a note; NULL when it does not end in it. */
static const char *text_next(const char **at, const char *end)
{
	const char *text = *at, *nul = text < end ? memchr(text, 0, end - text) : NULL;

	*at = nul ? nul + 1 : end;
	return nul ? text : NULL;
}

/* "8@%rdi 8@%rsi": the registers of a call's arguments, whatever the sizes. */
static bool arguments_lie_as_in_calls(const char *arguments)
{
	static const char *const registers[] = { "%rdi", "%rsi", "%rdx" };
	size_t i = 0;

	while (*arguments) {
		size_t len = strcspn(arguments, " ");
		const char *at = memchr(arguments, '@', len);

		if (!at || i == sizeof(registers) / sizeof(*registers) ||
		    (size_t)(arguments + len - at - 1) != strlen(registers[i]) ||
		    memcmp(at + 1, registers[i], strlen(registers[i])))
			return false;
		i++;
		arguments += len;
		arguments += strspn(arguments, " ");
	}
	return true;
}

/* Whether a 1-byte nop is there, and behind it one of 5 bytes. */
static bool nops_look(int fd, uint64_t offset, bool *ret_nop5)
{
	static const unsigned char nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	unsigned char code[1 + sizeof(nop5)] = {};
	ssize_t len = pread(fd, code, sizeof(code), offset);

	*ret_nop5 = len == sizeof(code) && !memcmp(code + 1, nop5, sizeof(nop5));
	return len > 0 && code[0] == 0x90;
}

static int probe_add(struct search *search, const struct elfsym_probe *probe)
{
	struct elfsym_probe *more = realloc(search->probes, (search->cnt + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	search->probes = more;
	search->probes[search->cnt++] = *probe;
	return 0;
}

/*
 * A note's content: the addresses of probe, base and semaphore, then provider, name, arguments. Who
 * moves the code after linking moves the base as well, but not what the notes say.
 */
static int note_take(struct search *search, const char *at, size_t len)
{
	const char *end = at + len, *provider, *name, *arguments;
	struct elfsym_probe probe = {};
	uint64_t addresses[3], moved;

	if (len < sizeof(addresses)) {
		search->unusable_cnt++;
		return 0;
	}
	memcpy(addresses, at, sizeof(addresses));
	at += sizeof(addresses);
	provider = text_next(&at, end);
	name = text_next(&at, end);
	arguments = text_next(&at, end);
	/* One that is cut may be anybody's. */
	if (arguments && (strcmp(provider, search->provider) || strlen(name) >= sizeof(probe.name)))
		return 0;
	moved = search->base ? search->base - addresses[1] : 0;
	if (!arguments || !arguments_lie_as_in_calls(arguments) ||
	    !file_offset(search->elf, addresses[0] + moved, &probe.offset) ||
	    !nops_look(search->fd, probe.offset, &probe.has_nop5) ||
	    (addresses[2] && !file_offset(search->elf, addresses[2] + moved, &probe.semaphore))) {
		search->unusable_cnt++;
		return 0;
	}
	strcpy(probe.name, name);
	return probe_add(search, &probe);
}

static int notes_read(struct search *search, Elf_Scn *section)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t at = 0, next, name_at, content_at;
	GElf_Nhdr note;
	int err = 0;

	for (; data && !err && (next = gelf_getnote(data, at, &note, &name_at, &content_at)); at = next) {
		const char *name = (const char *)data->d_buf + name_at;

		if (note.n_type == 3 && note.n_namesz == sizeof("stapsdt") &&
		    !memcmp(name, "stapsdt", sizeof("stapsdt")))
			err = note_take(search, (const char *)data->d_buf + content_at, note.n_descsz);
	}
	search->unusable_cnt += !data || at < data->d_size;
	return err;
}

/* Calls it for each section of this name. */
static int sections_named(struct search *search, const char *wanted,
			  int (*take)(struct search *search, Elf_Scn *section))
{
	Elf_Scn *section = NULL;
	size_t names;
	int err = 0;

	if (elf_getshdrstrndx(search->elf, &names))
		return 0;
	while (!err && (section = elf_nextscn(search->elf, section))) {
		const char *name;
		GElf_Shdr header;

		name = gelf_getshdr(section, &header) ?
			       elf_strptr(search->elf, names, header.sh_name) : NULL;
		if (name && !strcmp(name, wanted))
			err = take(search, section);
	}
	return err;
}

static int base_take(struct search *search, Elf_Scn *section)
{
	GElf_Shdr header;

	if (gelf_getshdr(section, &header))
		search->base = header.sh_addr;
	return 0;
}

int elfsym_find_probes(int fd, const char *provider, struct elfsym_probe **ret_probes,
		       size_t *ret_cnt, size_t *ret_unusable)
{
	struct search search = { .fd = fd, .provider = provider };
	int err = elf_open(fd, &search.elf);

	if (err)
		return err;
	if (elf_kind(search.elf) == ELF_K_ELF && gelf_getclass(search.elf) == ELFCLASS64) {
		sections_named(&search, ".stapsdt.base", base_take);
		err = sections_named(&search, ".note.stapsdt", notes_read);
	}
	elf_end(search.elf);
	if (err) {
		free(search.probes);
		return err;
	}
	*ret_probes = search.probes;
	*ret_cnt = search.cnt;
	*ret_unusable = search.unusable_cnt;
	return 0;
}
