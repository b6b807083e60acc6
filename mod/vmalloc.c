// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc.c - areas of pages that need not be physically contiguous, mapped by the kernel.
 *
 * An area consists of blocks of the pool: as few as are easily had, down to single pages. vmap()
 * maps their pages, with an unmapped page behind. The blocks stay claimed, so that no free by
 * their address in the direct map succeeds. While an area is live, its only metadata is one
 * record, which lists the blocks.
 *
 * The free that changes the state of a record owns the area. It removes the record from the tree
 * of area.c before it unmaps the area, because the address may be reused at once.
 *
 * Contexts: process, may sleep, except frees: any but NMI. Locks: none. Memory: a record per area,
 * with 8 bytes for each block; the page tables and struct vm_struct are the kernel's.
 */
#include <linux/kasan.h>
#include <linux/kmemleak.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include <slabmod/vmalloc.h>

#include "area.h"
#include "block.h"
#include "chunk.h"
#include "debug/debug_area.h"
#include "debug/fault.h"
#include "debug/leak.h"
#include "gfp.h"
#include "pool.h"
#include "report.h"
#include "source.h"
#include "vmalloc.h"

/* ---- pages ---- */

/* The pages of an area that is being created. */
struct new_pages {
	struct slabmod_pool *pool;
	struct page **pages;
	unsigned long wanted;
	unsigned long done;
	unsigned int nr_blocks;
};

/* Allocate the blocks of an area: large ones as long as they are easily had. */
static bool alloc_blocks(struct new_pages *new, int nid, gfp_t gfp)
{
	unsigned long nr = 1ul << SLABMOD_MAX_ORDER, i;
	void *block;

	while (new->done < new->wanted) {
		if (fatal_signal_pending(current) && !(gfp & __GFP_NOFAIL))
			return false;
		nr = min(nr, new->wanted - new->done);
		block = block_alloc_part(new->pool, nid, nr, gfp, nr > 1);
		if (!block && nr == 1)
			return false;
		cond_resched();
		if (!block) {
			nr = rounddown_pow_of_two(nr - 1);
			continue;
		}
		new->nr_blocks++;
		for (i = 0; i < nr; i++)
			new->pages[new->done++] = virt_to_page(block) + i;
	}
	return true;
}

/* Call @fn for each block, which it may free. */
static void walk_blocks(const struct new_pages *new, void (*fn)(void *block, void *arg), void *arg)
{
	unsigned long i, nr;

	for (i = 0; i < new->done; i += nr) {
		void *block = page_address(new->pages[i]);

		nr = block_part_pages(block);
		fn(block, arg);
	}
}

static void release_block(void *block, void *arg)
{
	block_release(block, chunk_frame(block));
	cond_resched();
}

static void record_block(void *block, void *arg)
{
	struct vmalloc_area *area = arg;

	area->blocks[area->nr_blocks++] = block;
}

static void release_blocks(struct vmalloc_area *area)
{
	unsigned int i;

	for (i = 0; i < area->nr_blocks; i++)
		release_block(area->blocks[i], NULL);
}

/* vmap() allocates page tables, with flags of its own: pass @gfp by the scope. */
static void *map_once(struct page **pages, unsigned long nr_pages, gfp_t gfp)
{
	unsigned int flags;
	void *addr;

	if (fault_hits_gfp(FAULT_VMAP, gfp))
		return NULL;
	if (!(gfp & __GFP_IO)) {
		flags = memalloc_noio_save();
		addr = vmap(pages, nr_pages, VM_MAP, PAGE_KERNEL);
		memalloc_noio_restore(flags);
	} else if (!(gfp & __GFP_FS)) {
		flags = memalloc_nofs_save();
		addr = vmap(pages, nr_pages, VM_MAP, PAGE_KERNEL);
		memalloc_nofs_restore(flags);
	} else {
		addr = vmap(pages, nr_pages, VM_MAP, PAGE_KERNEL);
	}
	return addr;
}

static void *map_pages(struct page **pages, unsigned long nr_pages, gfp_t gfp)
{
	void *addr = map_once(pages, nr_pages, gfp);

	while (!addr && gfp & __GFP_NOFAIL) {
		schedule_timeout_uninterruptible(1);
		addr = map_once(pages, nr_pages, gfp);
	}
	return addr;
}

