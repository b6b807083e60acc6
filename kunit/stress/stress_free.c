// SPDX-License-Identifier: GPL-2.0
/*
 * stress_free.c - every way to free memory, and to change its size.
 *
 * Memory is checked before it is freed: it must have its owner's pattern. An object of a
 * cache with a constructor is constructed again, as its cache requires.
 *
 * Contexts: any. Locks: none.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "stress.h"

/* ---- one ---- */

void stress_krealloc_zero(struct stress_actor *actor, void *p)
{
	if (slabmod_krealloc(p, 0, GFP_ATOMIC) != ZERO_SIZE_PTR)
		stress_wrong(actor, NULL, "krealloc of %p to size 0", p);
}

/*
 * Free memory after a grace period, until which it counts as in use. Its owner's pattern ends at
 * once. Return false if the piece is too small for that.
 */
static bool free_rcu(struct stress_actor *actor, void *p, size_t size, enum stress_kind *kind)
{
	struct rcu_head *head;

	if (actor->may_sleep && stress_one_in(actor, 4)) {
		slabmod_kfree_rcu_mightsleep(p);
		*kind = STRESS_KFREE_RCU_MIGHTSLEEP;
		return true;
	}
	if (size < sizeof(*head))
		return false;
	head = p + ALIGN_DOWN(size - sizeof(*head), sizeof(void *));
	slabmod_kvfree_call_rcu(head, p);
	*kind = STRESS_KFREE_RCU;
	return true;
}

static enum stress_kind free_memory(struct stress_actor *actor, int pool, void *p, size_t size)
{
	unsigned int how = stress_below(actor, 32);
	enum stress_kind kind;

	if (how == 0) {
		slabmod_kfree_sensitive(p);
		return STRESS_KFREE_SENSITIVE;
	}
	if (how == 1) {
		stress_krealloc_zero(actor, p);
		return STRESS_KREALLOC_ZERO;
	}
	if (how >= 30 && free_rcu(actor, p, size, &kind))
		return kind;
	if (pool >= 0 && how < 24) {
		slabmod_pool_kfree(stress_pools[pool], p);
		return STRESS_POOL_KFREE;
	}
	slabmod_kfree(p);
	return STRESS_KFREE;
}

static enum stress_kind free_object(struct stress_actor *actor, const struct stress_cache *cache,
				    void *p)
{
	unsigned int how = stress_below(actor, 32);
	enum stress_kind kind;

	/* The head would overwrite what was constructed. */
	if (how >= 30 && !cache->ctor && free_rcu(actor, p, cache->size, &kind))
		return kind;
	if (how == 0) {
		slabmod_kfree_sensitive(p);
		return STRESS_KFREE_SENSITIVE;
	}
	if (cache->ctor)
		cache->ctor(p);
	if (how < 4) {
		slabmod_kfree(p);
		return STRESS_KFREE;
	}
	slabmod_cache_free(cache->cache, p);
	return STRESS_CACHE_FREE;
}

static enum stress_kind free_page_run(struct stress_actor *actor, int pool, void *p,
				      unsigned int order)
{
	unsigned int how = stress_below(actor, 4);

	if (pool >= 0 && how) {
		slabmod_pool_free_pages(stress_pools[pool], (unsigned long)p, order);
		return STRESS_POOL_FREE_PAGES;
	}
	if (how & 1) {
		__slabmod_free_pages(virt_to_page(p), order);
		return STRESS_FREE_PAGES_PAGE;
	}
	slabmod_free_pages((unsigned long)p, order);
	return STRESS_FREE_PAGES;
}

void stress_free(struct stress_actor *actor, struct stress_piece *piece)
{
	void *p = stress_end_piece(actor, piece);
	enum stress_kind kind = STRESS_FREE_PAGES_EXACT;

	if (piece->family == STRESS_MEMORY)
		kind = free_memory(actor, piece->pool, p, piece->piece.size);
	else if (piece->family == STRESS_OBJECT)
		kind = free_object(actor, piece->cache, p);
	else if (piece->family == STRESS_PAGES)
		kind = free_page_run(actor, piece->pool, p, piece->order);
	else
		slabmod_free_pages_exact(p, piece->piece.size);
	stress_did(actor, kind, 1);
}

