// SPDX-License-Identifier: GPL-2.0
/*
 * sheaf.c - prefilled sheaves: objects that are allocated ahead.
 *
 * A sheaf is memory of the cache's pool with the addresses of objects. For the cache they are in
 * use. An allocation takes the last one off by one atomic operation, so that an NMI may interrupt
 * another allocation from the same sheaf.
 *
 * Contexts: any. Locks: none. Memory: see slabmod_cache_prefill_sheaf().
 */
#include <linux/atomic.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include <slabmod/sheaf.h>

#include "cache.h"
#include "kmalloc.h"
#include "pool.h"
#include "report.h"

struct slabmod_sheaf {
	struct slabmod_cache *cache;	/* NULL: returned */
	atomic_t nr;			/* objects */
	unsigned int capacity;
	void *objects[];
};

/* More does not fit in the memory of a sheaf. */
#define SHEAF_MAX	((SLABMOD_KMALLOC_MAX - sizeof(struct slabmod_sheaf)) / sizeof(void *))

/* Report a sheaf that @func cannot use. */
static bool refused(const char *func, const struct slabmod_cache *cache,
		    const struct slabmod_sheaf *sheaf)
{
	if (likely(sheaf && READ_ONCE(sheaf->cache) == cache))
		return false;
	report_misuse(MISUSE_BAD_SHEAF, "%s: %s: %p is no sheaf of the cache", func, cache->name,
		      sheaf);
	return true;
}

/* Likewise, where it need not be fast: do not access an address that is not memory in use. */
static bool refused_slowly(const char *func, const struct slabmod_cache *cache,
			   const struct slabmod_sheaf *sheaf)
{
	return !kmalloc_memory_at(func, sheaf) || refused(func, cache, sheaf);
}

static struct slabmod_sheaf *create(struct slabmod_cache *cache, gfp_t gfp, unsigned int nr)
{
	struct slabmod_sheaf *sheaf;

	if (nr > SHEAF_MAX) {
		report_misuse(MISUSE_TOO_LARGE, "prefill_sheaf: %s: %u objects are above %zu",
			      cache->name, nr, SHEAF_MAX);
		return NULL;
	}
	sheaf = slabmod_pool_kmalloc(cache->pool, struct_size(sheaf, objects, nr),
				     gfp & ~__GFP_ZERO);
	if (!sheaf)
		return NULL;
	sheaf->cache = cache;
	atomic_set(&sheaf->nr, 0);
	sheaf->capacity = nr;
	return sheaf;
}

/* Fill a sheaf up to @nr objects. */
static bool fill(struct slabmod_sheaf *sheaf, gfp_t gfp, unsigned int nr)
{
	unsigned int have = atomic_read(&sheaf->nr);

	if (!slabmod_cache_alloc_bulk(sheaf->cache, gfp, nr - have, sheaf->objects + have))
		return false;
	/* Pairs with the barrier of the decrement. */
	atomic_set_release(&sheaf->nr, nr);
	return true;
}

static void destroy(struct slabmod_sheaf *sheaf)
{
	WRITE_ONCE(sheaf->cache, NULL);
	slabmod_kfree(sheaf);
}

struct slabmod_sheaf *slabmod_cache_prefill_sheaf(struct slabmod_cache *cache, gfp_t gfp,
						  unsigned int nr)
{
	struct slabmod_sheaf *sheaf = nr ? create(cache, gfp, nr) : NULL;

	if (!sheaf || fill(sheaf, gfp, nr))
		return sheaf;
	destroy(sheaf);
	return NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_prefill_sheaf);

/* As slabmod_cache_alloc() with __GFP_ZERO. */
static noinline void *clear(struct slabmod_cache *cache, void *object)
{
	if (cache->ctor)
		report_misuse(MISUSE_BAD_GFP,
			      "%s: __GFP_ZERO makes no sense, the cache has a constructor",
			      cache->name);
	/* In debug mode a red zone follows. */
	if (!cache->ctor || !want_init_on_alloc(0))
		memset(object, 0, cache->flags & CACHE_DEBUG ? cache->object_size : cache->usable);
	return object;
}

void *slabmod_cache_alloc_from_sheaf(struct slabmod_cache *cache, gfp_t gfp,
				     struct slabmod_sheaf *sheaf)
{
	void *object;
	int last;

	if (refused("alloc_from_sheaf", cache, sheaf))
		return NULL;
	last = atomic_dec_if_positive(&sheaf->nr);
	if (unlikely(last < 0)) {
		report_misuse(MISUSE_BAD_SHEAF, "alloc_from_sheaf: %s: the sheaf at %p is empty",
			      cache->name, sheaf);
		return NULL;
	}
	object = sheaf->objects[last];
	/* kmemleak would find a reference here. */
	sheaf->objects[last] = NULL;
	return gfp & __GFP_ZERO ? clear(cache, object) : object;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_alloc_from_sheaf);

/* Return a copy of a sheaf with room for @nr objects. */
static struct slabmod_sheaf *copy_larger(struct slabmod_sheaf *sheaf, gfp_t gfp, unsigned int nr)
{
	struct slabmod_sheaf *larger = create(sheaf->cache, gfp, nr);
	unsigned int have = atomic_read(&sheaf->nr);

	if (!larger)
		return NULL;
	memcpy(larger->objects, sheaf->objects, have * sizeof(void *));
	atomic_set(&larger->nr, have);
	return larger;
}

int slabmod_cache_refill_sheaf(struct slabmod_cache *cache, gfp_t gfp,
			       struct slabmod_sheaf **sheafp, unsigned int nr)
{
	struct slabmod_sheaf *sheaf, *larger;

	if (!sheafp || !*sheafp)
		return -EINVAL;
	sheaf = *sheafp;
	if (refused_slowly("refill_sheaf", cache, sheaf))
		return -EINVAL;
	if ((unsigned int)atomic_read(&sheaf->nr) >= nr)
		return 0;
	if (nr <= sheaf->capacity)
		return fill(sheaf, gfp, nr) ? 0 : -ENOMEM;
	larger = copy_larger(sheaf, gfp, nr);
	if (!larger)
		return -ENOMEM;
	if (!fill(larger, gfp, nr)) {
		destroy(larger);
		return -ENOMEM;
	}
	*sheafp = larger;
	destroy(sheaf);
	return 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_refill_sheaf);

void slabmod_cache_return_sheaf(struct slabmod_cache *cache, gfp_t gfp,
				struct slabmod_sheaf *sheaf)
{
	if (!sheaf || refused_slowly("return_sheaf", cache, sheaf))
		return;
	slabmod_cache_free_bulk(cache, atomic_read(&sheaf->nr), sheaf->objects);
	destroy(sheaf);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_return_sheaf);

unsigned int slabmod_cache_sheaf_size(struct slabmod_sheaf *sheaf)
{
	return sheaf ? atomic_read(&sheaf->nr) : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_sheaf_size);
