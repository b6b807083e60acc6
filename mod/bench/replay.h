/* SPDX-License-Identifier: GPL-2.0 */
/*
 * replay.h - the case `replay`, and the trace format.
 *
 * scripts/record-trace makes a trace; it is written to the debugfs file `trace`:
 *
 *	struct trace_header
 *	struct trace_cache	number given by the header
 *	events			one varint each, to the end
 *
 * The numbers of the header are little endian. A varint has seven bits of the number per byte,
 * the lowest first; bit 7 is set if more bytes follow. The lowest two bits of an event are its
 * type, the rest is its value:
 *
 *	TRACE_FREE	frees the object allocated that many allocations ago; 1 is the last
 *	TRACE_KMALLOC	allocates that many bytes
 *	TRACE_CACHE	allocates from that cache of the table, 0 is the first
 *	TRACE_CPU	the following events happened on that CPU; 0 before the first TRACE_CPU
 *
 * Objects that are never freed live until the last event; replay then frees them, the oldest
 * first, as part of the measurement. One op is one object allocated and freed.
 */
#ifndef SLABMOD_BENCH_REPLAY_H
#define SLABMOD_BENCH_REPLAY_H

#include <linux/types.h>

#define TRACE_MAGIC		"smtrace\n"
#define TRACE_VERSION		1

#define TRACE_MAX_EVENTS	1000000u
#define TRACE_MAX_CACHES	64u
#define TRACE_MAX_CPU		4095u

enum trace_event { TRACE_FREE, TRACE_KMALLOC, TRACE_CACHE, TRACE_CPU };

struct trace_header {
	char magic[8];
	__le32 version;
	__le32 bytes;		/* length of the trace, including this header */
	__le32 caches;
	__le32 events;		/* of all four types */
	__le32 allocs;		/* TRACE_KMALLOC and TRACE_CACHE */
	__le32 slots;		/* maximum number of live objects */
};

struct trace_cache {
	__le32 size;		/* of an object, in bytes */
	char name[32];		/* informational; NUL-terminated */
};

struct bench;
struct trace;

extern const struct file_operations bench_trace_fops;
extern const struct bench_group bench_replay_cases;

/*
 * For cases that replay the trace step by step: b->ops are those of bench_kmalloc, and b->priv is
 * used. replay_close() must be called even after an error, and frees the live objects. -ENODATA:
 * there is no trace.
 */
int replay_open(struct bench *b);
/* Then one of these: use the recorded caches, or kmalloc() for all objects. */
int replay_open_caches(struct bench *b);
void replay_without_caches(struct bench *b);
const struct trace *replay_trace(const struct bench *b);
/* Do step @i, which may sleep; for i = 0, 1, 2, ... until one fails. */
int replay_step(struct bench *b, u32 i);
void replay_close(struct bench *b);

/* Free the trace when the module is unloaded. */
void bench_trace_drop(void);

#endif /* SLABMOD_BENCH_REPLAY_H */
