// SPDX-License-Identifier: GPL-2.0
/*
 * chunk.c - runs of pages from the kernel.
 *
 * A chunk is one naturally aligned compound page. It has 64 bytes of frame for each
 * of its pages (1.6 %), and a header, in memory of their own: an overrun or a use
 * after free in the chunk cannot reach them. The frames of a large chunk are in pages
 * to themselves, which they fill: with the header beside them they would take one more.
 *
 * Contexts: any but NMI to create and destroy; any at all to look an address up.
 * On PREEMPT_RT, where the page allocator sleeps, pages are neither taken nor given
 * back while preemption is off: a creation fails, a destruction is put off.
 *
 * A chunk is freed to the kernel only when slabmod's reference to it is the only one. One
 * that is referenced elsewhere stays: held, below the limit, and known to the map. It is
 * looked at again whenever chunks that were put off are freed, and by the ager.
 *
 * Locks: pending_mutex, for chunks that were put off. Frames go away
 * by RCU: who looks up an address that may not be in use, by a caller's mistake,
 * is in a read-side section from the lookup to the last look at the frame.
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
#include "gfp.h"
#include "report.h"
#include "source.h"

/* A new chunk is such a part of what is held, where that is above the least order. */
#define PART_OF_HELD	128

/* ---- life of a chunk ---- */

/* Frames that fill less than a page are in the same memory as the rest, behind it. */
static bool frames_are_near(unsigned int order)
{
	return sizeof(struct frame) << order < PAGE_SIZE;
}

/* Bytes of struct chunk, of the frames that follow it, and of the lists' heads. */
static size_t chunk_size(unsigned int order)
{
	size_t size = sizeof(struct chunk) + (order + 1) * sizeof(struct list_head);

	return frames_are_near(order) ? size + (sizeof(struct frame) << order) : size;
}

/**
 * chunk_metadata() - what the frames of a chunk take
 * @order: of the chunk
 *
 * Return: bytes.
 */
size_t chunk_metadata(unsigned int order)
{
	/* kmalloc() rounds to a power of two. */
	size_t size = roundup_pow_of_two(chunk_size(order));

	return frames_are_near(order) ? size : size + (sizeof(struct frame) << order);
}
EXPORT_SYMBOL_FOR_TEST(chunk_metadata);

static void metadata_free(struct chunk *chunk)
{
	if (!frames_are_near(chunk->order)) {
		set_page_private(virt_to_page(chunk->frames), 0);
		free_pages_exact(chunk->frames, sizeof(struct frame) << chunk->order);
	}
	kfree(chunk);
}

static struct chunk *metadata_alloc(unsigned int order, gfp_t gfp)
{
	struct chunk *chunk = NULL;

	if (!fault_hits_gfp(FAULT_HEADER, gfp))
		chunk = kzalloc(roundup_pow_of_two(chunk_size(order)), gfp);
	if (!chunk)
		return NULL;
	chunk->order = order;
	chunk->free_list = (struct list_head *)(chunk + 1);
	if (frames_are_near(order)) {
		chunk->frames = (struct frame *)(chunk + 1);
		chunk->free_list = (struct list_head *)(chunk->frames + (1u << order));
		return chunk;
	}
	if (!fault_hits_gfp(FAULT_FRAMES, gfp))
		chunk->frames = alloc_pages_exact(sizeof(struct frame) << order, gfp);
	if (!chunk->frames) {
		kfree(chunk);
		return NULL;
	}
	set_page_private(virt_to_page(chunk->frames), (unsigned long)chunk);
	return chunk;
}

static void metadata_free_rcu(struct rcu_head *rcu)
{
	metadata_free(container_of(rcu, struct chunk, rcu));
}

static void chunk_frames_init(struct chunk *chunk)
{
	unsigned int i;

	INIT_LIST_HEAD(&chunk->node);
	for (i = 0; i <= chunk->order; i++)
		INIT_LIST_HEAD(&chunk->free_list[i]);
	/* What a frame has beyond this is made when its page is put to a use. */
	for (i = 0; i < chunk_pages(chunk); i++) {
		struct frame *frame = &chunk->frames[i];

		INIT_LIST_HEAD(&frame->node);
		frame->cache = NULL;
		frame->index = i;
		frame->order = 0;
		frame->state = FRAME_TAIL;
		frame->home = HOME_NONE;
	}
}

