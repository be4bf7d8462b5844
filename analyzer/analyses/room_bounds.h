/* SPDX-License-Identifier: BSD-2-Clause */
/* How much more or less idle cores may have cost; see room.h. */
#ifndef ANALYZER_ANALYSES_ROOM_BOUNDS_H
#define ANALYZER_ANALYSES_ROOM_BOUNDS_H

#include <stdint.h>

struct room;

/* From room->last_ns until then. */
void room_bounds_advance(struct room *room, uint64_t until_ns);
void room_bounds_settle(struct room *room);

#endif
