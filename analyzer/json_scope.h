/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What several parts of the JSON have in common.
 */
#ifndef ANALYZER_JSON_SCOPE_H
#define ANALYZER_JSON_SCOPE_H

#include "analyzer/json_out.h"
#include "analyzer/report.h"
#include "analyzer/trust.h"

/* Time in each state. */
json_t *states_json(struct json_out *out, const uint64_t state_ns[STATE_CNT]);
/* What a figure may be: as an object. */
json_t *bounds_json(struct json_out *out, uint64_t ns, struct range range);
/* Adds what the whole run's may be. */
void trust_put(struct json_out *out, json_t *object, const struct report_scope *scope,
	       const struct trust *trust);
/* Adds what the whole run and a process have in common. */
void scope_put(struct json_out *out, json_t *object, const struct report_scope *scope);

#endif
