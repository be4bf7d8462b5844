/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GILRT_SUMMARY_H
#define GILRT_SUMMARY_H

/* What a run did, for people: the same as the truth, in a few lines of at most 80 columns. */

#include <stdio.h>

#include "workloads/gilrt/truth.h"

/* After gilrt_stop(), before gilrt_fini(). -errno if it could not be written. */
int summary_write(FILE *out, const struct truth *truth);

#endif