/* One attempt at a chunk of just @order: as source_alloc(). */
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
	/* All addresses that are handed out come from this one, and have no tag. */
	chunk->base = kasan_reset_tag(page_address(page));
	chunk->buddy = &buddies[page_to_nid(page)];
	chunk_frames_init(chunk);
	if (!chunk_map_add(chunk, metadata_gfp))
		goto free_metadata;

	page_ref_add(page, CHUNK_REF_BIAS);
	atomic_long_add(chunk_pages(chunk), &source->staying);
	source_count_metadata(source, chunk_metadata(order));
	stat_inc(source->stats, STAT_CHUNK_NEW);
	if (chunk->unmapped)
		stat_inc(source->stats, STAT_CHUNK_STRAY);
	source_kick_worker(source);
	return chunk;

free_metadata:
	metadata_free(chunk);
put_page:
	source_cancel(source, page, order);
	return NULL;
}

/*
 * The order to try first: a part of what is held, so that what is free of the last one
 * is little beside that.
 */
static unsigned int chunk_best_order(struct chunk_source *source)
{
	unsigned long part = atomic_long_read(&source->held) / PART_OF_HELD;
	unsigned int order = part ? ilog2(part) : 0;

	return clamp(order, source->min_order, source->max_order);
}

/* Flags as the page allocator is to see them, for a chunk of just @order. */
static gfp_t chunk_gfp(gfp_t gfp, unsigned int order)
{
	gfp = (gfp & ~__GFP_ZERO) | __GFP_NOWARN | __GFP_COMP;
	/* The page allocator promises no run of more than two pages to those who insist. */
	return order > 1 ? gfp & ~__GFP_NOFAIL : gfp;
}

/**
 * chunk_create_exact() - take a chunk of one size from the source
 * @buddies: as for chunk_create()
 * @nid: as for chunk_create()
 * @order: of the chunk
 * @gfp: how hard to try
 *
 * Context: any; in NMI NULL.
 *
 * Return: as chunk_create(), with the same charge to be settled.
 */
struct chunk *chunk_create_exact(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	struct chunk *chunk = NULL;

	if (gfp_may_call_kernel() && order <= CHUNK_MAX_ORDER)
		chunk = chunk_try(buddies, nid, order, chunk_gfp(gfp, order));
	if (!IS_ERR_OR_NULL(chunk))
		return chunk;
	stat_inc(source->stats, STAT_CHUNK_FAIL);
	if (chunk) {
		atomic_long_inc(&source->refused);
		stat_inc(source->stats, STAT_LIMIT_REFUSED);
	}
	return NULL;
}

/**
 * chunk_create() - take a chunk from the source
 * @buddies: the pool's, one a node; the chunk is of the one its memory is on
 * @nid: node to ask for
 * @order: the least that is of use
 * @gfp: how hard to try for that; for more than that nobody is made to wait
 *
 * Takes more than @order while the source's max_order allows and the kernel has it
 * at hand; @order itself may be above max_order.
 *
 * Context: any; in NMI NULL.
 *
 * Return: the chunk, known to the map, in no bucket yet; or NULL. The caller of the former
 * calls source_settle() when others can have of it.
 */
struct chunk *chunk_create(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	unsigned int best = gfp_may_call_kernel() ? chunk_best_order(source) : 0;
	struct chunk *chunk;

	for (; best > order; best--) {
		chunk = chunk_try(buddies, nid, best, chunk_gfp(gfp_easy(gfp), best));
		if (!IS_ERR_OR_NULL(chunk))
			return chunk;
	}
	return chunk_create_exact(buddies, nid, order, gfp);
}
EXPORT_SYMBOL_FOR_TEST(chunk_create);

static void chunk_forget(struct chunk *chunk)
{
	struct chunk_source *source = chunk->buddy->source;

	chunk_map_remove(chunk);
	source_count_metadata(source, -(long)chunk_metadata(chunk->order));
	call_rcu(&chunk->rcu, metadata_free_rcu);
}

/**
 * chunk_try_release() - whether a chunk may be given back to the source
 * @chunk: one of which nothing is used
 *
 * The source's reserve must not get smaller by it. Who is told true destroys the chunk.
 *
 * Context: any.
 */
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
	int foreign = chunk_foreign_refs(chunk);

	if (foreign >= 0)
		return true;
	report_stray_puts(chunk, -foreign);
	report_broken("a chunk of %u pages lacks %d references", chunk_pages(chunk), -foreign);
	return false;
}

/*
 * Leaves a chunk's pages with the one reference that __free_pages() drops. False, and
 * nothing done, when there are foreign references, unless @hand_over says that they
 * may free the pages.
 *
 * A reference may come and go at any time: the kernel takes some of any page in use,
 * for a moment. One that comes after the count was frozen finds it at 0 and fails.
 */
