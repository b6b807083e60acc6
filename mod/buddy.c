// SPDX-License-Identifier: GPL-2.0
/*
 * buddy.c - blocks of pages.
 *
 * The free pages of a chunk are bits (free_map.c), so a block is allocated by clearing bits and
 * freed by setting them. Blocks below UNIT_ORDER come from a partly free unit with the least room
 * that fits, larger ones from the chunk with the least room in free units that fits. A wholly free
 * chunk is used when these have nothing. So full chunks fill up and others drain.
 * This takes a few find-first-bit operations, however many chunks there are.
 *
 * Blocks of callers and slabs come from different chunks unless there is no other memory: slabs
 * live longer, and would keep chunks of short-lived blocks from becoming wholly free.
 *
 * If the size of a block is not a power of two, the unused tail stays free, or is freed at once.
 *
 * Wholly free chunks stay until buddy_age() finds that they were not needed for a while, or
 * until the kernel needs memory.
 *
 * Contexts: any but NMI. Locks: buddy->lock, held for at most BUDDY_BULK blocks or
 * SEARCH_BUDGET units, however many chunks there are. Chunks are created and destroyed without it.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "buddy.h"
#include "buddy_pages.h"
#include "chunk.h"
#include "descriptor.h"
#include "gfp.h"
#include "source.h"

/*
 * With more pages held than this, a new chunk is small beside them, and is preferred to a chunk of
 * the other kind.
 */
#define SEPARATE_KINDS	8192
/* Tries, one per tick, of a request that the limit refused because of unsettled charges. */
#define LIMIT_TRIES	16
/* Portions of empty slabs to free for a block before there is a new chunk for it. */
#define RECLAIM_FIRST	4u
/* Units to look at in vain while the lock is held. */
#define SEARCH_BUDGET	32

/* ---- allocation and chunks ---- */

struct buddy_request {
	unsigned int nr_pages;
	unsigned int order;		/* of @nr_pages, rounded up */
	enum block_kind kind;
	struct page_use *use;
	/* Of a slab, or NULL. */
	void (*mark)(struct frame *frames, void *block, void *arg);
	void *arg;
};

static struct blocks one_block(const struct buddy_request *request, struct claimed_block *to)
{
	return (struct blocks) {
		.to = to,
		.nr = 1,
		.order = request->order,
		.nr_pages = request->nr_pages,
		.use = request->use,
	};
}

/* Give a claimed block the size and the use that the request wants. */
static void finish_block(struct buddy *buddy, const struct claimed_block *b,
			 const struct buddy_request *request)
{
	unsigned int nr_pages = request->nr_pages, unused;
	struct chunk *chunk;

	if (request->mark)
		request->mark(b->frame, b->block, request->arg);
	else if (!request->use->nr_pages)
		frame_set_all(b->frame + 1, &frame_run, nr_pages - 1);
	unused = (1u << request->order) - nr_pages;
	if (request->order >= UNIT_ORDER && unused) {
		chunk = chunk_of(b->block);
		buddy_pages_free_run(buddy, chunk, b->frame + nr_pages - chunk->frames, unused);
	}
}

static void add_chunk(struct buddy *buddy, struct chunk *chunk)
{
	WRITE_ONCE(buddy->free_pages, buddy->free_pages + chunk_pages(chunk));
	WRITE_ONCE(buddy->pages, buddy->pages + chunk_pages(chunk));
	chunk->listed = true;
	list_add_rcu(&chunk->all, &buddy->chunks);
}

static void remove_chunk(struct buddy *buddy, struct chunk *chunk)
{
	WRITE_ONCE(buddy->pages, buddy->pages - chunk_pages(chunk));
	chunk->listed = false;
	list_del_rcu(&chunk->all);
}

/*
 * Remove the largest wholly free chunk that the reserve can spare, if there is one. Look at one
 * chunk of each size only.
 */
static struct chunk *detach_excess(struct buddy *buddy)
{
	unsigned long beyond = source_unreserved(buddy->source), fits = 0;
	struct chunk *chunk;
	unsigned int order;

	if (beyond)
		fits = buddy->empty_mask & GENMASK(ilog2(beyond), 0);
	while (fits) {
		order = __fls(fits);
		chunk = list_last_entry(&buddy->empty[order], struct chunk, empty);
		/* Fails if another node released pages meanwhile. */
		if (chunk_try_release(chunk)) {
			buddy_pages_remove_empty(buddy, chunk);
			remove_chunk(buddy, chunk);
			WRITE_ONCE(buddy->free_pages, buddy->free_pages - chunk_pages(chunk));
			return chunk;
		}
		fits &= ~BIT(order);
	}
	return NULL;
}

