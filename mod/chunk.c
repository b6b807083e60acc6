// SPDX-License-Identifier: GPL-2.0
/*
 * chunk.c - runs of pages from the source, with their frames.
 *
 * A chunk is one naturally aligned compound page. Its metadata is a header and 8 bytes of frame
 * for each page (0.2 %), in separate memory that overruns and uses after free in the chunk cannot
 * reach.
 *
 * A chunk is freed only when slabmod has the only reference to its pages. Until then it is
 * pending: held, charged to the limit, and in the map. Pending chunks are tried again whenever
 * chunk_free_pending() is called, at the latest by the ager.
 *
 * Contexts: any but NMI. On PREEMPT_RT, where the page allocator sleeps, a creation fails and a
 * destruction is deferred while preemption is off.
 * Locks: pending_mutex. Frames are freed after a grace period.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page_ref.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "chunk.h"
#include "debug/fault.h"
#include "descriptor.h"
#include "frame.h"
#include "free_map.h"
#include "gfp.h"
#include "report.h"
#include "source.h"

/* A new chunk has this part of the pages that the source holds. */
#define PART_OF_HELD	128
/* For large blocks it has room for 1 << LARGE_BLOCKS of them, if that is no more than this part. */
#define PART_OF_LARGE	16
#define LARGE_BLOCKS	2

/*
 * The reference count of a chunk's first page, which stands for all of its pages: the reference
 * of the page allocator, and a bias. The count is negative and far from 0, so that a stray
 * put_page() or kfree() cannot free the pages. sendpage_ok() is false for such pages, as it is
 * for those of SLUB.
 */
#define CHUNK_REF_BIAS	(-(1 << 30))
#define CHUNK_REFS	(1 + CHUNK_REF_BIAS)

/* ---- life of a chunk ---- */

/* Return the bytes of struct chunk with its units. kmalloc() rounds to a power of two. */
static size_t chunk_size(unsigned int order)
{
	return roundup_pow_of_two(struct_bytes(struct chunk, units, chunk_nr_units(order)));
}

size_t chunk_metadata(unsigned int order)
{
	return chunk_size(order) + (sizeof(struct frame) << order);
}
EXPORT_SYMBOL_FOR_TEST(chunk_metadata);

static void metadata_free(struct chunk *chunk)
{
	kfree(chunk->frames);
	kfree(chunk);
}

static struct chunk *metadata_alloc(unsigned int order, gfp_t gfp)
{
	struct chunk *chunk = fault_kzalloc(FAULT_HEADER, chunk_size(order), gfp);

	if (!chunk)
		return NULL;
	chunk->order = order;
	chunk->frames = fault_kmalloc(FAULT_FRAMES, sizeof(struct frame) << order, gfp);
	if (chunk->frames)
		return chunk;
	kfree(chunk);
	return NULL;
}

static void metadata_free_rcu(struct rcu_head *rcu)
{
	metadata_free(container_of(rcu, struct chunk, rcu));
}

static void init_pages(struct chunk *chunk)
{
	unsigned int i;

	INIT_LIST_HEAD(&chunk->empty);
	map_init(&chunk->map, chunk->order > UNIT_ORDER ? chunk->order - UNIT_ORDER : 0);
	for (i = 0; i < chunk_nr_units(chunk->order); i++) {
		map_init(&chunk->units[i].map, min_t(unsigned int, chunk->order, UNIT_ORDER));
		chunk->units[i].chunk = chunk;
		chunk->units[i].frames = &chunk->frames[i << UNIT_ORDER];
	}
	memset_p((void **)chunk->frames, &frame_tail, chunk_pages(chunk));
}

/* Make sure that the reserve serves objects: see descriptor.c. */
static bool promise_slabs(struct chunk *chunk, gfp_t gfp)
{
	struct buddy *buddy = chunk->buddy;

	chunk->promised = !!buddy->source->reserve;
	return !chunk->promised ||
	       descriptors_promise(&buddy->descriptors, buddy->source, chunk_pages(chunk), gfp);
}

static void take_back_promise(struct chunk *chunk)
{
	if (chunk->promised)
		descriptors_release(&chunk->buddy->descriptors, chunk_pages(chunk));
}

