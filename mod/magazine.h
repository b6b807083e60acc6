/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine.h - per-CPU stacks of free objects: the fast path.
 *
 * The rule of @busy: set before the first look at a count, cleared after the last
 * change, with preemption off. So an interrupt sees a magazine at rest or leaves
 * it alone, and nothing needs an atomic instruction or interrupts off.
 */
#ifndef SLABMOD_MAGAZINE_H
#define SLABMOD_MAGAZINE_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "slab.h"

/* Bounds of a stack: bytes of objects (a module parameter), and objects. */
#define MAGAZINE_BYTES_DEFAULT	8192u
#define MAGAZINE_BYTES_MIN	1024u
#define MAGAZINE_BYTES_MAX	65536u
#define MAGAZINE_MIN		4u
#define MAGAZINE_MAX		128u

extern unsigned int magazine_bytes;

/* False when somebody is at it: the caller interrupted him. Preemption is off. */
static __always_inline bool magazine_enter(struct magazine *magazine)
{
	if (unlikely(magazine->busy))
		return false;
	magazine->busy = 1;
	barrier();
	return true;
}

static __always_inline void magazine_leave(struct magazine *magazine)
{
	barrier();
	magazine->busy = 0;
}

/*
 * READ_ONCE() below is for the compiler's sake: it then counts in memory, which is
 * two instructions less than with the value that it has in a register.
 */

/* Takes the object on top; false when there is none or the magazine is busy. */
static __always_inline bool magazine_pop(struct slabmod_cache *cache, void **object)
{
	struct magazine *magazine;
	unsigned long n;

	preempt_disable();
	magazine = this_cpu_ptr(cache->magazines);
	if (likely(magazine_enter(magazine))) {
		n = READ_ONCE(magazine->here);
		if (likely(n)) {
			*object = magazine->object[n];
			magazine->here--;
			magazine->allocs++;
			magazine_leave(magazine);
			preempt_enable();
			return true;
		}
		magazine_leave(magazine);
	}
	preempt_enable();
	return false;
}

/*
 * Puts an object on top. False, and nothing done, when the magazine is busy or
 * full, or the object is on top already. Preemption is off.
 */
static __always_inline bool magazine_push(struct slabmod_cache *cache, void *object)
{
	struct magazine *magazine = this_cpu_ptr(cache->magazines);
	unsigned long n;

	if (unlikely(!magazine_enter(magazine)))
		return false;
	n = READ_ONCE(magazine->here);
	if (likely(n < magazine->capacity && magazine->object[n] != object)) {
		magazine->object[n + 1] = object;
		magazine->here++;
		magazine_leave(magazine);
		return true;
	}
	magazine_leave(magazine);
	return false;
}

/* Whether an object of the slab that @frame is in belongs on this CPU. */
static __always_inline bool magazine_at_home(struct frame *frame)
{
	return slab_first(frame)->home == raw_smp_processor_id();
}

/*
 * What the fast path could not do, in full. magazine_alloc() and magazine_free()
 * are for any context; an object has been found to start in the slab of @first.
 */
void *magazine_alloc(struct slabmod_cache *cache, gfp_t gfp);
void *magazine_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int nid);
void magazine_free(struct slabmod_cache *cache, struct frame *first, void *object);

/* Takes up to @nr objects from here and from slabs there are; returns how many. */
size_t magazine_take(struct slabmod_cache *cache, size_t nr, void **objects);

/* Gives a cache that has none its magazines; false when memory is short. */
bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp);
void magazine_disable(struct slabmod_cache *cache);

/* Gives a cache that is being made its capacity, and no magazines yet. */
void magazine_setup(struct slabmod_cache *cache);

/* Empties the magazines of all CPUs that are online and not in the middle of one. */
void magazine_drain_all(struct slabmod_cache *cache);
/* Empties those of a CPU that is dead, or of one where nobody uses the cache. */
void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

/* Objects in all magazines, and objects ever handed out by them. */
unsigned long magazine_count(struct slabmod_cache *cache);
unsigned long magazine_allocs(struct slabmod_cache *cache);
size_t magazine_metadata(const struct slabmod_cache *cache);

/* True when the magazines keep their invariants; for a cache that is not in use. */
bool magazine_check(struct slabmod_cache *cache);

int magazine_init(void);
void magazine_exit(void);

#endif /* SLABMOD_MAGAZINE_H */
