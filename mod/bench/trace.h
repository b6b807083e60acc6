/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - a decoded trace for replay.c, with all steps checked.
 */
#ifndef SLABMOD_BENCH_TRACE_H
#define SLABMOD_BENCH_TRACE_H

#include <linux/kref.h>
#include <linux/types.h>

#include "replay.h"

/* Every 16th object is in the same part, so that some parts are a smaller similar trace. */
#define TRACE_PARTS	16u

/* The cache of a step that allocates by size. */
#define TRACE_BY_SIZE	TRACE_MAX_CACHES

/* Allocation or free of one object. */
struct trace_step {
	u32 slot;		/* its place while it is live */
	u32 size;		/* 0: free */
	u8 cache;		/* or TRACE_BY_SIZE */
	u8 part;
};

struct trace {
	struct kref users;
	u32 allocs, slots, caches;
	u32 recorded;			/* recorded steps; the others free the rest */
	u32 cache_size[TRACE_MAX_CACHES];
	struct trace_step *steps;	/* two for each allocation */
};

/* Return the trace written last, or NULL, with a reference for trace_put(). */
struct trace *trace_get(void);
void trace_put(struct trace *trace);

#endif /* SLABMOD_BENCH_TRACE_H */