/* Unlock, and free one wholly free chunk if there are more than the node may cache. */
static void unlock_and_trim(struct buddy *buddy, unsigned long flags)
	__releases(&buddy->lock)
{
	struct chunk *chunk = NULL;

	/* One may always stay, however large it is. */
	if (buddy->nr_free_chunks > 1 && buddy->free_chunk_pages > buddy->source->max_free)
		chunk = detach_excess(buddy);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	if (chunk)
		chunk_destroy(chunk);
}

/* Return true if blocks of both kinds may share a chunk before there is a new one. */
static bool may_mix(const struct buddy *buddy)
{
	return atomic_long_read(&buddy->source->held) <= SEPARATE_KINDS;
}

/* Return false if there is none, or if *@budget is 0 then, if more maps are to be searched. */
static bool try_from(struct buddy *buddy, const struct buddy_request *request, bool mix,
		     struct claimed_block *b, unsigned int *budget)
{
	const struct blocks blocks = one_block(request, b);
	unsigned long flags;
	bool got;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	got = buddy_pages_take(buddy, request->kind, mix, &blocks, budget);
	if (got)
		finish_block(buddy, b, request);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return got;
}

static void *alloc_from(struct buddy *buddy, const struct buddy_request *request, bool mix)
{
	struct claimed_block b;
	unsigned int budget;

	do {
		budget = SEARCH_BUDGET;
		if (try_from(buddy, request, mix, &b, &budget))
			return b.block;
	} while (!budget);
	return NULL;
}

unsigned int buddy_alloc_bulk(struct buddy *buddy, struct page_use *use,
			      struct claimed_block *out, unsigned int nr)
{
	unsigned int budget = SEARCH_BUDGET, all = min(nr, BUDDY_BULK), got;
	struct blocks blocks = {
		.to = out,
		.nr = all,
		.order = use->order,
		.nr_pages = use->nr_pages,
		.use = use,
	};
	bool mix = may_mix(buddy);
	unsigned long flags;

	if (must_not_lock())
		return 0;
	raw_spin_lock_irqsave(&buddy->lock, flags);
	do {
		got = buddy_pages_take(buddy, BLOCK_PAGES, mix, &blocks, &budget);
		blocks.to += got;
		blocks.nr -= got;
	} while (got && blocks.nr);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return all - blocks.nr;
}
EXPORT_SYMBOL_FOR_TEST(buddy_alloc_bulk);

/* Allocate a block from a new chunk, before other CPUs can see the chunk. */
static void *alloc_new(struct buddy *buddies, int nid, const struct buddy_request *request,
		       gfp_t gfp)
{
	struct chunk *chunk = chunk_create(buddies, nid, request->order, gfp);
	struct claimed_block b;
	const struct blocks blocks = one_block(request, &b);
	struct buddy *buddy;
	unsigned long flags;

	if (!chunk)
		return NULL;
	buddy = chunk->buddy;
	raw_spin_lock_irqsave(&buddy->lock, flags);
	add_chunk(buddy, chunk);
	buddy_pages_begin(chunk, request->kind);
	buddy_pages_take_from(buddy, chunk, &blocks);
	finish_block(buddy, &b, request);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	source_settle(buddies->source);
	return b.block;
}

static void *alloc_from_other_nodes(struct buddy *buddies, int nid,
				    const struct buddy_request *request)
{
	void *block;
	int other;

	for_each_online_node(other) {
		if (other == nid)
			continue;
		block = alloc_from(&buddies[other], request, true);
		if (block)
			return block;
	}
	return NULL;
}

void buddy_note_request(struct buddy *buddy, gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp) || READ_ONCE(buddy->free_pages) >= BUDDY_LOW_PAGES ||
	    READ_ONCE(buddy->low) || !source_has_room(buddy->source))
		return;
	WRITE_ONCE(buddy->low, true);
	source_kick_worker(buddy->source);
}

unsigned long buddy_trim_some(struct buddy *buddy, unsigned long nr)
{
	unsigned long flags, pages = 0;
	struct chunk *chunk;

	while (nr--) {
		raw_spin_lock_irqsave(&buddy->lock, flags);
		chunk = detach_excess(buddy);
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
		if (!chunk)
			break;
		pages += chunk_pages(chunk);
		chunk_destroy(chunk);
	}
	descriptors_trim(&buddy->descriptors, buddy->source);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_trim_some);

/*
 * If the limit refuses a chunk for the request, free chunks that are too small for it. Return
 * false if the limit does not, or no chunk was freed.
 */
static bool make_room(struct buddy *buddies, const struct buddy_request *request)
{
	struct chunk_source *source = buddies->source;
	unsigned long pages = 0;
	int nid;

	if (atomic_long_read(&source->held) + BIT(request->order) <= source->limit)
		return false;
	for_each_online_node(nid)
		pages += buddy_trim(&buddies[nid]);
	return pages;
}

