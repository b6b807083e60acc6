/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fault.h - places that can be told to fail, for want of memory or of room in somebody
 * else's list: one list that makes the enum, the folders in debugfs and the text.
 *
 * None is on a fast path. Without CONFIG_FAULT_INJECTION there is nothing of it.
 */
#ifndef SLABMOD_FAULT_H
#define SLABMOD_FAULT_H

#include <linux/gfp.h>
#include <linux/types.h>

/* While slabmod is in use. Those have a folder in debugfs. */
#define FAULTS_IN_USE(X) \
	X(CHUNK,	chunk,		"the pages of a chunk") \
	X(HEADER,	header,		"a chunk's header, with the frames of a small one") \
	X(FRAMES,	frames,		"a chunk's frames") \
	X(LEAF,		leaf,		"a leaf of the map, as if there were none yet") \
	X(STRAY,	stray,		"a place among the chunks that the map has not") \
	X(HOMES,	homes,		"a cache's homes") \
	X(MAGAZINES,	magazines,	"a cache's magazines, first or larger ones") \
	X(CACHE,	cache,		"a cache") \
	X(POOL,		pool,		"a pool") \
	X(STATS,	stats,		"a pool's counters") \
	X(TRACKS,	tracks,		"what is known of objects that are debugged") \
	X(CALLSITES,	callsites,	"the table of who has what") \
	X(WAKE,		wake,		"a word to the workers, which is lost") \
	X(DEBUGFS,	debugfs,	"a folder in debugfs")

/* While it is loaded, before there is a debugfs of its own. */
#define FAULTS_AT_LOAD(X) \
	X(ROOT,		root,		"the root of the map") \
	X(RINGS,	rings,		"the rings for NMIs") \
	X(EMPTY,	empty,		"the magazines that all caches have in common") \
	X(NOTIFIER,	notifier,	"being told what goes on") \
	X(HOTPLUG,	hotplug,	"being told of CPUs that go") \
	X(SHRINKER,	shrinker,	"being asked for memory")

enum fault_site {
#define X(id, name, text) FAULT_##id,
	FAULTS_IN_USE(X)
	NR_FAULTS_IN_USE,
	FAULT_BEFORE_LOAD = NR_FAULTS_IN_USE - 1,
	FAULTS_AT_LOAD(X)
#undef X
	NR_FAULTS
};

#define FAULTS_ALL	GENMASK(NR_FAULTS - 1, 0)

struct dentry;
struct task_struct;

#ifdef CONFIG_FAULT_INJECTION

/* True when @site is to fail now. Any context. */
bool fault_hits(enum fault_site site);

void fault_show(struct dentry *parent);
void fault_hide(void);

/* ---- for the suites: an order instead of chance ---- */

struct fault_order {
	unsigned long sites;		/* bit n: site n */
	unsigned long nth;		/* which time that somebody comes to one of them */
	bool on;			/* and all that come later */
	struct task_struct *task;	/* who it is to happen to; NULL: anybody, anywhere */
};

struct fault_outcome {
	unsigned long hits;		/* times that somebody came to one of the sites */
	unsigned long failed;		/* of these, those that failed */
	unsigned long at[NR_FAULTS];	/* and where */
};

/* One order at a time. */
void fault_begin(const struct fault_order *order);
struct fault_outcome fault_end(void);

#else

static inline bool fault_hits(enum fault_site site)
{
	return false;
}

static inline void fault_show(struct dentry *parent)
{
}

static inline void fault_hide(void)
{
}

#endif

/* The same for memory: whoever insists is not refused. */
static inline bool fault_hits_gfp(enum fault_site site, gfp_t gfp)
{
	return !(gfp & __GFP_NOFAIL) && fault_hits(site);
}

#endif /* SLABMOD_FAULT_H */