/* Try once to create a chunk of @order. Errors are those of source_alloc(). */
static struct chunk *chunk_try(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	gfp_t metadata_gfp = (gfp & GFP_METADATA) | __GFP_NOWARN;
	struct chunk *chunk;
	struct page *page;

	page = source_alloc(source, gfp, order, nid);
	if (IS_ERR_OR_NULL(page))
		return ERR_CAST(page);
	chunk = metadata_alloc(order, metadata_gfp);
	if (!chunk)
		goto put_page;
	/* The addresses of all blocks and objects derive from this one: they have no tag. */
	chunk->base = kasan_reset_tag(page_address(page));
	chunk->buddy = &buddies[page_to_nid(page)];
	init_pages(chunk);
	if (!promise_slabs(chunk, metadata_gfp))
		goto free_metadata;
	if (!chunk_map_add(chunk, metadata_gfp))
		goto take_back;

	page_ref_add(page, CHUNK_REF_BIAS);
	atomic_long_add(chunk_pages(chunk), &source->staying);
	source_count_metadata(source, chunk_metadata(order));
	stat_inc(source->stats, EVENT_CHUNK_NEW);
	if (chunk->unmapped)
		stat_inc(source->stats, EVENT_CHUNK_STRAY);
	source_kick_worker(source);
	return chunk;

take_back:
	take_back_promise(chunk);
free_metadata:
	metadata_free(chunk);
put_page:
	source_cancel(source, page, order);
	return NULL;
}

/*
 * Return the order to try first for a block of @order: the free pages of a new chunk shall be few
 * beside @held. A chunk of a single block would be created, filled and emptied with each of them.
 */
static unsigned int chunk_best_order(struct chunk_source *source, unsigned int order)
{
	unsigned long held = atomic_long_read(&source->held);
	unsigned int best = ilog2(held / PART_OF_HELD | 1), most = ilog2(held / PART_OF_LARGE | 1);

	if (order >= UNIT_ORDER)
		best = max(best, min(order + LARGE_BLOCKS, most));
	return clamp(best, source->min_order, source->max_order);
}

/* Return the flags for the page allocator, for a chunk of exactly @order. */
static gfp_t chunk_gfp(gfp_t gfp, unsigned int order)
{
	gfp = (gfp & ~__GFP_ZERO) | __GFP_NOWARN | __GFP_COMP;
	/* The page allocator warns about __GFP_NOFAIL above order 1. */
	return order > 1 ? gfp & ~__GFP_NOFAIL : gfp;
}

struct chunk *chunk_create_exact(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	struct chunk *chunk = NULL;

	if (gfp_may_call_kernel() && order <= CHUNK_MAX_ORDER)
		chunk = chunk_try(buddies, nid, order, chunk_gfp(gfp, order));
	if (!IS_ERR_OR_NULL(chunk))
		return chunk;
	stat_inc(source->stats, EVENT_CHUNK_FAIL);
	if (chunk) {
		atomic_long_inc(&source->refused);
		stat_inc(source->stats, EVENT_LIMIT_REFUSED);
	}
	return NULL;
}

struct chunk *chunk_create(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	unsigned int best = gfp_may_call_kernel() ? chunk_best_order(source, order) : 0;
	struct chunk *chunk;

	for (; best > order; best--) {
		chunk = chunk_try(buddies, nid, best, chunk_gfp(gfp_easy(gfp), best));
		if (!IS_ERR_OR_NULL(chunk))
			return chunk;
	}
	return chunk_create_exact(buddies, nid, order, gfp);
}
EXPORT_SYMBOL_FOR_TEST(chunk_create);

void chunk_forget(struct chunk *chunk)
{
	struct chunk_source *source = chunk->buddy->source;

	chunk_map_remove(chunk);
	take_back_promise(chunk);
	source_count_metadata(source, -(long)chunk_metadata(chunk->order));
	call_rcu(&chunk->rcu, metadata_free_rcu);
}

bool chunk_try_release(struct chunk *chunk)
{
	struct chunk_source *source = chunk->buddy->source;
	long pages = chunk_pages(chunk), staying = atomic_long_read(&source->staying);

	do {
		if (staying - pages < (long)source->reserve)
			return false;
	} while (!atomic_long_try_cmpxchg(&source->staying, &staying, staying - pages));
	return true;
}
EXPORT_SYMBOL_FOR_TEST(chunk_try_release);

/* ---- references to the pages of a chunk ---- */

/* Return the references of others; below 0 if others dropped references of slabmod's. */
static int foreign_refs(const struct chunk *chunk)
{
	return page_ref_count(virt_to_page(chunk->base)) - CHUNK_REFS;
}

static void report_stray_puts(struct chunk *chunk, unsigned int puts)
{
	if (chunk->stray_put)
		return;
	chunk->stray_put = true;
	report_misuse(MISUSE_STRAY_PUT,
		      "%u reference%s to the %u pages at %p dropped by a caller, as by kfree() or put_page()",
		      puts, puts == 1 ? "" : "s", chunk_pages(chunk), chunk->base);
}

bool chunk_refs_check(struct chunk *chunk)
{
	int foreign = foreign_refs(chunk);

	if (foreign >= 0)
		return true;
	report_stray_puts(chunk, -foreign);
	report_broken("a chunk of %u pages lacks %d references", chunk_pages(chunk), -foreign);
	return false;
}

