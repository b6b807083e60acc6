// SPDX-License-Identifier: GPL-2.0
/*
 * wrong.c - misuse: the operations of interp.c that must be reported, and have no effect.
 *
 * Memory passed to a bad free stays in use, so that an effect on it is found later. The kinds are
 * those of Documentation/api.rst.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "interp.h"

#define BAD_ADDRESS	(BIT(MISUSE_BAD_FREE) | BIT(MISUSE_INNER_FREE) |	\
			 BIT(MISUSE_DOUBLE_FREE) | BIT(MISUSE_WRONG_CACHE))
/* The kinds for an inner address; kfree() of pages is wrong at any address. */
#define INNER_ADDRESS	(BIT(MISUSE_INNER_FREE) | BIT(MISUSE_WRONG_CACHE))

static void refused(struct interp *in, bool is_refused, u32 kinds)
{
	interp_expect_report(in, kinds);
	if (!is_refused)
		interp_broken(in, "what is absurd was done");
}

/* ---- wrong addresses ---- */

/* Pass a bad address to a random call, which must report it. */
static void try_address(struct interp *in, void *p, u32 kinds, u8 how)
{
	struct fuzz_cache *c = &in->cache[how / 16 % FUZZ_CACHES];

	interp_expect_report(in, kinds);
	switch (how % 8) {
	case 0:
		if (slabmod_ksize(p))
			interp_broken(in, "there are bytes at a bad address");
		break;
	case 1:
		if (slabmod_krealloc(p, how * 64 + 1, GFP_KERNEL))
			interp_broken(in, "a bad address has got another size");
		break;
	case 2:
		slabmod_kfree_sensitive(p);
		break;
	case 3:
		slabmod_free_pages((unsigned long)p, how / 16 % (SLABMOD_MAX_ORDER + 1));
		break;
	case 4:
		slabmod_free_pages_exact(p, how * 256 + 1);
		break;
	case 5:
		if (c->cache) {
			slabmod_cache_free(c->cache, p);
			break;
		}
		fallthrough;
	case 6:
		slabmod_kfree_bulk(1, &p);
		break;
	default:
		slabmod_kfree(p);
		break;
	}
}

/* Odd, so that no object starts there. Some are near @piece, if any. */
static void *odd_address(struct interp *in, const struct piece *piece)
{
	u8 where = next_u8(in);
	unsigned long n = (unsigned long)next_u16(in) << 16 | next_u16(in);
	static char data;

	/* In the page after or before it, or farther. */
	if (where & 0x80 && piece)
		return (void *)(((unsigned long)piece->memory +
				 (where & 0x40 ? PAGE_ALIGN(piece->size) : -PAGE_SIZE) +
				 (where & 0x20 ? n << PAGE_SHIFT : 0) + n % PAGE_SIZE) | 1);
	switch (where % 8) {
	case 0:
		return (void *)(n % 16 | 1);
	case 1:
		return (void *)(PAGE_OFFSET + (n % (unsigned long)(high_memory - PAGE_OFFSET) | 1));
	case 2:
		return (void *)((unsigned long)high_memory + (n | 1));
	case 3:
		return (void *)(PAGE_OFFSET - (n | 1));
	case 4:
		return (void *)(-n | 1);
	case 5:
		return (void *)((unsigned long)&data | 1);
	case 6:
		return (void *)((unsigned long)&where | 1);
	default:
		/* With the map's mask applied it is another address, perhaps one in use. */
		return (void *)(((PAGE_OFFSET + n) ^ BIT(where / 8 % 16 + 36)) | 1);
	}
}

/* Return the address after the last object of the slab, or NULL if there is no room. */
static void *past_the_last(const struct piece *piece)
{
	struct frame *frame = chunk_frame(piece->memory);
	struct slabmod_cache *cache = frame_cache(frame);
	const struct slab_geometry *g;
	struct slab *slab;

	if (!cache)
		return NULL;
	slab = frame_slab(frame);
	g = slab_geometry(cache, slab);
	if (g->objects * cache->size + cache->lead >= g->pages << PAGE_SHIFT)
		return NULL;
	return slab_address(slab) + g->objects * cache->size + cache->lead;
}

