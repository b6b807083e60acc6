/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod prefilled sheaves: objects of a cache that are allocated ahead, where it may sleep, and
 * used later, where an allocation must not fail. As the kernel's kmem_cache_prefill_sheaf() of
 * Linux 6.18.
 *
 * The objects of a sheaf are in use: a cache with a sheaf is not destroyed. In debug mode their
 * owner is the caller that prefilled the sheaf. They are freed as any other object.
 */
#ifndef _SLABMOD_SHEAF_H
#define _SLABMOD_SHEAF_H

#include <linux/gfp.h>
#include <linux/types.h>

struct slabmod_cache;
struct slabmod_sheaf;

/**
 * slabmod_cache_prefill_sheaf() - allocate a sheaf of objects
 * @cache: the cache
 * @gfp: as for slabmod_cache_alloc(), for the objects; with __GFP_ZERO they are cleared now
 * @nr: number of objects, up to 524,286: as many as fit in the memory of the sheaf
 *
 * The sheaf itself is allocated from the pool of the cache: 16 bytes, and 8 for each object.
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: a sheaf of @nr objects, or NULL if @nr is 0 or as slabmod_cache_alloc_bulk().
 */
struct slabmod_sheaf *slabmod_cache_prefill_sheaf(struct slabmod_cache *cache, gfp_t gfp,
						  unsigned int nr);

/**
 * slabmod_cache_alloc_from_sheaf() - allocate an object from a sheaf
 * @cache: the cache of the sheaf
 * @gfp: __GFP_ZERO clears the object; all other flags are ignored
 * @sheaf: the sheaf
 *
 * Does not fail while the sheaf holds objects. Several CPUs and interrupts may allocate from a
 * sheaf at the same time, but not during a refill or a return of it.
 *
 * Context: any, including NMI; never sleeps.
 * Return: the object, or NULL, with a report, if the sheaf is empty, of another cache, or NULL.
 */
void *slabmod_cache_alloc_from_sheaf(struct slabmod_cache *cache, gfp_t gfp,
				     struct slabmod_sheaf *sheaf);

/**
 * slabmod_cache_refill_sheaf() - allocate more objects for a sheaf
 * @cache: the cache of the sheaf
 * @gfp: as for slabmod_cache_prefill_sheaf()
 * @sheafp: the sheaf; replaced by a larger one if it was created for fewer than @nr objects
 * @nr: number of objects that the sheaf shall hold at least
 *
 * Context: as slabmod_cache_prefill_sheaf().
 * Return: 0; -ENOMEM if memory is short: then the sheaf is unchanged; -EINVAL if there is no
 * sheaf, or, with a report, if it is of another cache.
 */
int slabmod_cache_refill_sheaf(struct slabmod_cache *cache, gfp_t gfp,
			       struct slabmod_sheaf **sheafp, unsigned int nr);

/**
 * slabmod_cache_return_sheaf() - free a sheaf and the objects it still holds
 * @cache: the cache of the sheaf
 * @gfp: ignored; the kernel's function may refill the sheaf for another caller
 * @sheaf: the sheaf, or NULL, which is ignored
 *
 * A sheaf of another cache is reported and not freed. So is an address that is not a sheaf, and a
 * sheaf that was returned already, unless its memory has another owner.
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_cache_return_sheaf(struct slabmod_cache *cache, gfp_t gfp,
				struct slabmod_sheaf *sheaf);

/**
 * slabmod_cache_sheaf_size() - return the number of objects in a sheaf
 * @sheaf: the sheaf, or NULL
 *
 * Context: any.
 * Return: the number of objects that can be allocated from it; 0 for NULL.
 */
unsigned int slabmod_cache_sheaf_size(struct slabmod_sheaf *sheaf);

#endif /* _SLABMOD_SHEAF_H */
