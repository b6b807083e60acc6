/* SPDX-License-Identifier: GPL-2.0 */
/*
 * replay.h - allocations recorded on a running kernel, as a workload.
 *
 * A trace is what scripts/record-trace makes; ../bench/replay.h describes its format. There is one
 * trace at a time.
 */
#ifndef SLABMOD_LAB_REPLAY_H
#define SLABMOD_LAB_REPLAY_H

#include "driver.h"

/* The longest trace, in bytes; an event takes four at most. */
#define LAB_TRACE_MAX	(5u << 20)

/*
 * Use the trace of @size bytes, which stay the caller's and must stay as they are, or none (NULL).
 * Return NULL, or what is wrong with it; then there is no trace.
 */
const char *lab_trace_use(const void *bytes, size_t size);

/* The workload `trace`, or NULL if there is none. */
const struct lab_workload *lab_trace(void);

#endif /* SLABMOD_LAB_REPLAY_H */
