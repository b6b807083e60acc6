/* SPDX-License-Identifier: GPL-2.0 */
/*
 * replay.h - the case `replay`, and the format of the traces it replays.
 *
 * scripts/record-trace makes a trace; it is written to the debugfs file `trace`:
 *
 *	struct trace_header
 *	struct trace_cache	as many as the header says
 *	events			to the end: one varint each
 *
 * All numbers of the header are little endian. A varint has seven bits of the number
 * in a byte, the lowest first; bit 7 says that more follow. The lowest two bits of
 * an event say what it is, the rest is its value:
 *
 *	TRACE_FREE	frees what was allocated so many allocations ago; 1 is the last
 *	TRACE_KMALLOC	allocates so many bytes
 *	TRACE_CACHE	allocates from that cache of the table, 0 the first
 *	TRACE_CPU	what follows happened on that CPU, until the next TRACE_CPU; 0
 *			before the first
 *
 * What is never freed stays until the last event; replay then frees it, the oldest
 * first, as a part of what is measured. So one op is one object allocated and freed.
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
	__le32 bytes;		/* the whole trace's length, with this header */
	__le32 caches;
	__le32 events;		/* of all four kinds */
	__le32 allocs;		/* TRACE_KMALLOC and TRACE_CACHE */
	__le32 slots;		/* objects in use at once, at the most */
};

struct trace_cache {
	__le32 size;		/* bytes an object has */
	char name[32];		/* for people; ends with a NUL */
};

struct bench;
struct trace;

extern const struct file_operations bench_trace_fops;
extern const struct bench_group bench_replay_cases;

/*
 * For who replays the trace in another way, one step after the other: b->ops are of
 * bench_kmalloc, and b->priv is taken. replay_close() is called in any case, and frees
 * what is in use. ENODATA: there is no trace.
 */
int replay_open(struct bench *b);
/* Then one of these: with the recorded caches, or all by size, also what was from a cache. */
int replay_open_caches(struct bench *b);
void replay_without_caches(struct bench *b);
const struct trace *replay_trace(const struct bench *b);
/* Step number @i, which may sleep; for i = 0, 1, 2, ... until one fails. */
int replay_step(struct bench *b, u32 i);
void replay_close(struct bench *b);

/* Forget the trace; when the module goes. */
void bench_trace_drop(void);

#endif /* SLABMOD_BENCH_REPLAY_H */
