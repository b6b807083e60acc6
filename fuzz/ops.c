// SPDX-License-Identifier: GPL-2.0
/*
 * ops.c - valid calls: the operations of interp.c.
 *
 * Each reads its bytes from the input before it knows whether it can use them, so an operation
 * always consumes the same number of bytes.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "interp.h"

/* An existing node, or NUMA_NO_NODE. */
static int node_from(struct interp *in)
{
	return (int)(next_u8(in) % (nr_online_nodes + 1)) - 1;
}

/* ---- memory by size ---- */

void op_kmalloc(struct interp *in)
{
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);

	piece->size = interp_size(in);
	interp_got(in, piece, MEMORY, slabmod_kmalloc(piece->size, gfp), gfp);
}

void op_kcalloc(struct interp *in)
{
	struct piece *piece = interp_place(in);
	size_t n = next_u8(in) % 16, size = next_u8(in);
	void *p = slabmod_kcalloc(n, size, GFP_KERNEL);

	piece->size = n * size;
	interp_got(in, piece, MEMORY, p, GFP_KERNEL | __GFP_ZERO);
}

void op_kmalloc_node(struct interp *in)
{
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);
	u8 n = next_u8(in);

	if (n & 1)
		gfp |= __GFP_THISNODE;
	piece->size = interp_size(in);
	if (n & 2) {
		void *p = slabmod_kmalloc_nolock(piece->size, gfp & __GFP_ZERO, NUMA_NO_NODE);

		/* It may fail at any time. */
		if (p)
			interp_got(in, piece, MEMORY, p, gfp);
		return;
	}
	interp_got(in, piece, MEMORY, slabmod_kmalloc_node(piece->size, gfp, node_from(in)), gfp);
}

void op_nofail(struct interp *in)
{
	struct piece *piece = interp_place(in);
	gfp_t gfp = GFP_KERNEL | __GFP_NOFAIL;

	/* A pool with a limit may reach it. */
	if (root_pool->limited)
		return;
	piece->size = next_u16(in) % (2 * PAGE_SIZE) + 1;
	/* __GFP_NOFAIL is limited to two pages, red zones included. */
	if (root_pool->kmalloc[slabmod_kmalloc_class(piece->size)]->small.order > 1)
		return;
	interp_got(in, piece, MEMORY, slabmod_kmalloc(piece->size, gfp), gfp);
}

static bool is_memory(const struct piece *piece)
{
	return piece->kind == MEMORY;
}

/* The usable bytes of @piece; @all: use them. For a debugged object, call ksize() first. */
static size_t room_of(struct interp *in, const struct piece *piece, bool all)
{
	const struct slabmod_cache *cache = interp_debugged(piece);
	size_t room;

	if (cache && !all)
		return cache->usable;
	room = slabmod_ksize(env_tag(piece->memory));
	if (room < piece->size)
		interp_broken(in, "%zu bytes, where %zu were requested", room, piece->size);
	/* Also beyond its size: all bytes of ksize() may be used, and are copied. */
	memset(piece->memory + piece->size, 0x99, room - piece->size);
	return room;
}

void op_krealloc(struct interp *in)
{
	struct piece *piece = interp_pick(in, is_memory), was;
	gfp_t gfp = interp_gfp(in);
	size_t size = interp_size(in) + 1, old;
	unsigned long align = 1;
	u8 *p;

	if (!piece)
		return;
	was = *piece;
	interp_check_piece(in, piece);
	old = room_of(in, piece, size & 1);
	if (size % 4 == 3)
		align <<= size / 4 % 16;
	p = slabmod_krealloc_node_align(env_tag(was.memory), size, align, gfp, NUMA_NO_NODE);
	if (!p) {
		interp_check_piece(in, piece);
		interp_null(in, gfp);
		return;
	}
	if (!IS_ALIGNED((unsigned long)p, align))
		interp_broken(in, "%zu bytes are not aligned to %lu", size, align);
	if (IS_ALIGNED((unsigned long)was.memory, align) &&
	    (size <= old ? p != was.memory : p == was.memory))
		interp_broken(in, "%zu bytes of %zu are at another place", size, old);
	piece->memory = p;
	if (!piece_begins(piece, min(size, was.size)))
		interp_broken(in, "%zu of %zu bytes were not kept", size, was.size);
	if (size > old && gfp & __GFP_ZERO && !bytes_clear(p + old, size - old))
		interp_broken(in, "not clear behind %zu of %zu bytes", old, size);
	in->bytes += size - was.size;
	piece->size = size;
	piece_fill(piece);
}