/* Free empty slabs, a few at a time, until there is a block. */
static void *alloc_reclaimed(struct buddy *buddies, int nid, const struct buddy_request *request,
			     bool mix, unsigned int portions)
{
	struct chunk_source *source = buddies->source;
	void *block = NULL;

	while (!block && portions-- && source->reclaim_empty && source->reclaim_empty(source))
		block = alloc_from(&buddies[nid], request, mix);
	return block;
}

/*
 * Try once: free blocks first, then a new chunk. Empty slabs may merge to what the request needs,
 * or not: look at a few of them before there is a new chunk, and at all before the request fails.
 */
static void *alloc_once(struct buddy *buddies, int nid, const struct buddy_request *request,
			gfp_t gfp)
{
	bool mix = may_mix(&buddies[nid]);
	void *block = alloc_from(&buddies[nid], request, mix) ?:
		      alloc_reclaimed(buddies, nid, request, mix, RECLAIM_FIRST);

	if (!block && !mix) {
		block = alloc_new(buddies, nid, request, gfp_easy(gfp) | __GFP_THISNODE);
		if (!block)
			block = alloc_from(&buddies[nid], request, true);
	}
	if (block)
		return block;
	if (gfp & __GFP_THISNODE || nr_online_nodes == 1)
		goto last;
	/*
	 * Use free blocks of other nodes before new chunks of theirs: otherwise, a node
	 * without memory would create a chunk for every block.
	 */
	block = alloc_new(buddies, nid, request, gfp_easy(gfp) | __GFP_THISNODE);
	if (!block)
		block = alloc_from_other_nodes(buddies, nid, request);
	if (block)
		return block;
last:
	block = alloc_new(buddies, nid, request, gfp) ?:
		alloc_reclaimed(buddies, nid, request, true, UINT_MAX);
	if (!block && make_room(buddies, request))
		block = alloc_new(buddies, nid, request, gfp);
	return block;
}

/* Return true if a request that failed @tries times may wait for unsettled charges. */
static bool may_wait(gfp_t gfp, unsigned int tries)
{
	if (!gfpflags_allow_blocking(gfp) || gfp & __GFP_NORETRY)
		return false;
	return gfp & __GFP_NOFAIL || tries < LIMIT_TRIES;
}

static void *alloc_block(struct buddy *buddies, int nid, const struct buddy_request *request,
			 gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	unsigned int tries;
	void *block;

	if (must_not_lock())
		return NULL;
	if (source->nid != NUMA_NO_NODE) {
		if (gfp & __GFP_THISNODE && nid != source->nid)
			return NULL;
		nid = source->nid;
		gfp |= __GFP_THISNODE;
	}
	block = alloc_from(&buddies[nid], request, may_mix(&buddies[nid]));
	for (tries = 1; !block; tries++) {
		struct source_state before = source_state(source);

		block = alloc_once(buddies, nid, request, gfp);
		if (block || !may_wait(gfp, tries) || !source_was_unsettled(source, &before))
			break;
		schedule_timeout_uninterruptible(1);
	}
	return block;
}

void *buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
		  struct page_use *use)
{
	const struct buddy_request request = {
		.nr_pages = nr_pages,
		.order = order_base_2(nr_pages),
		.kind = BLOCK_PAGES,
		.use = use ?: &frame_run_uses[order_base_2(nr_pages)][USE_CLAIMED],
	};

	return alloc_block(buddies, nid, &request, gfp);
}
EXPORT_SYMBOL_FOR_TEST(buddy_alloc);

bool buddy_take_run(struct buddy *buddy, unsigned int nr_pages, struct claimed_block *b)
{
	const unsigned int order = order_base_2(nr_pages);
	const struct buddy_request request = {
		.nr_pages = nr_pages,
		.order = order,
		.kind = BLOCK_PAGES,
		.use = &frame_run_uses[order][USE_CLAIMED],
	};
	unsigned int budget = SEARCH_BUDGET;

	return !must_not_lock() && try_from(buddy, &request, may_mix(buddy), b, &budget);
}

void *buddy_alloc_slab(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
		       void (*mark)(struct frame *frames, void *block, void *arg), void *arg)
{
	const struct buddy_request request = {
		.nr_pages = nr_pages,
		.order = order_base_2(nr_pages),
		.kind = BLOCK_SLAB,
		/* Until it is marked. */
		.use = &frame_run_uses[order_base_2(nr_pages)][USE_CLAIMED],
		.mark = mark,
		.arg = arg,
	};

	return alloc_block(buddies, nid, &request, gfp);
}

