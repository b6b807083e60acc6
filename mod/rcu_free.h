/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rcu_free.h - frees after a grace period.
 */
#ifndef SLABMOD_RCU_FREE_H
#define SLABMOD_RCU_FREE_H

/* Allocations that wait for a grace period. Exact while none is passed or freed. */
unsigned long rcu_free_waiting(void);

int rcu_free_init(void);
void rcu_free_exit(void);

#endif /* SLABMOD_RCU_FREE_H */