void op_copy(struct interp *in)
{
	static const char text[] = "It was the best of times, it was the worst of times";
	struct piece *piece = interp_place(in);
	size_t length = next_u8(in) % sizeof(text);
	u8 how = next_u8(in) % 5;
	gfp_t gfp = GFP_KERNEL;
	char *p;

	piece->size = length + 1;
	if (how == 0) {
		piece->size = length;
		p = slabmod_kmemdup(text, length, gfp);
	} else if (how == 1) {
		p = slabmod_kstrndup(text, length, gfp);
	} else if (how == 4) {
		p = slabmod_kmemdup_nul(text, length, gfp);
	} else if (how == 2) {
		p = slabmod_kasprintf(gfp, "%.*s", (int)length, text);
	} else {
		p = slabmod_kstrdup(text + sizeof(text) - 1 - length, gfp);
		if (p && strcmp(p, text + sizeof(text) - 1 - length))
			interp_broken(in, "a string was not copied");
	}
	if (p && how != 3 && length &&
	    (memcmp(p, text, length) || (how && p[length])))
		interp_broken(in, "%zu bytes were not copied", length);
	if (ZERO_OR_NULL_PTR(p)) {
		interp_got(in, piece, MEMORY, p, gfp);
		return;
	}
	piece->memory = p;
	interp_own(in, piece, MEMORY, 0);
}

/* Allocate up to @n, and number them. Return how many there are. */
static unsigned int alloc_many(struct interp *in, size_t size, unsigned int n, u64 mark)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		in->churn[i] = slabmod_kmalloc(size, GFP_NOWAIT | __GFP_NOWARN);
		if (!in->churn[i])
			break;
		*(u64 *)in->churn[i] = word_of(mark, i);
	}
	return i;
}

/* Often enough that magazines grow, and slabs change homes. */
void op_churn(struct interp *in)
{
	size_t size = (next_u8(in) % 32 + 1) * 16;
	unsigned int n = next_u8(in) % FUZZ_CHURN + 1, turns = next_u8(in), cpu, i;
	u64 mark = ++in->mark << 32;

	cpu = turns / 8;
	for (turns = turns % 8 + 1; turns; turns--) {
		n = alloc_many(in, size, n, mark);
		if (turns & 1)
			env_cpu(cpu);
		for (i = 0; i < n; i++) {
			if (*(u64 *)in->churn[i] != word_of(mark, i))
				interp_broken(in, "%p was allocated twice", in->churn[i]);
			slabmod_kfree(in->churn[i]);
		}
	}
}

void op_free(struct interp *in)
{
	struct piece *piece = interp_pick(in, NULL);

	if (piece)
		interp_free(in, piece, next_u8(in));
}

/* After a grace period; until then it counts as in use, but slabmod owns it. */
void op_free_rcu(struct interp *in)
{
	struct piece *piece = interp_pick(in, NULL), was;
	struct rcu_head *head;
	size_t offset;
	u8 how;

	if (!piece)
		return;
	how = next_u8(in);
	was = *piece;
	if (was.kind != MEMORY && was.kind != OBJECT) {
		interp_free(in, piece, how);
		return;
	}
	interp_disown(in, piece);
	/* Behind what is constructed. */
	offset = was.constructed ? 16 : how / 4 * 8;
	head = was.memory + offset;
	if (how & 1 || offset + sizeof(*head) > was.size)
		slabmod_kfree_rcu_mightsleep(env_tag(was.memory));
	else
		slabmod_kvfree_call_rcu(env_tag(head), env_tag(was.memory));
	if (how & 2)
		slabmod_rcu_barrier();
}

