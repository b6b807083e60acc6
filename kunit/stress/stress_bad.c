// SPDX-License-Identifier: GPL-2.0
/*
 * stress_bad.c - bad calls, which must have no effect but a report.
 *
 * They pass an address inside a piece that the actor owns, its address with another cache,
 * pool or length, or an address at which slabmod's memory cannot start: an address of slabmod's
 * without an owner may be allocated at any moment, so it is odd, or of the kernel's own
 * allocators. The piece must stay intact and its owner's. Each call is counted with the reports
 * that it must cause, which the guest's script compares with the misuse counters.
 *
 * For second frees see stress_twice.c.
 *
 * Contexts: any; init, exit and rare calls: process, may sleep. Locks: none.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "stress.h"

/* ---- foreign addresses ---- */

#define FOREIGN_SIZE	256
#define FOREIGN_FILL	0x5c

static u8 module_data[FOREIGN_SIZE];
static u8 *kmalloced, *vmalloced, *kernel_page;

static u8 *foreign_memory(struct stress_actor *actor)
{
	u8 *const all[] = { module_data, kmalloced, vmalloced, kernel_page };

	return all[stress_below(actor, ARRAY_SIZE(all))];
}

static unsigned long below_long(struct stress_actor *actor, unsigned long below)
{
	return stress_random(actor) % below;
}

/* @stack: an address on the stack of a caller. */
static void *foreign_address(struct stress_actor *actor, const struct stress_piece *piece,
			     void *stack)
{
	u64 random = stress_random(actor);

	switch (stress_below(actor, 10)) {
	case 0: return stack;
	/* Not ZERO_SIZE_PTR, which may be freed. */
	case 1: return (void *)(17 + below_long(actor, PAGE_SIZE));
	case 2: return (void *)(1 + below_long(actor, 15));
	case 3: return (void *)(PAGE_SIZE + below_long(actor, TASK_SIZE_MAX - PAGE_SIZE));
	/* Anywhere in the direct map, and after it. */
	case 4: return (void *)(1 | (PAGE_OFFSET + below_long(actor, 2 *
				((unsigned long)high_memory - PAGE_OFFSET))));
	case 5: return (void *)(random | 1);
	/* Wrong upper bits. */
	case 6: return (void *)(1 | ((unsigned long)piece->piece.memory ^
				     (1ul << (40 + random % 23))));
	case 7: return virt_to_page(kernel_page);
	default: return foreign_memory(actor) + (random % FOREIGN_SIZE & ~7ul);
	}
}

/* ---- any bad address ---- */

static struct slabmod_cache *some_cache(struct stress_actor *actor)
{
	return stress_random_cache(actor, true)->cache;
}

static struct slabmod_pool *some_pool(struct stress_actor *actor)
{
	return stress_pools[stress_below(actor, STRESS_POOLS)];
}

/* Free a bad address. */
static void free_bad(struct stress_actor *actor, void *p)
{
	unsigned int how = stress_below(actor, 8);

	if (how == 0)
		slabmod_pool_kfree(some_pool(actor), p);
	else if (how <= 2)
		slabmod_cache_free(some_cache(actor), p);
	else if (how == 3)
		slabmod_kfree_sensitive(p);
	else if (how == 4)
		stress_krealloc_zero(actor, p);
	else
		slabmod_kfree(p);
}

static void free_bad_pages(struct stress_actor *actor, void *p)
{
	unsigned int order = stress_below(actor, SLABMOD_MAX_ORDER + 2);
	unsigned int how = stress_below(actor, 4);

	if (how == 0)
		slabmod_pool_free_pages(some_pool(actor), (unsigned long)p, order);
	else if (how == 1)
		slabmod_free_pages_exact(p, 1 + below_long(actor, SZ_1M));
	else
		slabmod_free_pages((unsigned long)p, order);
}

/* Get the size of a bad address, or resize it. */
static void use_bad(struct stress_actor *actor, void *p)
{
	size_t size;
	void *new;

	if (stress_one_in(actor, 2)) {
		size = slabmod_ksize(p);
		if (size)
			stress_wrong(actor, NULL, "%p has %zu bytes", p, size);
		return;
	}
	size = stress_random_size(actor);
	new = slabmod_krealloc(p, size, stress_gfp(actor, size));
	if (new)
		stress_wrong(actor, NULL, "krealloc of %p returned %p", p, new);
}