/* ---- many ---- */

/* Return true if kfree_bulk(), or cache_free_bulk() of @cache, may free the piece. */
static bool fits_bulk(const struct stress_piece *piece, const struct stress_cache *cache)
{
	if (cache)
		return piece->family == STRESS_OBJECT && piece->cache == cache;
	return piece->family == STRESS_MEMORY || piece->family == STRESS_OBJECT;
}

void stress_free_bulk(struct stress_actor *actor, struct stress_piece **pieces, unsigned int nr)
{
	const struct stress_cache *cache = NULL;
	unsigned int i, n = 0;

	if (pieces[0]->family == STRESS_OBJECT && stress_one_in(actor, 2))
		cache = pieces[0]->cache;
	for (i = 0; i < nr; i++) {
		const struct stress_cache *of = pieces[i]->cache;

		if (!fits_bulk(pieces[i], cache))
			continue;
		actor->objects[n] = stress_end_piece(actor, pieces[i]);
		if (pieces[i]->family == STRESS_OBJECT && of->ctor)
			of->ctor(actor->objects[n]);
		n++;
	}
	if (cache)
		slabmod_cache_free_bulk(cache->cache, n, actor->objects);
	else
		slabmod_kfree_bulk(n, actor->objects);
	stress_did(actor, cache ? STRESS_CACHE_FREE_BULK : STRESS_KFREE_BULK, n);
}

/* ---- resize ---- */

void stress_resize(struct stress_actor *actor, struct stress_piece *piece)
{
	enum stress_kind kind = stress_one_in(actor, 2) ? STRESS_KREALLOC : STRESS_KREALLOC_ARRAY;
	size_t n = kind == STRESS_KREALLOC ? 1 : 1 + stress_below(actor, 8);
	size_t each = stress_random_size(actor), size, room;
	void *old = piece->piece.memory, *new;
	gfp_t gfp;

	if (piece->family != STRESS_MEMORY) {
		stress_ksize(actor, piece);
		return;
	}
	if (n * each > SLABMOD_KMALLOC_MAX_CLASS)
		n = 1;
	size = n * each;
	gfp = stress_gfp(actor, size) | (stress_one_in(actor, 2) ? __GFP_ZERO : 0);
	room = slabmod_ksize(old);
	if (kind == STRESS_KREALLOC)
		new = slabmod_krealloc(old, size, gfp);
	else
		new = slabmod_krealloc_array(old, n, each, gfp);
	if (!new) {
		stress_was_refused(actor, kind);
		return;
	}
	/* The contents must be preserved, and the rest cleared if requested. */
	piece->piece.memory = new;
	stress_check_piece(actor, piece, min(size, piece->piece.size));
	if (gfp & __GFP_ZERO && size > room && memchr_inv(new + room, 0, size - room))
		stress_wrong(actor, piece, "from %zu to %zu bytes: the rest is not cleared", room,
			     size);
	/* It may have stayed in place, aligned for its old size. */
	piece->align = 16;
	piece->zeroed = false;
	piece->piece.size = size;
	piece->nid = NUMA_NO_NODE;
	stress_begin_piece(actor, piece, kind);
	stress_did(actor, kind, 1);
}

void stress_ksize(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = piece->piece.size, room;

	stress_check_piece(actor, piece, size);
	if (piece->family != STRESS_MEMORY && piece->family != STRESS_OBJECT)
		return;
	room = slabmod_ksize(piece->piece.memory);
	if (room < size)
		stress_wrong(actor, piece, "ksize of its %zu bytes is %zu", size, room);
	/* The caller may use all of ksize(), and does from now on. */
	if (piece->family == STRESS_MEMORY && room <= SLABMOD_KMALLOC_MAX_CLASS)
		piece_fill(&piece->piece, piece->piece.memory, room, piece->piece.mark);
	stress_did(actor, STRESS_KSIZE, 1);
}
