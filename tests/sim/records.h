/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts as records of a trace. */
#ifndef TESTS_SIM_RECORDS_H
#define TESTS_SIM_RECORDS_H

#include "tests/sim/recorder.h"

struct trace_record *records_add(struct sim_recorder *recorder, uint64_t ts_ns, uint32_t stream,
				 enum trace_kind kind);
/* Those that wait here go to the recorder's stream. */
void records_pass(struct sim_recorder *recorder);
void records_fact(struct sim_recorder *recorder, const struct sim_fact *fact);
/* What the recorder says at the end. */
void records_end(struct sim_recorder *recorder, const struct sim_world *world);

#endif