/* By address, as a batch returns. */
void op_free_many(struct interp *in)
{
	unsigned int first = next_u8(in), n = next_u8(in) % 64, how = next_u8(in), i;

	for (i = 0; i < n; i++)
		interp_free(in, &in->piece[(first + i) % FUZZ_SLOTS], how);
}

/* ---- typed caches ---- */

void op_cache_create(struct interp *in)
{
	unsigned int n = next_u8(in) % FUZZ_CACHES;
	struct fuzz_cache *c = &in->cache[n], new = { .pool = interp_pool(in) };
	unsigned int flags = 0;
	u8 how = next_u8(in);
	char name[8];

	if (how & 4)
		flags |= SLABMOD_HWCACHE_ALIGN;
	if (how & 8)
		flags |= how & 0x10 ? SLABMOD_DEBUG : SLABMOD_ISOLATED;
	if ((how & 0x28) == 0x28)
		flags |= SLABMOD_DEBUG | SLABMOD_ISOLATED;
	if ((how & 0xc0) == 0xc0)
		flags |= SLABMOD_TYPESAFE_BY_RCU;
	new.ctor = how & 1;
	new.align = how & 2 ? 1u << (how >> 4) % 13 : 0;
	new.size = clamp_t(size_t, interp_size(in), new.ctor ? 16 : 1, SLABMOD_CACHE_MAX_SIZE);
	if (c->cache)
		return;
	snprintf(name, sizeof(name), "fuzz-%u", n);
	/* The aligned size may be too large. */
	if (ALIGN(new.size, max(new.align, 8u)) > SLABMOD_CACHE_MAX_SIZE)
		interp_expect_report(in, BIT(MISUSE_BAD_CACHE));
	new.cache = slabmod_pool_cache_create(new.pool ?: root_pool, name, new.size, new.align,
					      flags, new.ctor ? interp_construct : NULL);
	if (!new.cache && !in->reports && env_refused() == in->refused)
		interp_broken(in, "no cache of %u bytes", new.size);
	if (new.cache)
		*c = new;
}

static void object_of(struct piece *piece, const struct fuzz_cache *c)
{
	piece->cache = c->cache;
	piece->pool = c->pool;
	piece->size = c->size;
	piece->constructed = c->ctor;
	piece->typesafe = c->cache->flags & SLABMOD_TYPESAFE_BY_RCU;
}

void interp_own_object(struct interp *in, struct piece *piece, const struct fuzz_cache *c,
		       void *object, gfp_t gfp)
{
	object_of(piece, c);
	if (c->align && (unsigned long)object & (c->align - 1))
		interp_broken(in, "%p is not aligned to %u", object, c->align);
	interp_got(in, piece, OBJECT, object, gfp);
}

void op_cache_alloc(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);

	if (!c)
		return;
	if (c->ctor)
		gfp &= ~__GFP_ZERO;
	interp_own_object(in, piece, c, slabmod_cache_alloc(c->cache, gfp), gfp);
}

void op_cache_alloc_node(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);
	struct piece *piece = interp_place(in);
	gfp_t gfp = GFP_NOWAIT;

	if (!c)
		return;
	if (next_u8(in) & 1)
		gfp |= __GFP_THISNODE;
	interp_own_object(in, piece, c, slabmod_cache_alloc_node(c->cache, gfp, node_from(in)),
			  gfp);
}