static size_t record_bytes(unsigned int nr_blocks)
{
	return struct_bytes(struct vmalloc_area, blocks, nr_blocks);
}

/* Make the record of an area, and map its pages. */
static struct vmalloc_area *map_area(const struct new_pages *new, gfp_t gfp)
{
	struct vmalloc_area *area;

	area = fault_kvzalloc(FAULT_AREA, record_bytes(new->nr_blocks),
			      (gfp & GFP_METADATA) | __GFP_NOWARN);
	if (!area)
		return NULL;
	/* Its pointers to the memory are none of a caller's. */
	kmemleak_ignore(area);
	area->pool = new->pool;
	area->nr_pages = new->wanted;
	walk_blocks(new, record_block, area);
	area->addr = map_pages(new->pages, new->wanted, gfp);
	if (area->addr)
		return area;
	kvfree(area);
	return NULL;
}

/* Allocate and map the pages of an area. The list of all pages is needed only here. */
static struct vmalloc_area *fill_area(struct slabmod_pool *pool, unsigned long nr_pages, int nid,
				      gfp_t gfp)
{
	struct new_pages new = { .pool = pool, .wanted = nr_pages };
	size_t bytes = array_size(nr_pages, sizeof(struct page *));
	struct vmalloc_area *area = NULL;

	new.pages = fault_kvzalloc(FAULT_AREA, bytes, (gfp & GFP_METADATA) | __GFP_NOWARN);
	if (!new.pages)
		return NULL;
	source_count_metadata(&pool->source, bytes);
	if (alloc_blocks(&new, nid, gfp))
		area = map_area(&new, gfp);
	if (!area)
		walk_blocks(&new, release_block, NULL);
	source_count_metadata(&pool->source, -(long)bytes);
	kvfree(new.pages);
	return area;
}

/* ---- allocation ---- */

/* As the kernel's vmalloc(), let KASAN report accesses beyond the requested size. */
static void set_shadow(struct vmalloc_area *area, size_t accessible)
{
	size_t whole = ALIGN(accessible, 8);

	if (!IS_ENABLED(CONFIG_KASAN_VMALLOC))
		return;
	debug_kasan_poison(area->addr + whole, area_bytes(area) - whole, DEBUG_SHADOW_REDZONE);
	debug_kasan_unpoison(area->addr, accessible);
}

static bool request_refused(const char *caller, struct slabmod_pool *pool, size_t size,
			    gfp_t *gfps, int node)
{
	gfp_t gfp;

	if (gfp_refused(caller, &pool->source, gfps, 0))
		return true;
	gfp = *gfps;
	if (node != NUMA_NO_NODE && node_refused(caller, node))
		return true;
	if (!gfpflags_allow_blocking(gfp) || in_interrupt() || irqs_disabled()) {
		report_misuse(MISUSE_BAD_GFP, "%s: %pGg here cannot be honoured: it must sleep",
			      caller, &gfp);
		return true;
	}
	if (size && size <= totalram_pages() << PAGE_SHIFT)
		return false;
	if (!size || !(gfp & __GFP_NOWARN))
		report_misuse(MISUSE_TOO_LARGE, "%s: %zu bytes, not 1 to %lu", caller, size,
			      totalram_pages() << PAGE_SHIFT);
	return true;
}

/* Refuse what the limit can never serve, before memory is reclaimed for a part of it. */
static bool limit_refuses(struct slabmod_pool *pool, unsigned long nr_pages)
{
	struct stats __percpu *stats = pool->source.stats;

	if (nr_pages <= pool->source.limit)
		return false;
	stat_inc(stats, EVENT_CHUNK_FAIL);
	stat_inc(stats, EVENT_LIMIT_REFUSED);
	stat_inc(stats, EVENT_ALLOC_FAIL);
	return true;
}

/* The node of all blocks, even if the task moves to another CPU meanwhile. */
static int area_node(const struct chunk_source *source, gfp_t gfp, int node)
{
	if (node != NUMA_NO_NODE)
		return node;
	if (gfp & __GFP_THISNODE && source->nid == NUMA_NO_NODE)
		return numa_mem_id();
	return source_nid(source);
}

static struct vmalloc_area *new_area(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node)
{
	struct vmalloc_area *area;

