/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stats.h - what slabmod counts beside the fast path: one list that makes the
 * enum, the names in debugfs and the text that explains them. Per CPU, always
 * on, never reset; one instruction each.
 */
#ifndef SLABMOD_STATS_H
#define SLABMOD_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

#define STATS(X) \
	X(REFILL,	refill,		"magazines filled from slabs") \
	X(FLUSH,	flush,		"magazines that gave objects back to slabs") \
	X(FLUSH_AWAY,	flush_away,	"batches that went to the home of another CPU") \
	X(BUSY,		busy,		"calls that interrupted one on the same magazine") \
	X(DIRECT,	direct,		"objects taken from or given to a slab one by one") \
	X(ADOPT,	adopt,		"slabs that a CPU took from the commons") \
	X(STEAL,	steal,		"slabs that a CPU took from the home of another") \
	X(STEAL_MISSED,	steal_missed,	"homes whose lock was held, and that were left for later") \
	X(RETIRE,	retire,		"slabs that a home gave to the commons") \
	X(SHARED_LINE,	shared_line,	"objects taken beside another CPU's for lack of memory") \
	X(SLAB_NEW,	slab_new,	"slabs made") \
	X(SLAB_SMALL,	slab_small,	"slabs made smaller than usual for lack of memory") \
	X(SLAB_FREE,	slab_free,	"slabs given back to the buddy") \
	X(CHUNK_NEW,	chunk_new,	"chunks taken from the kernel") \
	X(CHUNK_STRAY,	chunk_stray,	"of these, smaller than the map's step") \
	X(CHUNK_FREE,	chunk_free,	"chunks given back to the kernel") \
	X(CHUNK_FAIL,	chunk_fail,	"requests that the kernel or the limit refused") \
	X(LIMIT_REFUSED, limit_refused,	"of these, by the limit") \
	X(SQUEEZE,	squeeze,	"times empty slabs were given up for another's need") \
	X(AHEAD,	ahead,		"chunks taken ahead of need for who may not sleep") \
	X(AGED,		aged,		"pages that went because nobody wanted them for a while") \
	X(RECLAIMED,	reclaimed,	"pages given back because the kernel ran short") \
	X(EXCHANGE,	exchange,	"times a cache got other magazines") \
	X(NMI_DEFER,	nmi_defer,	"frees put off because they came in an NMI") \
	X(ALLOC_FAIL,	alloc_fail,	"allocations that returned NULL for lack of memory") \
	X(BLOCK_PAGES,	block_pages,	"pages in use as blocks, not as slabs") \
	X(REFERENCED,	referenced,	"pages of free chunks that stay while others refer to them")

enum stat_id {
#define X(id, name, text) STAT_##id,
	STATS(X)
#undef X
	NR_STATS
};

struct stats {
	unsigned long count[NR_STATS];
};

extern const char *const stat_names[NR_STATS];
extern const char *const stat_texts[NR_STATS];

static __always_inline void stat_add(struct stats __percpu *stats, enum stat_id which, long n)
{
	this_cpu_add(stats->count[which], n);
}

static __always_inline void stat_inc(struct stats __percpu *stats, enum stat_id which)
{
	stat_add(stats, which, 1);
}

unsigned long stat_sum(struct stats __percpu *stats, enum stat_id which);

#endif /* SLABMOD_STATS_H */