void op_bulk_alloc(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);
	unsigned int first = next_u8(in), nr = next_u8(in) % 48 + 1, i;
	gfp_t gfp = interp_gfp(in);
	void *objects[48];

	if (!c)
		return;
	if (c->ctor)
		gfp &= ~__GFP_ZERO;
	for (i = 0; i < nr; i++)
		interp_free(in, &in->piece[(first + i) % FUZZ_SLOTS], i);
	if (slabmod_cache_alloc_bulk(c->cache, gfp, nr, objects) != nr) {
		interp_null(in, gfp);
		return;
	}
	for (i = 0; i < nr; i++) {
		struct piece *piece = &in->piece[(first + i) % FUZZ_SLOTS];

		memset(piece, 0, sizeof(*piece));
		interp_own_object(in, piece, c, objects[i], gfp);
	}
}

void op_bulk_free(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);
	unsigned int nr = next_u8(in) % 48 + 1, n = 0, i;
	void *objects[48];

	if (!c)
		return;
	for (i = 0; i < FUZZ_SLOTS && n < nr; i++) {
		struct piece *piece = &in->piece[i];

		if (piece->kind != OBJECT || piece->cache != c->cache)
			continue;
		objects[n++] = env_tag(piece->memory);
		interp_disown(in, piece);
	}
	slabmod_cache_free_bulk(c->cache, n, objects);
}

void op_cache_shrink(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);

	if (c)
		slabmod_cache_shrink(c->cache);
}

/* Return true if pieces are from a cache, or from a pool or its caches. */
static bool is_used(struct interp *in, const struct slabmod_cache *cache,
		    const struct slabmod_pool *pool)
{
	unsigned int i;

	for (i = 0; i < FUZZ_SLOTS; i++) {
		const struct piece *piece = &in->piece[i];

		if (piece->kind != NOTHING && ((cache && piece->cache == cache) ||
					       (pool && piece->pool == pool)))
			return true;
	}
	for (i = 0; i < FUZZ_CACHES && pool; i++)
		if (in->cache[i].cache && in->cache[i].pool == pool)
			return true;
	return false;
}

void interp_destroy_cache(struct interp *in, struct fuzz_cache *c)
{
	bool used = is_used(in, c->cache, NULL);

	if (used)
		interp_expect_report(in, BIT(MISUSE_CACHE_BUSY));
	if (slabmod_cache_destroy(c->cache) != (used ? -EBUSY : 0))
		interp_broken(in, "a cache that is %sused is %sdestroyed", used ? "" : "not ",
			      used ? "" : "not ");
	if (!used)
		c->cache = NULL;
}

void op_cache_destroy(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);

	if (c)
		interp_destroy_cache(in, c);
}

/* ---- pages ---- */

void op_pages(struct interp *in)
{
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);
	u8 n = next_u8(in);
	unsigned long addr;
	struct page *page;

	piece->order = n % (SLABMOD_MAX_ORDER + 1);
	if (in->bytes + (PAGE_SIZE << piece->order) > FUZZ_BUDGET)
		piece->order %= 3;
	piece->size = PAGE_SIZE << piece->order;
	if (n < 128) {
		addr = slabmod_get_free_pages(gfp, piece->order);
		interp_got(in, piece, PAGES, (void *)addr, gfp);
		return;
	}
	page = slabmod_alloc_pages_node(node_from(in), gfp, piece->order);
	interp_got(in, piece, PAGES, page ? page_address(page) : NULL, gfp);
}

void op_exact(struct interp *in)
{
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);

	piece->size = interp_size(in) + 1;
	interp_got(in, piece, EXACT, slabmod_alloc_pages_exact(piece->size, gfp), gfp);
}

/* ---- pools ---- */

void op_pool_create(struct interp *in)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	unsigned int n = next_u8(in) % FUZZ_POOLS;
	u8 reserve = next_u8(in), limit = next_u8(in);
	char name[8];

	if (in->pool[n])
		return;
	if (reserve & 1)
		params.reserve_bytes = reserve * 8191ul;
	if (limit & 1)
		params.limit_bytes = max(params.reserve_bytes + PAGE_SIZE,
					 SLABMOD_POOL_MIN_LIMIT) + limit * 5000ul;
	if (limit & 2)
		params.node = (limit >> 2) % nr_online_nodes;
	in->ends[n] = reserve & 2;
	params.ends_with_module = in->ends[n];
	snprintf(name, sizeof(name), "fuzz-%u", n);
	in->pool[n] = slabmod_pool_create(name, &params);
	if (!in->pool[n] && env_refused() == in->refused)
		interp_broken(in, "no pool with a reserve of %zu bytes", params.reserve_bytes);
}

