// SPDX-License-Identifier: GPL-2.0
/*
 * slab.c - a cache for each type of object, with slabs that are divided into objects of that type.
 *
 * A slab is a run of contiguous pages: | header | colour | object | object | ... |. A cache takes
 * an object of a slab that is partly used, or of a new one. A slab that becomes empty goes back at
 * once. A free masks the address to find the slab, and there the cache. Both take constant time.
 *
 * Without colours, the first objects of all slabs would compete for the same lines of the CPU's
 * cache. The colour moves the objects of a slab by some lines, within what is left at its end.
 *
 * A request has no type here, so its size, rounded up to 16, is its type. The first request makes
 * the cache. When there are 64, a new type shares the cache of the next larger class. There are no
 * constructors: they rely on the contents of free objects, and the first word of those is a link.
 *
 * Memory: four pages for each type in use, 64 bytes of them a header. At least seven objects fit,
 * so an eighth of a slab is lost at most. Larger requests get pages of their own.
 */
#include "../span.h"

#define SLAB_SIZE	(4 * PAGE_SIZE)
#define SLAB_MAX	(SLAB_SIZE / 8)
#define SLAB_TYPES	64

struct slab_cache {
	struct span *partial;	/* slabs with a free object; their @extra is the cache */
	struct span *full;	/* the others, for walks only */
	u32 size;		/* of an object */
	u32 nr_objects;		/* of a slab */
	u32 colour;		/* of the next slab, in bytes */
};

struct slab_caches {
	struct slab_cache *of_type[SLAB_MAX / LAB_ALIGN + 1];
	struct slab_cache caches[SLAB_TYPES + NR_CLASSES];
	unsigned int nr;
};

static struct span *slab_of(void *p)
{
	return (struct span *)((size_t)p & ~(SLAB_SIZE - 1));
}

static struct slab_cache *find_cache(struct slab_caches *caches, size_t size)
{
	size_t type = DIV_ROUND_UP(max_t(size_t, size, 1), LAB_ALIGN);
	struct slab_cache *cache;

	if (!caches->of_type[type] && caches->nr >= SLAB_TYPES)
		type = class_size(class_of(size)) / LAB_ALIGN;
	if (!caches->of_type[type]) {
		cache = &caches->caches[caches->nr++];
		cache->size = type * LAB_ALIGN;
		cache->nr_objects = (SLAB_SIZE - SPAN_HEADER) / cache->size;
		caches->of_type[type] = cache;
	}
	return caches->of_type[type];
}

static bool add_slab(struct lab *lab, struct slab_cache *cache)
{
	struct span *slab = lab_pages_take(lab, SLAB_SIZE, SLAB_SIZE);
	u32 left = SLAB_SIZE - SPAN_HEADER - cache->nr_objects * cache->size, i;

	if (!slab)
		return false;
	*slab = (struct span){ .nr_objects = cache->nr_objects, .extra = cache };
	/* The object with the lowest address is freed last, so that it is the first in the list. */
	slab->nr_used = slab->nr_objects;
	for (i = slab->nr_objects; i--;)
		span_free(slab, (char *)slab + SPAN_HEADER + cache->colour + i * cache->size);
	cache->colour = cache->colour + LAB_LINE <= left ? cache->colour + LAB_LINE : 0;
	span_push(&cache->partial, slab);
	return true;
}

static void *slab_alloc(struct lab *lab, size_t size)
{
	struct slab_cache *cache;
	struct span *slab;
	void *p;

	if (size > SLAB_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	cache = find_cache(lab->state, size);
	if (!cache->partial && !add_slab(lab, cache))
		return NULL;
	slab = cache->partial;
	p = span_alloc(slab);
	if (span_is_full(slab)) {
		span_remove(slab);
		span_push(&cache->full, slab);
	}
	return p;
}

static void slab_free(struct lab *lab, void *p)
{
	struct span *slab = slab_of(p);
	struct slab_cache *cache;

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	cache = slab->extra;
	span_free(slab, p);
	span_remove(slab);
	if (slab->nr_used)
		span_push(&cache->partial, slab);
	else
		lab_pages_give(lab, slab, SLAB_SIZE);
}

static size_t slab_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return ((struct slab_cache *)slab_of(p)->extra)->size;
}

static void visit_slabs(const struct span *slab, size_t size, lab_visit_t visit, void *arg)
{
	for (; slab; slab = slab->next) {
		visit(arg, LAB_META, slab, SPAN_HEADER);
		span_visit_list(slab->free, size, visit, arg);
	}
}

static void slab_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct slab_caches *caches = lab->state;
	struct slab_cache *cache;

	for (cache = caches->caches; cache < caches->caches + caches->nr; cache++) {
		visit_slabs(cache->partial, cache->size, visit, arg);
		visit_slabs(cache->full, cache->size, visit, arg);
	}
}

const struct lab_strategy lab_slab = {
	.name = "slab",
	.text = "a cache of slabs for each type of object, with colours; empty slabs go back",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS,
	.state_size = sizeof(struct slab_caches),
	.alloc = slab_alloc,
	.free = slab_free,
	.size = slab_size,
	.walk = slab_walk,
};