struct chunk_source *buddy_free_run(const struct claimed_block *b, unsigned int nr_pages)
{
	struct chunk *chunk = chunk_of(b->block);
	struct buddy *buddy = chunk->buddy;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	frame_set_all(b->frame, &frame_tail, nr_pages);
	buddy_pages_free_run(buddy, chunk, b->frame - chunk->frames, nr_pages);
	unlock_and_trim(buddy, flags);
	return buddy->source;
}

unsigned int buddy_free_claimed(void *block)
{
	const struct claimed_block b = { block, chunk_frame(block) };
	unsigned int nr_pages = frame_nr_pages(b.frame);

	buddy_free_run(&b, nr_pages);
	return nr_pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_free_claimed);

bool buddy_free(void *block)
{
	if (!frame_claim(chunk_frame(block)))
		return false;
	buddy_free_claimed(block);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(buddy_free);

void buddy_free_bulk(const struct page_use *use, const struct claimed_block *blocks,
		     unsigned int nr)
{
	while (nr) {
		struct buddy *buddy = chunk_of(blocks->block)->buddy;
		unsigned long flags;
		unsigned int n;

		raw_spin_lock_irqsave(&buddy->lock, flags);
		n = buddy_pages_free_bulk(buddy, blocks, min(nr, BUDDY_BULK), use);
		unlock_and_trim(buddy, flags);
		blocks += n;
		nr -= n;
	}
}
EXPORT_SYMBOL_FOR_TEST(buddy_free_bulk);

/* ---- slabs ---- */

static void set_uses(struct chunk *chunk, void *block, unsigned int nr_pages,
		     struct page_use *use)
{
	frame_set_all(&chunk->frames[chunk_index(chunk, block)], use, nr_pages);
}

void buddy_free_slab(void *block, unsigned int nr_pages)
{
	struct chunk *chunk = chunk_of(block);
	struct buddy *buddy = chunk->buddy;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	set_uses(chunk, block, nr_pages, &frame_tail);
	buddy_pages_free_run(buddy, chunk, chunk_index(chunk, block), nr_pages);
	unlock_and_trim(buddy, flags);
}

void buddy_withdraw_slab(void *block, unsigned int nr_pages)
{
	struct chunk *chunk = chunk_of(block);
	struct buddy *buddy = chunk->buddy;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	atomic_long_add(nr_pages, &buddy->source->rcu_pages);
	/* Each page is a claimed block: a wrong free cannot claim it. */
	set_uses(chunk, block, nr_pages, &frame_run_uses[0][USE_CLAIMED]);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
}

void buddy_free_withdrawn(void *block, unsigned int nr_pages)
{
	struct chunk_source *source = chunk_of(block)->buddy->source;

	buddy_free_slab(block, nr_pages);
	atomic_long_sub(nr_pages, &source->rcu_pages);
}

bool buddy_add_chunk(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	struct chunk *chunk;
	unsigned long flags;

	if (source->nid != NUMA_NO_NODE) {
		if (nid != source->nid)
			return false;
		gfp |= __GFP_THISNODE;
	}
	chunk = chunk_create_exact(buddies, nid, order, gfp);
	if (!chunk)
		return false;
	raw_spin_lock_irqsave(&chunk->buddy->lock, flags);
	add_chunk(chunk->buddy, chunk);
	buddy_pages_add_empty(chunk->buddy, chunk);
	raw_spin_unlock_irqrestore(&chunk->buddy->lock, flags);
	source_settle(source);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(buddy_add_chunk);

/* ---- beginning and end ---- */

static void init_lists(struct free_lists *lists)
{
	unsigned int i;

	for (i = 0; i < FREE_MAP_ORDERS; i++) {
		INIT_LIST_HEAD(&lists->of[false].list[i]);
		INIT_LIST_HEAD(&lists->of[true].list[i]);
	}
}

void buddy_init(struct buddy *buddy, int nid, struct chunk_source *source)
{
	unsigned int i;

	raw_spin_lock_init(&buddy->lock);
	buddy->nid = nid;
	buddy->source = source;
	INIT_LIST_HEAD(&buddy->chunks);
	for (i = 0; i < BLOCK_KINDS; i++) {
		init_lists(&buddy->units[i]);
		init_lists(&buddy->partial[i]);
	}
	for (i = 0; i < BUDDY_ORDERS; i++)
		INIT_LIST_HEAD(&buddy->empty[i]);
	descriptors_init(&buddy->descriptors);
}

unsigned long buddy_exit(struct buddy *buddy)
{
	struct chunk *chunk, *next;
	unsigned long pages = 0;

	buddy_trim(buddy);
	/* No other CPU uses the pool any more; the remaining chunks are in use. */
	list_for_each_entry_safe(chunk, next, &buddy->chunks, all) {
		pages += chunk_pages(chunk);
		remove_chunk(buddy, chunk);
		chunk_forget(chunk);
	}
	return pages;
}
