/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of states, made from the one list in state.h.
 */
#include "analyzer/state.h"

#define STATE_ROW(NAME, state_name, state_counts, state_doc) \
	[STATE_##NAME] = { .name = state_name, .counts = state_counts, .doc = state_doc },

const struct state_info state_infos[STATE_CNT] = { THREAD_STATES(STATE_ROW) };