void op_wrong_free(struct interp *in)
{
	struct piece *piece = interp_pick(in, NULL);
	u8 how = next_u8(in);
	size_t offset;
	void *p;

	if (piece && (how & 0x81) == 0x80) {
		p = past_the_last(piece);
		if (p)
			try_address(in, p, INNER_ADDRESS, how / 2);
		return;
	}

	if (how & 1 || !piece || piece->size < 2) {
		try_address(in, odd_address(in, piece), BAD_ADDRESS, how / 2);
		return;
	}
	offset = (next_u16(in) << 8 | next_u8(in)) % (piece->size - 1) + 1;
	try_address(in, piece->memory + offset, INNER_ADDRESS, how / 2);
	interp_check_piece(in, piece);
}

/* ---- valid addresses in wrong calls ---- */

static bool may_be_doubled(const struct piece *piece)
{
	return piece->kind != EXACT;
}

/* At once and on the same CPU: later it may have another owner. */
void op_double_free(struct interp *in)
{
	struct piece *piece = interp_pick(in, may_be_doubled), was;
	u8 how = next_u8(in);

	if (!piece)
		return;
	was = *piece;
	env_interrupt(NULL, NULL, 0, false);
	interp_free(in, piece, how);
	interp_expect_report(in, BIT(MISUSE_DOUBLE_FREE) | BIT(MISUSE_BAD_FREE));
	if (was.kind == PAGES)
		slabmod_free_pages((unsigned long)was.memory, was.order);
	else if (was.kind == OBJECT && how & 0x80)
		slabmod_cache_free(was.cache, was.memory);
	else
		slabmod_kfree(was.memory);
}

static bool is_pages(const struct piece *piece)
{
	return piece->kind == PAGES || piece->kind == EXACT;
}

void op_wrong_size(struct interp *in)
{
	struct piece *piece = interp_pick(in, is_pages);
	u8 n = next_u8(in), how = next_u8(in);
	unsigned long addr, pages;

	if (!piece)
		return;
	addr = (unsigned long)piece->memory;
	pages = PAGE_ALIGN(piece->size) >> PAGE_SHIFT;
	n %= SLABMOD_MAX_ORDER + 1;
	if (1ul << n == pages)
		n = (n + 1) % (SLABMOD_MAX_ORDER + 1);
	interp_expect_report(in, BIT(MISUSE_WRONG_SIZE));
	if (how % 4 == 0)
		slabmod_free_pages_exact(piece->memory,
					 (pages << PAGE_SHIFT) + (how & 4 ? 1 : -PAGE_SIZE));
	else if (how % 4 == 1)
		slabmod_pool_free_pages(piece->pool ?: root_pool, addr, n);
	else if (how % 4 == 2)
		__slabmod_free_pages(virt_to_page(piece->memory), n);
	else
		slabmod_free_pages(addr, n);
	interp_check_piece(in, piece);
}

void op_wrong_cache(struct interp *in)
{
	struct piece *piece = interp_pick(in, NULL);
	struct fuzz_cache *c = interp_cache(in);
	u8 how = next_u8(in);
	void *p;

	if (!piece)
		return;
	p = piece->memory;
	if (piece->kind == PAGES && how & 1 &&
	    PAGE_SIZE << piece->order <= SLABMOD_KMALLOC_MAX_CLASS) {
		interp_expect_report(in, BIT(MISUSE_WRONG_CACHE));
		slabmod_kfree(p);
	} else if (piece->kind == MEMORY && slabmod_ksize(p) <= SLABMOD_KMALLOC_MAX_CLASS &&
		   how & 1) {
		interp_expect_report(in, BIT(MISUSE_WRONG_CACHE));
		slabmod_free_pages((unsigned long)p, how / 2 % (SLABMOD_MAX_ORDER + 1));
	} else if (c && c->cache != piece->cache) {
		/* For a block, which has no cache, the report is that of an inner address. */
		interp_expect_report(in, INNER_ADDRESS);
		if (how & 2)
			slabmod_cache_free_bulk(c->cache, 1, &p);
		else
			slabmod_cache_free(c->cache, p);
	}
	interp_check_piece(in, piece);
}