static void foreign(struct stress_actor *actor, const struct stress_piece *piece)
{
	unsigned long on_stack[4];
	void *p = foreign_address(actor, piece, on_stack);
	u8 *memory = foreign_memory(actor);
	enum stress_bad bad = STRESS_BAD_FOREIGN_FREE;
	unsigned int how = stress_below(actor, 8);

	OPTIMIZER_HIDE_VAR(p);
	if (how == 0) {
		use_bad(actor, p);
		bad = STRESS_BAD_FOREIGN_LOOK;
	} else if (how == 1) {
		free_bad_pages(actor, p);
		bad = STRESS_BAD_FOREIGN_PAGES;
	} else if (how == 2) {
		__slabmod_free_pages(virt_to_page(kernel_page), stress_below(actor, 11));
		bad = STRESS_BAD_FOREIGN_PAGES;
	} else {
		free_bad(actor, p);
	}
	stress_did_bad(actor, bad, 1);
	if (memchr_inv(memory, FOREIGN_FILL, FOREIGN_SIZE))
		stress_wrong(actor, NULL, "the kernel's memory at %p was written to", memory);
}

/* ---- addresses inside a piece ---- */

static void inner(struct stress_actor *actor, const struct stress_piece *piece)
{
	void *p = piece->piece.memory + 1 + below_long(actor, piece->piece.size - 1);
	unsigned int how;

	if (stress_one_in(actor, 2))
		p = PTR_ALIGN_DOWN(p, 16);
	if (p <= piece->piece.memory)
		p = piece->piece.memory + 1;
	how = stress_below(actor, 8);
	if (how <= 1)
		use_bad(actor, p);
	else if (how == 2)
		free_bad_pages(actor, p);
	else
		free_bad(actor, p);
	stress_did_bad(actor, how <= 1 ? STRESS_BAD_INNER_LOOK : STRESS_BAD_INNER_FREE, 1);
}

/* Free the piece among bad addresses: odd ones, because its page may be reused at once. */
static void inner_bulk(struct stress_actor *actor, struct stress_piece *piece)
{
	size_t size = piece->piece.size;
	const struct stress_cache *cache = piece->family == STRESS_OBJECT ? piece->cache : NULL;
	void *p = stress_end_piece(actor, piece);
	void *objects[] = {
		p + (below_long(actor, size) | 1), kmalloced, NULL, p,
		p + (below_long(actor, size) | 1), vmalloced,
	};

	if (cache && cache->ctor)
		cache->ctor(p);
	if (cache)
		slabmod_cache_free_bulk(cache->cache, ARRAY_SIZE(objects), objects);
	else
		slabmod_kfree_bulk(ARRAY_SIZE(objects), objects);
	stress_did(actor, cache ? STRESS_CACHE_FREE_BULK : STRESS_KFREE_BULK, 1);
	stress_did_bad(actor, STRESS_BAD_INNER_BULK, ARRAY_SIZE(objects) - 2);
}

/* ---- another cache, pool or length ---- */

static bool is_from_cache(const struct stress_piece *piece)
{
	return piece->family == STRESS_MEMORY || piece->family == STRESS_OBJECT;
}

static void wrong_cache(struct stress_actor *actor, const struct stress_piece *piece)
{
	struct slabmod_cache *cache = some_cache(actor);
	void *p = piece->piece.memory;

	if (piece->family == STRESS_OBJECT && piece->cache->cache == cache)
		return;
	if (piece->family == STRESS_PAGES && piece->order < 4 && stress_one_in(actor, 2))
		slabmod_kfree(p);
	else if (is_from_cache(piece) && stress_one_in(actor, 4))
		/* kfree() may free only longer blocks. */
		slabmod_free_pages((unsigned long)p, stress_below(actor, 4));
	else if (stress_one_in(actor, 4))
		slabmod_cache_free_bulk(cache, 1, &p);
	else
		slabmod_cache_free(cache, p);
	stress_did_bad(actor, STRESS_BAD_WRONG_CACHE, 1);
}

