/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fault.h - fault injection: allocations and registrations that can be made to fail. One list
 * defines the enum, the directories in debugfs and the text.
 *
 * None is on a fast path. Without CONFIG_FAULT_INJECTION the wrappers are the plain calls.
 */
#ifndef SLABMOD_FAULT_H
#define SLABMOD_FAULT_H

#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/types.h>

/* Sites used while slabmod is loaded. Each has a directory in debugfs. */
#define FAULTS_IN_USE(X) \
	X(CHUNK,	chunk,		"the pages of a chunk") \
	X(HEADER,	header,		"a chunk's header") \
	X(FRAMES,	frames,		"a chunk's frames") \
	X(DESCRIPTORS,	descriptors,	"memory for struct slab") \
	X(LEAF,		leaf,		"a leaf of the map, even if it exists") \
	X(STRAY,	stray,		"an entry for an unmapped chunk") \
	X(HOMES,	homes,		"a cache's homes") \
	X(MAGAZINES,	magazines,	"a cache's magazines, at creation or resizing") \
	X(CACHE,	cache,		"a cache") \
	X(POOL,		pool,		"a pool") \
	X(STATS,	stats,		"a pool's counters") \
	X(TRACKS,	tracks,		"tracking data of debugged objects") \
	X(AREA,		area,		"a vmalloc area, or the list of its pages") \
	X(VMAP,		vmap,		"the mapping of a vmalloc area") \
	X(CALLSITES,	callsites,	"the table of call sites") \
	X(RECORD,	record,		"a record of a free after a grace period") \
	X(WAKE,		wake,		"waking the worker; the request is lost") \
	X(DEBUGFS,	debugfs,	"a directory in debugfs")

/* Sites used by the module's init function, before its debugfs directory exists. */
#define FAULTS_AT_LOAD(X) \
	X(ROOT,		root,		"the root of the map") \
	X(RINGS,	rings,		"the rings of deferred frees") \
	X(EMPTY,	empty,		"the empty magazines shared by all caches") \
	X(NOTIFIER,	notifier,	"registering a notifier") \
	X(HOTPLUG,	hotplug,	"registering CPU hotplug callbacks") \
	X(SHRINKER,	shrinker,	"registering the shrinker") \
	X(RCU,		rcu,		"the lists and the workqueue of frees after a grace period")

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

/* Return true if @site shall fail now. Any context. */
bool fault_hits(enum fault_site site);

void fault_show(struct dentry *parent);
void fault_hide(void);

/* ---- for the suites: deterministic failures ---- */

struct fault_order {
	unsigned long sites;		/* bit n: site n */
	unsigned long nth;		/* the hit that fails, counted over all @sites */
	bool on;			/* later hits fail too */
	struct task_struct *task;	/* only hits of this task; NULL: any context */
};

struct fault_outcome {
	unsigned long hits;		/* of all sites */
	unsigned long failed;		/* of @hits */
	unsigned long at[NR_FAULTS];	/* of @failed, by site */
};

/* One order at a time can be active. */
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

/* As fault_hits(), for an allocation: __GFP_NOFAIL does not fail. */
static inline bool fault_hits_gfp(enum fault_site site, gfp_t gfp)
{
	return !(gfp & __GFP_NOFAIL) && fault_hits(site);
}

/* Return @err if @site shall fail now, otherwise 0. */
static inline int fault_error(enum fault_site site, int err)
{
	return fault_hits(site) ? err : 0;
}

/* ---- allocations that return NULL if @site shall fail now ---- */

static inline void *fault_kzalloc(enum fault_site site, size_t size, gfp_t gfp)
{
	return fault_hits_gfp(site, gfp) ? NULL : kzalloc(size, gfp);
}

static inline void *fault_kmalloc(enum fault_site site, size_t size, gfp_t gfp)
{
	return fault_hits_gfp(site, gfp) ? NULL : kmalloc(size, gfp);
}

static inline void *fault_kvzalloc(enum fault_site site, size_t size, gfp_t gfp)
{
	return fault_hits_gfp(site, gfp) ? NULL : kvzalloc(size, gfp);
}

static inline void *fault_alloc_pages_exact(enum fault_site site, size_t size, gfp_t gfp)
{
	return fault_hits_gfp(site, gfp) ? NULL : alloc_pages_exact(size, gfp);
}

static inline void __percpu *fault_alloc_percpu(enum fault_site site, size_t size, size_t align,
						gfp_t gfp)
{
	return fault_hits(site) ? NULL : __alloc_percpu_gfp(size, align, gfp);
}

#endif /* SLABMOD_FAULT_H */
