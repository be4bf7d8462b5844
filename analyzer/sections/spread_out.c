/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distributions as rows of a table and as JSON objects.
 */
#include "analyzer/sections/spread_out.h"

int spread_head(struct table *table, const char *what)
{
	return table_cells(table, (const char *const[]){
		what, "count", "total", "p50", "p90", "p99", "max", NULL });
}

int spread_row(struct table *table, const char *what, const struct spread *spread, struct style style)
{
	if (!spread->cnt)
		return table_cells(table, (const char *const[]){ what, "0", "", "", "", "", "", NULL });
	return table_cells(table, (const char *const[]){
		what, format_count(spread->cnt).s, format_time(spread->sum_ns, style).s,
		format_time(spread_percentile(spread, 50), style).s,
		format_time(spread_percentile(spread, 90), style).s,
		format_time(spread_percentile(spread, 99), style).s,
		format_time(spread->max_ns, style).s, NULL });
}

json_t *spread_json(struct json_out *out, const struct spread *spread)
{
	json_t *object = json_object();

	put_number(out, object, "count", spread->cnt);
	put_number(out, object, "total_ns", spread->sum_ns);
	put_number(out, object, "min_ns", spread->min_ns);
	put_number(out, object, "p50_ns", spread_percentile(spread, 50));
	put_number(out, object, "p90_ns", spread_percentile(spread, 90));
	put_number(out, object, "p99_ns", spread_percentile(spread, 99));
	put_number(out, object, "max_ns", spread->max_ns);
	return object;
}
