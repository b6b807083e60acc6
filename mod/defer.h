/* SPDX-License-Identifier: GPL-2.0 */
/*
 * defer.h - frees that an NMI cannot do at once.
 */
#ifndef SLABMOD_DEFER_H
#define SLABMOD_DEFER_H

#include "types.h"

/* Frees an object or a block, found to be one, at the next interrupt. Preemption is off. */
void defer_free(void *object);

/*
 * Gives a block back, at the next interrupt when this is an NMI. False, and nothing
 * done, when no block that is in use starts at @p. @frame may be NULL. Any context.
 */
bool block_free_any(struct frame *frame, void *p);

/* Does what was put off by a CPU, which may be dead. Any context but NMI. */
void defer_drain_cpu(unsigned int cpu);

/* The same for all; returns when all that was put off until now is done. May sleep. */
void defer_sync(void);

/* Bytes of all CPUs' rings. */
size_t defer_metadata(void);

int defer_init(void);
void defer_exit(void);

#endif /* SLABMOD_DEFER_H */