static void wrong_pool(struct stress_actor *actor, const struct stress_piece *piece)
{
	struct slabmod_pool *pool = some_pool(actor);
	void *p = piece->piece.memory;

	if (piece->pool >= 0 && stress_pools[piece->pool] == pool)
		return;
	if (is_from_cache(piece))
		slabmod_pool_kfree(pool, p);
	else
		slabmod_pool_free_pages(pool, (unsigned long)p, get_order(piece->piece.size));
	stress_did_bad(actor, STRESS_BAD_WRONG_POOL, 1);
}

static void wrong_order(struct stress_actor *actor, const struct stress_piece *piece)
{
	unsigned long pages = DIV_ROUND_UP(piece->piece.size, PAGE_SIZE);
	unsigned int order = stress_below(actor, SLABMOD_MAX_ORDER + 3);
	unsigned long others = below_long(actor, 1ul << SLABMOD_MAX_ORDER);
	void *p = piece->piece.memory;

	if (stress_one_in(actor, 2)) {
		if (others == pages)
			return;
		slabmod_free_pages_exact(p, others << PAGE_SHIFT);
	} else {
		if (1ul << order == pages)
			return;
		if (stress_one_in(actor, 4))
			__slabmod_free_pages(virt_to_page(p), order);
		else if (piece->pool >= 0 && stress_one_in(actor, 2))
			slabmod_pool_free_pages(stress_pools[piece->pool], (unsigned long)p, order);
		else
			slabmod_free_pages((unsigned long)p, order);
	}
	stress_did_bad(actor, STRESS_BAD_WRONG_ORDER, 1);
}

/* ---- a random one ---- */

static void bad_with_piece(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int how = stress_below(actor, 8);

	if (how == 2 && is_from_cache(piece)) {
		inner_bulk(actor, piece);
		return;
	}
	if (how <= 1 && piece->piece.size > 1)
		inner(actor, piece);
	else if ((how == 2 || how == 6) && !is_from_cache(piece))
		wrong_order(actor, piece);
	else if (how == 3 || how == 4)
		wrong_cache(actor, piece);
	else if (how == 5)
		wrong_pool(actor, piece);
	else if (how == 7)
		foreign(actor, piece);
	stress_check_piece(actor, piece, piece->piece.size);
}

/* ---- rare calls ---- */

#define BAD_RARE	64

static void bad_rare(struct stress_actor *actor, unsigned int which)
{
	if (which == 0)
		stress_pool_life(actor);
	else if (which <= 8)
		stress_cache_life(actor);
	else if (which <= 40)
		stress_taint_race(actor);
	else
		stress_taint_shrink(actor);
}

void stress_bad_rare_all(struct stress_actor *actor)
{
	/* One of each range above. */
	static const unsigned int each[] = { 0, 1, 9, 41 };

	stress_do_each(actor, each, ARRAY_SIZE(each), bad_rare);
}

#define BAD_RARE_INTERVAL	128

void stress_bad_step(struct stress_actor *actor, struct stress_piece *piece)
{
	if (actor->may_sleep && stress_one_in(actor, BAD_RARE_INTERVAL))
		bad_rare(actor, stress_below(actor, BAD_RARE));
	else if (stress_one_in(actor, 2))
		stress_taint_step(actor);
	else if (piece->piece.memory)
		bad_with_piece(actor, piece);
	else if (stress_one_in(actor, 4))
		foreign(actor, piece);
	else
		stress_taint_step(actor);
}

/* ---- init and exit ---- */

void stress_bad_exit(struct stress_actor *actor)
{
	stress_taint_close(actor);
	stress_taint_exit();
	kfree(kmalloced);
	vfree(vmalloced);
	free_page((unsigned long)kernel_page);
}

int stress_bad_init(void)
{
	kmalloced = kmalloc(FOREIGN_SIZE, GFP_KERNEL);
	vmalloced = vmalloc(FOREIGN_SIZE);
	kernel_page = (u8 *)__get_free_page(GFP_KERNEL);
	if (!kmalloced || !vmalloced || !kernel_page)
		return -ENOMEM;
	memset(module_data, FOREIGN_FILL, FOREIGN_SIZE);
	memset(kmalloced, FOREIGN_FILL, FOREIGN_SIZE);
	memset(vmalloced, FOREIGN_FILL, FOREIGN_SIZE);
	memset(kernel_page, FOREIGN_FILL, FOREIGN_SIZE);
	return stress_taint_open();
}