void interp_destroy_pool(struct interp *in, unsigned int n)
{
	bool used = is_used(in, NULL, in->pool[n]);

	if (used)
		interp_expect_report(in, BIT(MISUSE_POOL_BUSY));
	if (slabmod_pool_destroy(in->pool[n]) != (used ? -EBUSY : 0))
		interp_broken(in, "a pool that is %sused is %sdestroyed", used ? "" : "not ",
			      used ? "" : "not ");
	if (used)
		return;
	in->pool[n] = NULL;
	/* Its count of failures is gone too. */
	in->failures = interp_failures(in);
}

void op_pool_destroy(struct interp *in)
{
	unsigned int n = next_u8(in) % FUZZ_POOLS;

	if (in->pool[n])
		interp_destroy_pool(in, n);
}

void op_pool_kmalloc(struct interp *in)
{
	struct slabmod_pool *pool = interp_pool(in);
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);

	if (!pool)
		return;
	piece->pool = pool;
	piece->size = interp_size(in);
	interp_got(in, piece, MEMORY, slabmod_pool_kmalloc(pool, piece->size, gfp), gfp);
}

void op_pool_pages(struct interp *in)
{
	struct slabmod_pool *pool = interp_pool(in);
	struct piece *piece = interp_place(in);
	gfp_t gfp = interp_gfp(in);
	unsigned long addr;

	if (!pool)
		return;
	piece->pool = pool;
	piece->order = next_u8(in) % 8;
	piece->size = PAGE_SIZE << piece->order;
	addr = slabmod_pool_get_free_pages(pool, gfp, piece->order);
	interp_got(in, piece, PAGES, (void *)addr, gfp);
}

void op_shrink(struct interp *in)
{
	u8 n = next_u8(in);

	if (n & 1)
		slabmod_shrink();
	else
		slabmod_pool_shrink(interp_pool(in));
}

/* ---- zero size, and exit ---- */

void op_nothing(struct interp *in)
{
	struct fuzz_cache *c = interp_cache(in);
	void *nothing[] = { NULL, ZERO_SIZE_PTR, NULL };
	u8 n = next_u8(in);

	slabmod_kfree(nothing[n % 3]);
	slabmod_kfree_sensitive(nothing[n % 3]);
	slabmod_kfree_bulk(ARRAY_SIZE(nothing), nothing);
	slabmod_pool_kfree(interp_pool(in) ?: root_pool, nothing[n % 3]);
	slabmod_free_pages(0, n % 11);
	__slabmod_free_pages(NULL, n % 11);
	slabmod_free_pages_exact(NULL, n);
	slabmod_pool_free_pages(root_pool, 0, n % 11);
	slabmod_cache_destroy(NULL);
	slabmod_pool_destroy(NULL);
	nothing[1] = NULL;
	if (c) {
		slabmod_cache_free(c->cache, NULL);
		slabmod_cache_free_bulk(c->cache, ARRAY_SIZE(nothing), nothing);
	}
	if (slabmod_ksize(ZERO_SIZE_PTR) || slabmod_kstrdup(NULL, GFP_KERNEL))
		interp_broken(in, "there is something where nothing is");
}

void interp_left_behind(struct interp *in)
{
	unsigned int i;

	for (i = 0; i < FUZZ_CACHES; i++) {
		if (in->cache[i].cache)
			interp_expect_report(in, BIT(MISUSE_LEAK));
		in->cache[i].cache = NULL;
	}
	for (i = 0; i < FUZZ_POOLS; i++) {
		if (in->pool[i] && !in->ends[i])
			interp_expect_report(in, BIT(MISUSE_LEAK));
		in->pool[i] = NULL;
	}
}
