/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_EVENT_H
#define GILRT_EVENT_H

/* Python's Event: a flag that threads can wait for. NULL may be destroyed. */

#include <stdbool.h>
#include <stdint.h>

#include "workloads/gilrt/lock.h"

struct gilrt_event;

int gilrt_event_create(struct gilrt_event **ret_event);

/* For primitives that are made of one: as gilrt_lock_create_as(). */
int gilrt_event_create_as(const void *object, enum gilrt_kind kind, struct gilrt_event **ret_event);

void gilrt_event_destroy(struct gilrt_event *event);

void gilrt_event_set(struct gilrt_event *event);
void gilrt_event_clear(struct gilrt_event *event);
bool gilrt_event_is_set(struct gilrt_event *event);

/* -EAGAIN or -ETIMEDOUT if it was not set in time. */
int gilrt_event_wait(struct gilrt_event *event, int64_t timeout_ns);

#endif