void op_wrong_pool(struct interp *in)
{
	struct piece *piece = interp_pick(in, NULL);
	struct slabmod_pool *pool = interp_pool(in) ?: root_pool;
	u8 how = next_u8(in);

	if (!piece || pool == (piece->pool ?: root_pool))
		return;
	interp_expect_report(in, BIT(MISUSE_WRONG_POOL));
	if (how & 1)
		slabmod_pool_kfree(pool, piece->memory);
	else
		slabmod_pool_free_pages(pool, (unsigned long)piece->memory, piece->order);
	interp_check_piece(in, piece);
}

/* ---- sizes, flags, nodes ---- */

static size_t absurd_size(struct interp *in)
{
	unsigned long n = (unsigned long)next_u16(in) << 48 | next_u16(in) | 1;

	return n >> 48 & 1 ? -n : SLABMOD_KMALLOC_MAX + n;
}

void op_absurd_size(struct interp *in)
{
	struct piece *piece = interp_pick(in, NULL);
	struct slabmod_pool *pool = interp_pool(in) ?: root_pool;
	size_t size = absurd_size(in);
	unsigned int order = SLABMOD_MAX_ORDER + 1 + size % 300;
	const u32 kind = BIT(MISUSE_TOO_LARGE);

	switch (next_u8(in) % 9) {
	case 0:
		refused(in, !slabmod_kmalloc(size, GFP_KERNEL), kind);
		break;
	case 1:
		refused(in, !slabmod_kmalloc_node(size, GFP_KERNEL | __GFP_ZERO, 0), kind);
		break;
	case 2:
		refused(in, !slabmod_kmemdup(in, size, GFP_ATOMIC), kind);
		break;
	case 3:
		refused(in, !slabmod_pool_kmalloc(pool, size, GFP_KERNEL), kind);
		break;
	case 4:
		refused(in, !slabmod_alloc_pages_exact(size & 2 ? size : 0, GFP_KERNEL), kind);
		break;
	case 5:
		refused(in, !slabmod_alloc_pages(GFP_KERNEL, order), kind);
		break;
	case 6:
		refused(in, !slabmod_pool_get_free_pages(pool, GFP_KERNEL, order), kind);
		break;
	case 7:
		refused(in, !slabmod_kmalloc_array(size | BIT(40), size | BIT(40), GFP_KERNEL),
			BIT(MISUSE_OVERFLOW));
		break;
	default:
		if (!piece)
			break;
		if (piece->kind == MEMORY)
			refused(in, !slabmod_krealloc(piece->memory, size, GFP_KERNEL), kind);
		else if (piece->kind == PAGES)
			refused(in, (slabmod_free_pages((unsigned long)piece->memory, order), true),
				kind);
		interp_check_piece(in, piece);
		break;
	}
}

static gfp_t absurd_flags(u8 n)
{
	static const gfp_t bad[] = {
		__GFP_DMA, __GFP_DMA32, (__force gfp_t)BIT(31), (__force gfp_t)BIT(30),
		__GFP_NOFAIL,
	};

	return (n & 0x80 ? GFP_ATOMIC : GFP_NOWAIT) | bad[n % ARRAY_SIZE(bad)];
}

static int absurd_node(u8 n)
{
	return n & 1 ? (int)nr_node_ids + n : -2 - n * 1000000;
}

