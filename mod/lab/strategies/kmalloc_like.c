// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc_like.c - a cache of slabs for each of a few sizes, as the kernel has for kmalloc().
 *
 * A request is rounded up to a power of two or a half point. The cache of that size takes an object
 * of the first slab that has one, or of a new slab. A list of indices in the header of a slab has
 * its free objects, so that their memory is not written to. A free masks the address to find the
 * slab. Both take constant time. Objects do not merge, and a slab serves one size only.
 *
 * A cache keeps one slab that is empty, and gives others back. Otherwise a program that allocates
 * and frees one object over and over would take and give a slab each time. So some pages stay.
 *
 * Memory: 64 bytes for each slab, two for each object. A size that is used at all takes 64 KiB.
 * Alignment: a size that is a power of two is aligned to itself, as kmalloc() promises.
 */
#include "../span.h"

/* At least seven objects fit into a slab. Larger requests get pages of their own. */
#define KMALLOC_LIKE_MAX	8192ul
/* The empty slabs that a cache keeps. */
#define KMALLOC_LIKE_EMPTY	1

struct kmalloc_slab {
	struct span span;	/* without @free and @fresh */
	u16 first;		/* the index of the first free object, unless the slab is full */
	u16 next[];		/* for each free object, the index of the one after it */
};

struct kmalloc_cache {
	struct span *partial;	/* slabs with a free object */
	struct span *full;	/* the others, for walks only */
	unsigned int nr_empty;
};

/* The last object ends where the slab ends. */
static char *object_at(const struct span *span, size_t i)
{
	return (char *)span + SPAN_SIZE - (span->nr_objects - i) * class_size(span->class);
}

static bool add_slab(struct lab *lab, struct kmalloc_cache *cache, unsigned int class)
{
	struct kmalloc_slab *slab = (struct kmalloc_slab *)span_new(lab, class, 0);
	unsigned int i, nr = (SPAN_SIZE - sizeof(*slab)) / (class_size(class) + sizeof(u16));

	if (!slab)
		return false;
	slab->span.nr_objects = nr;
	slab->first = 0;
	for (i = 0; i < nr; i++)
		slab->next[i] = i + 1;
	span_push(&cache->partial, &slab->span);
	cache->nr_empty++;
	return true;
}

static void *kmalloc_like_alloc(struct lab *lab, size_t size)
{
	struct kmalloc_cache *cache = lab->state;
	struct kmalloc_slab *slab;
	unsigned int i;

	if (size > KMALLOC_LIKE_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	cache += class_of(size);
	if (!cache->partial && !add_slab(lab, cache, class_of(size)))
		return NULL;
	slab = (struct kmalloc_slab *)cache->partial;
	i = slab->first;
	slab->first = slab->next[i];
	if (!slab->span.nr_used++)
		cache->nr_empty--;
	if (span_is_full(&slab->span)) {
		span_remove(&slab->span);
		span_push(&cache->full, &slab->span);
	}
	return object_at(&slab->span, i);
}

static void kmalloc_like_free(struct lab *lab, void *p)
{
	struct span *span = span_of(p);
	struct kmalloc_slab *slab = (struct kmalloc_slab *)span;
	struct kmalloc_cache *cache = lab->state;
	unsigned int i;

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	cache += span->class;
	i = ((char *)p - object_at(span, 0)) / class_size(span->class);
	slab->next[i] = slab->first;
	slab->first = i;
	span_remove(span);
	if (!--span->nr_used && cache->nr_empty == KMALLOC_LIKE_EMPTY) {
		lab_pages_give(lab, span, SPAN_SIZE);
		return;
	}
	/* To the front: the object that was freed last is the next one. */
	span_push(&cache->partial, span);
	cache->nr_empty += !span->nr_used;
}

static size_t kmalloc_like_size(struct lab *lab, void *p)
{
	return lab_is_large(lab, p) ? lab_large_size(lab, p) : class_size(span_of(p)->class);
}

static void visit_slab(struct kmalloc_slab *slab, lab_visit_t visit, void *arg)
{
	struct span *span = &slab->span;
	unsigned int i = slab->first, nr;

	visit(arg, LAB_META, slab, (char *)&slab->next[span->nr_objects] - (char *)slab);
	for (nr = span->nr_used; nr < span->nr_objects; nr++) {
		visit(arg, LAB_FREE, object_at(span, i), class_size(span->class));
		i = slab->next[i];
	}
}

static void kmalloc_like_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct kmalloc_cache *cache = lab->state, *end = cache + NR_CLASSES;
	struct span *span;

	for (; cache < end; cache++) {
		for (span = cache->partial; span; span = span->next)
			visit_slab((struct kmalloc_slab *)span, visit, arg);
		for (span = cache->full; span; span = span->next)
			visit_slab((struct kmalloc_slab *)span, visit, arg);
	}
}

const struct lab_strategy lab_kmalloc_like = {
	.name = "kmalloc_like",
	.text = "a cache of slabs for each size class, as in kmalloc(); one empty slab stays",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = NR_CLASSES * sizeof(struct kmalloc_cache),
	.alloc = kmalloc_like_alloc,
	.free = kmalloc_like_free,
	.size = kmalloc_like_size,
	.walk = kmalloc_like_walk,
};
