/* SPDX-License-Identifier: GPL-2.0 */
/*
 * defer.h - frees that an NMI cannot do at once.
 */
#ifndef SLABMOD_DEFER_H
#define SLABMOD_DEFER_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/spinlock.h>

#include "types.h"

/* Frees that one CPU can defer at a time. */
#define DEFER_RING	256u

/*
 * Frees deferred by the NMIs of one CPU.
 *
 * Invariant: a slot is NULL, or it is one of the @put - @taken slots that are reserved.
 */
struct defer_ring {
	atomic_t put;			/* slots ever reserved; by NMIs, which nest */
	unsigned int taken;		/* slots ever emptied; changed under @lock */
	atomic_t done;			/* objects ever freed out of @taken slots */
	raw_spinlock_t lock;		/* between consumers */
	struct irq_work work;
	struct deferred {
		void *object;		/* NULL: not written yet */
		struct slabmod_cache *cache;	/* of the object; NULL: a claimed block */
	} slot[DEFER_RING];
};

void defer_ring_init(struct defer_ring *ring);

/*
 * Reserve a slot for the caller, or return NULL if all are in use. The caller writes it once, with
 * defer_publish(). Any context; both may be interrupted by an NMI that does the same.
 */
struct deferred *defer_reserve(struct defer_ring *ring);
void defer_publish(struct deferred *slot, void *object, struct slabmod_cache *cache);

/*
 * Empty the oldest reserved slot and return its contents. The object is NULL if there is no such
 * slot or it has not been written yet. Any context but NMI.
 */
struct deferred defer_pop(struct defer_ring *ring);

/* Free an object of @cache at the next interrupt. Preemption is off. */
void defer_free(struct slabmod_cache *cache, void *object);

/*
 * Free a block, at the next interrupt if in an NMI. Return false, with nothing done, if no block
 * in use starts at @p. @frame is that of @p, and may be NULL. Any context.
 */
bool defer_free_block(struct frame *frame, void *p);

/* Free a claimed block for which block_release() returned false. Preemption is off. */
void defer_release(struct frame *frame, void *block);

/* Do the deferred frees of a CPU, which may be offline. Any context but NMI. */
void defer_drain_cpu(unsigned int cpu);

/* Wait until all frees deferred before the call are done. May sleep. */
void defer_sync(void);

/* Bytes of all rings. */
size_t defer_metadata(void);

int defer_init(void);
void defer_exit(void);

#endif /* SLABMOD_DEFER_H */
