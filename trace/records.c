// SPDX-License-Identifier: BSD-2-Clause
/* The run-time description of the record kinds, generated from the table in records.h. */
#include "trace/records.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The members of the union all begin at the same place; any of them tells where. */
#define FIELD_OFFSET(field) (offsetof(struct trace_record, end) + offsetof(self, field))
#define NUM_FIELD(name, coding, doc) { #name, doc, TRACE_CODING_##coding, FIELD_OFFSET(name) },
#define BYTES_FIELD(name, doc) { #name, doc, TRACE_CODING_BYTES, FIELD_OFFSET(name) },

/*
 * A union is as large as its largest member: one of `id` bytes for each kind gives the largest id.
 */
union largest_id {
#define ID_MEMBER(id, NAME, name, doc) char name[id];
	TRACE_KINDS(ID_MEMBER)
#undef ID_MEMBER
};
_Static_assert(sizeof(union largest_id) + 1 == TRACE_KIND_MAX, "not the largest id + 1");

/* Each kind has its own scope, in which `self` is its struct: the field macros need its name. */
const struct trace_kind_info *trace_kind_info(uint32_t kind)
{
	switch (kind) {
#define KIND_CASE(id, NAME, name, doc)								\
	case id: {										\
		typedef struct trace_##name self;						\
		static const struct trace_field fields[] = {					\
			TRACE_FIELDS_##NAME(NUM_FIELD, BYTES_FIELD)				\
		};										\
		static const struct trace_kind_info info = {					\
			id, #name, doc, fields, COUNT(fields)					\
		};										\
		_Static_assert(COUNT(fields) <= TRACE_FIELD_MAX, "too many fields: " #name);	\
		return &info;									\
	}
	TRACE_KINDS(KIND_CASE)
#undef KIND_CASE
	}
	return NULL;
}
