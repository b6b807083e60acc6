/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - a trace as replay.c wants it: every step checked and worked out.
 */
#ifndef SLABMOD_BENCH_TRACE_H
#define SLABMOD_BENCH_TRACE_H

#include <linux/kref.h>
#include <linux/types.h>

#include "replay.h"

/* Every 16th object is of the same part. A few parts are a small trace of the same kind. */
#define TRACE_PARTS	16u

/* A step's cache when there is none, but a size. */
#define TRACE_BY_SIZE	TRACE_MAX_CACHES

/* One object taken, or freed. */
struct trace_step {
	u32 slot;		/* where it is while it is in use */
	u32 size;		/* 0: to be freed */
	u8 cache;		/* or TRACE_BY_SIZE */
	u8 part;
};

struct trace {
	struct kref users;
	u32 allocs, slots, caches;
	u32 recorded;			/* steps that were; the rest frees what was left */
	u32 cache_size[TRACE_MAX_CACHES];
	struct trace_step *steps;	/* two for each allocation */
};

/* The trace that was written last, or NULL; to be put. */
struct trace *trace_get(void);
void trace_put(struct trace *trace);

#endif /* SLABMOD_BENCH_TRACE_H */
