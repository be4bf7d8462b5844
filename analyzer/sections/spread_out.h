/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a distribution of times looks, in text and in JSON: the same in all sections.
 */
#ifndef ANALYZER_SECTIONS_SPREAD_OUT_H
#define ANALYZER_SECTIONS_SPREAD_OUT_H

#include <jansson.h>

#include "analyzer/json_out.h"
#include "analyzer/spread.h"
#include "analyzer/table.h"

/* Columns for table_new(): what it is, count, sum, p50, p90, p99, largest. */
#define SPREAD_COLUMNS "lrrrrrr"

int spread_head(struct table *table, const char *what);
/* What has not happened has a count of 0 and no times. */
int spread_row(struct table *table, const char *what, const struct spread *spread, struct style style);

json_t *spread_json(struct json_out *out, const struct spread *spread);

#endif