	area = fill_area(pool, DIV_ROUND_UP(size, PAGE_SIZE),
			 area_node(&pool->source, gfp, node), gfp);
	if (!area)
		return NULL;
	area->size = size;
	source_count_metadata(&pool->source, record_bytes(area->nr_blocks));
	return area;
}

static void *alloc_area(const char *caller, struct slabmod_pool *pool, size_t size, gfp_t gfp,
			int node, bool user)
{
	struct vmalloc_area *area;

	pool = pool ?: root_pool;
	if (request_refused(caller, pool, size, &gfp, node))
		return NULL;
	might_alloc(gfp);
	if (limit_refuses(pool, DIV_ROUND_UP(size, PAGE_SIZE)))
		return NULL;
	area = new_area(pool, size, gfp, node);
	if (!area)
		return NULL;
	area->user = user;
	/* User space may write to whole pages. */
	if (static_branch_unlikely(&debug_blocks))
		area->debug = debug_area_alloc(&pool->source, area->addr, area_bytes(area),
					       user ? area_bytes(area) : size, gfp);
	set_shadow(area, size);
	area_insert(area);
	if (leak_tracks_blocks())
		leak_note_area(area->addr, area_bytes(area), gfp);
	return area->addr;
}

void *__slabmod_pool_vmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node)
{
	return alloc_area("vmalloc", pool, size, gfp, node, false);
}
EXPORT_SYMBOL_SLABMOD(__slabmod_pool_vmalloc_node);

void *slabmod_pool_vmalloc_user(struct slabmod_pool *pool, size_t size)
{
	return alloc_area("vmalloc_user", pool, size, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, true);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_vmalloc_user);

/* ---- freeing ---- */

static LLIST_HEAD(deferred);

static void forget_area(struct vmalloc_area *area)
{
	source_count_metadata(&area->pool->source, -(long)record_bytes(area->nr_blocks));
	/* Lookups may still find it. */
	kvfree_rcu(area, rcu);
}

/* Free an area that the caller has claimed. */
static void free_area(struct vmalloc_area *area)
{
	set_shadow(area, area_bytes(area));
	debug_area_free(area->debug);
	area_remove(area);
	vunmap(area->addr);
	release_blocks(area);
	forget_area(area);
}

static void free_deferred(struct work_struct *work)
{
	struct vmalloc_area *area, *next;

	llist_for_each_entry_safe(area, next, llist_del_all(&deferred), deferred)
		free_area(area);
}

static DECLARE_WORK(free_work, free_deferred);

void vmalloc_sync(void)
{
	/* The interrupt that queues the work may not have come to that yet. */
	free_deferred(&free_work);
	flush_work(&free_work);
}
EXPORT_SYMBOL_FOR_TEST(vmalloc_sync);

/* Report an address at which no area begins, or one that is being freed. Needs RCU. */
static void report_bad_area(const char *caller, const void *addr)
{
	struct vmalloc_area *area = area_find(addr);

	if (area && area->addr != addr) {
		if (report_misuse(MISUSE_INNER_FREE, "%s: %p is inside a vmalloc area of %zu bytes",
				  caller, addr, area->size))
			debug_area_print(area->debug);
	} else if (area || area_was_freed(addr)) {
		report_misuse(MISUSE_DOUBLE_FREE, "%s: vmalloc area %p is free already", caller,
			      addr);
	} else {
		report_misuse(MISUSE_BAD_FREE, "%s: at %p begins no vmalloc area, but %s", caller,
			      addr, chunk_frame(addr) ? "other memory of slabmod" :
			      report_describe(addr));
	}
}

/* Return the area in use that begins at @addr, or NULL with a report. */
static struct vmalloc_area *owned_area(const char *caller, const void *addr)
{
	struct vmalloc_area *area;

	rcu_read_lock();
	area = area_find(addr);
	if (!area || area->addr != addr || READ_ONCE(area->state) != AREA_LIVE) {
		report_bad_area(caller, addr);
		area = NULL;
	}
	rcu_read_unlock();
	return area;
}

size_t vmalloc_memory_at(const char *caller, const void *addr)
{
	struct vmalloc_area *area;
	size_t size = 0;

	rcu_read_lock();
	area = owned_area(caller, addr);
	if (area)
		size = READ_ONCE(area->size);
	rcu_read_unlock();
	return size;
}