/*
 * Leave the pages with the one reference that __free_pages() drops. If others have references,
 * return false without any change, unless @hand_over lets them free the pages.
 *
 * The kernel can acquire a reference to any page for a moment. Once the count is frozen, it is
 * 0, and such attempts fail.
 */
static bool drop_bias(struct chunk *chunk, bool hand_over)
{
	struct page *page = virt_to_page(chunk->base);
	int foreign;

	do {
		foreign = foreign_refs(chunk);
		if (foreign > 0) {
			if (hand_over)
				page_ref_add(page, -CHUNK_REF_BIAS);
			return hand_over;
		}
		if (foreign < 0) {
			report_stray_puts(chunk, -foreign);
			page_ref_add(page, -foreign);
		}
	} while (!page_ref_freeze(page, CHUNK_REFS));
	set_page_count(page, 1);
	return true;
}

static void count_referenced(struct chunk *chunk, bool referenced)
{
	long pages = chunk_pages(chunk);

	if (chunk->referenced == referenced)
		return;
	chunk->referenced = referenced;
	stat_add(chunk->buddy->source->stats, EVENT_REFERENCED, referenced ? pages : -pages);
}

/* Free a chunk. Return false if it is referenced elsewhere; see drop_bias(). */
static bool free_chunk(struct chunk *chunk, bool hand_over)
{
	struct chunk_source *source = chunk->buddy->source;
	struct page *page = virt_to_page(chunk->base);
	unsigned int order = chunk->order;

	if (!drop_bias(chunk, hand_over)) {
		count_referenced(chunk, true);
		return false;
	}
	count_referenced(chunk, false);
	stat_inc(source->stats, EVENT_CHUNK_FREE);
	chunk_forget(chunk);
	source_free(source, page, order);
	return true;
}

/* ---- chunks that are pending free ---- */

static LLIST_HEAD(pending_free);

/*
 * Held until the chunks of the list are free, so that a caller that finds the list empty can
 * rely on that. Acquired in reclaim: no memory may be allocated under it.
 */
static DEFINE_MUTEX(pending_mutex);

unsigned long chunk_hand_over(const struct chunk_source *source)
{
	struct chunk *chunk, *next;
	unsigned long pages = 0;

	mutex_lock(&pending_mutex);
	llist_for_each_entry_safe(chunk, next, llist_del_all(&pending_free), pending_free) {
		bool hand_over = chunk->buddy->source == source;

		if (hand_over && foreign_refs(chunk) > 0)
			pages += chunk_pages(chunk);
		if (!free_chunk(chunk, hand_over))
			llist_add(&chunk->pending_free, &pending_free);
	}
	mutex_unlock(&pending_mutex);
	return pages;
}

bool chunk_free_pending(void)
{
	chunk_hand_over(NULL);
	return llist_empty(&pending_free);
}

static void pending_work(struct work_struct *work)
{
	chunk_free_pending();
}

static DECLARE_WORK(pending_worker, pending_work);

static void queue_pending_work(struct irq_work *work)
{
	schedule_work(&pending_worker);
}

/* Hard: on PREEMPT_RT, the thread for others is parked before its CPU is offline. */
static struct irq_work pending_irq_work = IRQ_WORK_INIT_HARD(queue_pending_work);

void chunk_destroy(struct chunk *chunk)
{
	/* Not in a hard interrupt, as when another CPU drains this CPU's magazines. */
	bool now = gfp_may_call_kernel() && !in_hardirq();
	struct chunk_source *source = chunk->buddy->source;

	if (now && free_chunk(chunk, false))
		return;
	/* Another CPU may free it from here on. */
	llist_add(&chunk->pending_free, &pending_free);
	/*
	 * Use an irq_work, because the caller may hold a lock that the work queue needs, such as
	 * that of a run queue. On a CPU that is not online, the irq_work would stay pending, and
	 * no CPU could queue it again: the chunk is freed by the worker, which is kicked when the
	 * CPU is dead, or by the shrinker.
	 */
	if (now)
		source_kick_worker(source);
	else if (cpu_online(raw_smp_processor_id()))
		irq_work_queue(&pending_irq_work);
}
EXPORT_SYMBOL_FOR_TEST(chunk_destroy);

void chunk_flush(void)
{
	chunk_free_pending();
	flush_work(&pending_worker);
}
EXPORT_SYMBOL_FOR_TEST(chunk_flush);

void chunk_sync(void)
{
	irq_work_sync(&pending_irq_work);
	chunk_flush();
	rcu_barrier();
}
EXPORT_SYMBOL_FOR_TEST(chunk_sync);

int chunk_init(void)
{
	return chunk_map_init();
}

void chunk_exit(void)
{
	chunk_sync();
	chunk_map_exit();
}
