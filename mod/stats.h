/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stats.h - event counters, outside of the fast path. One list generates the enum, the names in
 * debugfs and their descriptions. Per CPU, always on, never reset.
 */
#ifndef SLABMOD_STATS_H
#define SLABMOD_STATS_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/types.h>

#include <asm/local.h>

#define STATS(X) \
	X(REFILL,	refill,		"magazines filled from slabs") \
	X(FLUSH,	flush,		"magazines flushed to slabs") \
	X(FLUSH_AWAY,	flush_away,	"batches freed to the home of another CPU") \
	X(BUSY,		busy,		"calls that interrupted another on the same magazine") \
	X(DIRECT,	direct,		"objects allocated from or freed to a slab singly") \
	X(ADOPT,	adopt,		"slabs moved from a node home to a CPU") \
	X(STEAL,	steal,		"slabs moved from the home of another CPU") \
	X(STEAL_MISSED,	steal_missed,	"homes skipped, with a contended lock") \
	X(RETIRE,	retire,		"slabs moved from a CPU to a node home") \
	X(SHARED_LINE,	shared_line,	"objects beside another CPU's, for lack of memory") \
	X(SLAB_NEW,	slab_new,	"slabs created") \
	X(SLAB_SMALL,	slab_small,	"of these, smaller than usual for lack of memory") \
	X(SLAB_FREE,	slab_free,	"slabs freed to the buddy") \
	X(CHUNK_NEW,	chunk_new,	"chunks allocated from the kernel") \
	X(CHUNK_STRAY,	chunk_stray,	"of these, not in the map: too small, or no memory") \
	X(CHUNK_FREE,	chunk_free,	"chunks freed to the kernel") \
	X(CHUNK_FAIL,	chunk_fail,	"requests that the kernel or the limit refused") \
	X(LIMIT_REFUSED, limit_refused,	"of these, by the limit") \
	X(SQUEEZE,	squeeze,	"times empty slabs were reclaimed for another request") \
	X(AHEAD,	ahead,		"chunks allocated ahead of atomic requests") \
	X(AGED,		aged,		"pages freed because they were unused for a while") \
	X(RECLAIMED,	reclaimed,	"pages freed by the shrinker") \
	X(EXCHANGE,	exchange,	"times the magazines of a cache were resized") \
	X(NMI_DEFER,	nmi_defer,	"frees deferred because they were in an NMI") \
	X(ALLOC_FAIL,	alloc_fail,	"allocations that failed for lack of memory") \
	X(HINT,		hint,		"allocations with flags that have no effect here") \
	X(BLOCK_PAGES,	block_pages,	"pages in use as blocks") \
	X(REFERENCED,	referenced,	"pages of free chunks that are referenced elsewhere")

enum stat_id {
#define X(id, name, text) EVENT_##id,
	STATS(X)
#undef X
	NR_EVENTS
};

struct stats {
	unsigned long count[NR_EVENTS];
};

extern const char *const stat_names[NR_EVENTS];
extern const char *const stat_texts[NR_EVENTS];

/* Interrupts and NMIs count too: a local_t is atomic against them. */
static __always_inline void stat_add(struct stats __percpu *stats, enum stat_id which, long n)
{
	preempt_disable();
	local_add(n, (local_t *)&this_cpu_ptr(stats)->count[which]);
	preempt_enable();
}

static __always_inline void stat_inc(struct stats __percpu *stats, enum stat_id which)
{
	stat_add(stats, which, 1);
}

unsigned long stat_sum(struct stats __percpu *stats, enum stat_id which);

#endif /* SLABMOD_STATS_H */