/* Claim the area that begins at @addr, for one of several racing callers; otherwise report. */
static struct vmalloc_area *claim_area(const char *caller, struct slabmod_pool *pool,
				       const void *addr)
{
	struct vmalloc_area *area;

	if (in_nmi()) {
		report_misuse(MISUSE_BAD_FREE, "%s: %p cannot be freed in an NMI", caller, addr);
		return NULL;
	}
	rcu_read_lock();
	area = area_find(addr);
	if (area && area->addr == addr && pool && area->pool != pool) {
		report_misuse(MISUSE_WRONG_POOL, "%s: %p belongs to pool %s, not to %s", caller,
			      addr, area->pool->name, pool->name);
		area = NULL;
	} else if (!area || area->addr != addr ||
		   cmpxchg(&area->state, AREA_LIVE, AREA_FREEING) != AREA_LIVE) {
		report_bad_area(caller, addr);
		area = NULL;
	}
	rcu_read_unlock();
	return area;
}

static void release_claimed(struct vmalloc_area *area, bool atomic)
{
	if (leak_tracks_blocks())
		leak_note_free(area->addr);
	if (!atomic)
		free_area(area);
	else if (llist_add(&area->deferred, &deferred))
		queue_work(unbound_wq, &free_work);
}

static void free_at(const char *caller, struct slabmod_pool *pool, const void *addr, bool atomic)
{
	struct vmalloc_area *area;

	if (!addr)
		return;
	if (!atomic)
		might_sleep();
	area = claim_area(caller, pool, kasan_reset_tag((void *)addr));
	if (area)
		release_claimed(area, atomic);
}

void slabmod_vfree(const void *addr)
{
	free_at("vfree", NULL, addr, in_interrupt());
}
EXPORT_SYMBOL_SLABMOD(slabmod_vfree);

void slabmod_vfree_atomic(const void *addr)
{
	free_at("vfree_atomic", NULL, addr, true);
}
EXPORT_SYMBOL_SLABMOD(slabmod_vfree_atomic);

void slabmod_pool_vfree(struct slabmod_pool *pool, const void *addr)
{
	free_at("pool_vfree", pool ?: root_pool, addr, in_interrupt());
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_vfree);

void vmalloc_free_sensitive(const void *addr)
{
	struct vmalloc_area *area;

	/* Only the caller that has claimed the area can rely on its pages. */
	area = claim_area("kvfree_sensitive", NULL, kasan_reset_tag((void *)addr));
	if (!area)
		return;
	memzero_explicit(area->addr, area->size);
	release_claimed(area, in_interrupt());
}

/* ---- resizing ---- */

static void resize_in_place(struct vmalloc_area *area, size_t size, bool clear)
{
	size_t old = area->size;

	set_shadow(area, area_bytes(area));
	if (!area->user)
		debug_area_set_requested(area->debug, size);
	if (clear && size > old)
		memset(area->addr + old, 0, size - old);
	WRITE_ONCE(area->size, size);
	set_shadow(area, size);
}

void *slabmod_pool_vrealloc(struct slabmod_pool *pool, const void *p, size_t size, gfp_t gfp)
{
	struct vmalloc_area *area;
	void *new;

	if (!size) {
		slabmod_vfree(p);
		return NULL;
	}
	if (!p)
		return __slabmod_pool_vmalloc_node(pool, size, gfp, NUMA_NO_NODE);
	area = owned_area("vrealloc", kasan_reset_tag((void *)p));
	if (!area)
		return NULL;
	if (size <= area_bytes(area)) {
		resize_in_place(area, size, want_init_on_alloc(gfp));
		return (void *)p;
	}
	new = __slabmod_pool_vmalloc_node(area->pool, size, gfp, NUMA_NO_NODE);
	if (new) {
		memcpy(new, p, area->size);
		slabmod_vfree(p);
	}
	return new;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_vrealloc);

/* ---- initialization ---- */

int vmalloc_areas_init(void)
{
	return 0;
}

void vmalloc_areas_exit(void)
{
	struct vmalloc_area *area;

	vmalloc_sync();
	while ((area = area_first())) {
		debug_area_free(area->debug);
		area_remove(area);
		forget_area(area);
	}
}
