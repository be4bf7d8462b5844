/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each core did.
 */
#include <errno.h>

#include "analyzer/sections/section.h"

/* The other program that had the core longest, and its share. */
static int guest_cells(struct table *table, const struct report_core *core, uint64_t wall_ns,
		       struct style style)
{
	const struct report_guest *guest = &core->guests[0];
	struct text text = { "" };

	if (guest->ns)
		snprintf(text.s, sizeof(text.s), "%.60s", guest->comm && *guest->comm ?
			 format_name(guest->comm, NAME_WIDTH, style).s : "unnamed");
	return table_cells(table, (const char *const[]){
		text.s, guest->ns ? format_share(guest->ns, wall_ns).s : "", NULL });
}

static int cores_text(const struct report *report, struct style style, FILE *out)
{
	size_t rows = report_rows(report, report->cores_cnt);
	uint64_t wall_ns = report->tree.wall_ns;
	struct table *table = table_new("rrrrrrrnr");
	int err = table ? 0 : -ENOMEM;

	if (!err)
		err = table_cells(table, (const char *const[]){
			"core", "ours", "true", "spin", "others", "idle", "unknown",
			"mostly", "%", NULL });
	for (size_t i = 0; !err && i < rows; i++) {
		const struct report_core *core = &report->cores[i];

		err = table_cells(table, (const char *const[]){
			format_count(core->core).s, format_share(core->ours_ns, wall_ns).s,
			format_share(core->true_ns, wall_ns).s,
			format_share(core->spin_ns, wall_ns).s,
			format_share(core->other_ns, wall_ns).s,
			format_share(core->idle_ns, wall_ns).s,
			format_share(core->unknown_ns, wall_ns).s, NULL });
		if (!err)
			err = guest_cells(table, core, wall_ns, style);
	}
	if (!err) {
		table_print(table, style, "  ", out);
		left_out_print(rows, report->cores_cnt, out);
	}
	table_free(table);
	return err;
}

static json_t *core_json(struct json_out *out, const struct report_core *core)
{
	json_t *object = json_object(), *guests = json_array();

	put_number(out, object, "core", core->core);
	put_number(out, object, "ours_ns", core->ours_ns);
	put_number(out, object, "true_ns", core->true_ns);
	put_number(out, object, "spin_ns", core->spin_ns);
	put_number(out, object, "other_ns", core->other_ns);
	put_number(out, object, "crowded_ns", core->crowded_ns);
	put_number(out, object, "idle_ns", core->idle_ns);
	put_number(out, object, "unknown_ns", core->unknown_ns);
	put_number(out, object, "steal_ns", core->steal_ns);
	for (size_t i = 0; i < REPORT_GUESTS && core->guests[i].ns; i++) {
		json_t *guest = json_object();

		put_number(out, guest, "pid", core->guests[i].pid);
		put_text(out, guest, "comm", core->guests[i].comm ? core->guests[i].comm : "");
		put_number(out, guest, "ns", core->guests[i].ns);
		append(out, guests, guest);
	}
	put(out, object, "others", guests);
	return object;
}

static json_t *cores_json(struct json_out *out, const struct report *report)
{
	json_t *cores = json_array();

	for (size_t i = 0; i < report->cores_cnt; i++)
		append(out, cores, core_json(out, &report->cores[i]));
	return cores;
}

const struct section cores_section = {
	.name = "cores",
	.says = "% of the time; true and spin are parts of ours",
	.text = cores_text,
	.json = cores_json,
};