void op_absurd_flags(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);
	size_t size = interp_size(in) + 1;
	gfp_t gfp = absurd_flags(next_u8(in));
	int nid = absurd_node(next_u8(in));
	const u32 kind = BIT(MISUSE_BAD_GFP), node = BIT(MISUSE_BAD_NODE);
	u8 how = next_u8(in);
	void *objects[2];

	switch (how % 8) {
	case 0:
		refused(in, !slabmod_kmalloc(size, gfp), kind);
		break;
	case 1:
		refused(in, !slabmod_alloc_pages(gfp, how / 8 % (SLABMOD_MAX_ORDER + 1)), kind);
		break;
	case 2:
		refused(in, !slabmod_alloc_pages_exact(size, gfp), kind);
		break;
	case 3:
		refused(in, !slabmod_kmalloc_node(size, GFP_KERNEL, nid), node);
		break;
	case 4:
		refused(in, !slabmod_alloc_pages_node(nid, GFP_KERNEL, how / 8 % 11), node);
		break;
	case 5:
		/* It may sleep, but __GFP_NOFAIL is not possible for this size. */
		refused(in, !slabmod_kmalloc(2 * PAGE_SIZE + size, GFP_KERNEL | __GFP_NOFAIL),
			kind);
		break;
	case 6:
		if (c)
			refused(in, !slabmod_cache_alloc_bulk(c->cache, gfp, 2, objects), kind);
		break;
	default:
		if (!c)
			break;
		refused(in, !slabmod_cache_alloc(c->cache, gfp), kind);
		break;
	}
}

/* ---- invalid create and destroy ---- */

static const char *bad_name(u8 n)
{
	static const char * const names[] = {
		NULL, "", ".", ".hidden", "a/b", "..", "with blank", "tab\t", "line\n", "\x80\xff",
		"a-name-that-is-one-too-long-by-1",
	};

	return names[n % ARRAY_SIZE(names)];
}

void op_bad_cache(struct interp *in)
{
	struct slabmod_pool *pool = interp_pool(in) ?: root_pool;
	u8 how = next_u8(in), n = next_u8(in);
	size_t size = absurd_size(in);
	const u32 kind = BIT(MISUSE_BAD_CACHE);

	switch (how % 6) {
	case 0:
		refused(in, !slabmod_pool_cache_create(pool, bad_name(n), 64, 0, 0, NULL), kind);
		break;
	case 1:
		size = size & 2 ? size : 0;
		refused(in, !slabmod_pool_cache_create(pool, "bad", size, 0, 0, NULL), kind);
		break;
	case 2:
		/* Not a power of two, or too large. */
		size = size & 2 ? 2 * PAGE_SIZE << n % 50 : 3ul << n % 60;
		refused(in, !slabmod_pool_cache_create(pool, "bad", 64, size, 0, NULL), kind);
		break;
	case 3:
		refused(in, !slabmod_pool_cache_create(pool, "bad", 64, 0,
						       CACHE_SHARES_LINES << n % 16, NULL), kind);
		break;
	case 4:
		refused(in, slabmod_cache_destroy(pool->kmalloc[n % SLABMOD_KMALLOC_CLASSES]) ==
			-EBUSY, kind);
		break;
	default:
		/* A duplicate name is not misuse. */
		slabmod_cache_destroy(slabmod_pool_cache_create(pool, "kmalloc-64", 64, 0, 0,
								NULL));
		break;
	}
}

void op_bad_pool(struct interp *in)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	u8 how = next_u8(in), n = next_u8(in);
	u32 kind = BIT(MISUSE_BAD_POOL);
	const char *name = "bad";

	switch (how % 8) {
	case 0:
		name = bad_name(n);
		break;
	case 1:
		params.limit_bytes = n + 1;
		break;
	case 2:
		params.limit_bytes = SLABMOD_POOL_MIN_LIMIT + n;
		params.reserve_bytes = SLABMOD_POOL_MIN_LIMIT + PAGE_SIZE + n;
		break;
	case 3:
		params.reserve_bytes = -1ul - n * 1000ul;
		break;
	case 4:
		params.zone = (__force gfp_t)(n | 0x10);
		break;
	case 5:
		params.node = absurd_node(n);
		kind = BIT(MISUSE_BAD_NODE);
		break;
	case 6:
		refused(in, slabmod_pool_destroy(root_pool) == -EBUSY, kind);
		return;
	default:
		name = "root";
		kind = BIT(MISUSE_NAME_TAKEN);
		break;
	}
	refused(in, !slabmod_pool_create(name, &params), kind);
	if (how % 8 == 7 && env_refused() != in->refused)
		in->reports = report_count(MISUSE_NAME_TAKEN) - in->misuse[MISUSE_NAME_TAKEN];
}