static bool drop_bias(struct chunk *chunk, bool hand_over)
{
	struct page *page = virt_to_page(chunk->base);
	int foreign;

	do {
		foreign = chunk_foreign_refs(chunk);
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
	stat_add(chunk->buddy->source->stats, STAT_REFERENCED, referenced ? pages : -pages);
}

/* False when it is referenced elsewhere, and stays; see drop_bias(). */
static bool chunk_put(struct chunk *chunk, bool hand_over)
{
	struct chunk_source *source = chunk->buddy->source;
	struct page *page = virt_to_page(chunk->base);
	unsigned int order = chunk->order;

	if (!drop_bias(chunk, hand_over)) {
		count_referenced(chunk, true);
		return false;
	}
	count_referenced(chunk, false);
	stat_inc(source->stats, STAT_CHUNK_FREE);
	chunk_forget(chunk);
	source_free(source, page, order);
	return true;
}

/*
 * Chunks that are to go, but came free where the kernel could not be called, or are
 * referenced elsewhere.
 */
static LLIST_HEAD(pending_free);

/* Held until they are gone: who takes it then knows that they are. */
static DEFINE_MUTEX(pending_mutex);

/* @ending: NULL, or the source whose chunks are handed over. Returns pages that were. */
static unsigned long free_pending(const struct chunk_source *ending)
{
	struct frame *frame, *next;
	unsigned long pages = 0;

	/* Whoever has it does not wait for memory, so that it may be taken in reclaim. */
	mutex_lock(&pending_mutex);

	/* The first frame carries the link: nothing else is in it any more. */
	llist_for_each_entry_safe(frame, next, llist_del_all(&pending_free), pending_free) {
		struct chunk *chunk = frame_chunk(frame);
		bool hand_over = chunk->buddy->source == ending;

		if (hand_over && chunk_foreign_refs(chunk) > 0)
			pages += chunk_pages(chunk);
		if (!chunk_put(chunk, hand_over))
			llist_add(&frame->pending_free, &pending_free);
	}
	mutex_unlock(&pending_mutex);
	return pages;
}

bool chunk_free_pending(void)
{
	free_pending(NULL);
	return llist_empty(&pending_free);
}

unsigned long chunk_hand_over(struct chunk_source *source)
{
	return free_pending(source);
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

/* On PREEMPT_RT the thread that does others stops before its CPU does. */
static struct irq_work pending_irq_work = IRQ_WORK_INIT_HARD(queue_pending_work);

/**
 * chunk_destroy() - give a chunk back to the source
 * @chunk: one that chunk_try_release(), and which is in no bucket or list any more
 *
 * Context: any but NMI.
 */
void chunk_destroy(struct chunk *chunk)
{
	/* Nor in an interrupt, as when another CPU drains this one's magazines. */
	bool now = gfp_may_call_kernel() && !in_hardirq();
	struct chunk_source *source = chunk->buddy->source;

	if (now && chunk_put(chunk, false))
		return;
	/* From here on it may be freed at any time. */
	llist_add(&chunk->frames[0].pending_free, &pending_free);
	/*
	 * An irq_work, because the caller may hold a lock that the work queue needs, such as
	 * that of a run queue. A CPU that is not online takes no interrupts, and the irq_work
	 * would stay pending for all CPUs: its chunks wait for the next chunk_flush(), which
	 * the worker does that is woken when the CPU is dead, or for the shrinker.
	 */
	if (now)
		source_kick_worker(source);
	else if (cpu_online(raw_smp_processor_id()))
		irq_work_queue(&pending_irq_work);
}
EXPORT_SYMBOL_FOR_TEST(chunk_destroy);

/**
 * chunk_leak() - forget a chunk, but keep its pages from reuse
 * @chunk: one of which something is still used when its pool goes
 *
 * Context: any but NMI.
 */
void chunk_leak(struct chunk *chunk)
{
	chunk_forget(chunk);
}

/*
 * Does what was put off, or waits for who does it. Not for reclaim: a work item that
 * nobody rescues must not be waited for there.
 */
void chunk_flush(void)
{
	chunk_free_pending();
	flush_work(&pending_worker);
}
EXPORT_SYMBOL_FOR_TEST(chunk_flush);

/* Likewise, and until the frames of the past are gone. */
void chunk_sync(void)
{
	irq_work_sync(&pending_irq_work);
	chunk_flush();
	rcu_barrier();
}
EXPORT_SYMBOL_FOR_TEST(chunk_sync);

void chunk_exit(void)
{
	chunk_sync();
	chunk_map_exit();
}
