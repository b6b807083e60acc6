/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod frees after a grace period: the kernel's kfree_rcu() family with the prefix slabmod_.
 *
 * Memory is freed when all readers under rcu_read_lock() that could have found it are done. Frees
 * are batched for each CPU: a batch waits for one grace period, and the next batch forms
 * meanwhile. So memory is freed at the end of the second grace period after the call, at the
 * latest. Until then it counts as in use.
 */
#ifndef _SLABMOD_RCU_H
#define _SLABMOD_RCU_H

#include <linux/build_bug.h>
#include <linux/container_of.h>
#include <linux/stddef.h>
#include <linux/types.h>

void slabmod_kvfree_call_rcu(struct rcu_head *head, void *ptr);

/**
 * slabmod_kfree_rcu() - free memory after a grace period
 * @ptr: memory as for slabmod_kfree(), as a pointer to its structure; NULL and ZERO_SIZE_PTR are
 *	ignored
 * @rhf: the name of the structure's member of type struct rcu_head, at any offset
 *
 * The member is in use by slabmod from the call on. Readers may read all else until the grace
 * period ends. In a cache with a constructor, the member must not be part of the constructed state.
 *
 * An address that slabmod_kfree() would refuse is reported with the caller's stack and counted, and
 * nothing is freed; so is a member that is not aligned to the size of a pointer or extends beyond
 * the memory. A second call for memory that waits already is reported as a double free and has no
 * effect, also if both calls are made at the same time. Memory that is freed otherwise while it
 * waits is a double free, which slabmod_kfree() may detect after the grace period; see
 * slabmod_cache_free(). If the member is overwritten while the memory waits, this is reported, and
 * this memory and what was passed on the same CPU before it stay in use. In debug mode, reports
 * name the caller as the one that freed the memory.
 *
 * A module that is unloaded need not wait for its memory: slabmod frees it without the module's
 * code. slabmod_cache_destroy() and slabmod_pool_destroy() wait for memory that was passed before.
 *
 * Context: any, including NMI; never sleeps.
 */
#define slabmod_kfree_rcu(ptr, rhf)						\
do {										\
	typeof(ptr) ___p = (ptr);						\
										\
	if (___p)								\
		slabmod_kvfree_call_rcu(&___p->rhf, (void *)___p);		\
} while (0)

/**
 * slabmod_kvfree_rcu() - free memory after a grace period
 * @ptr: as for slabmod_kfree_rcu()
 * @rhf: as for slabmod_kfree_rcu()
 *
 * The same as slabmod_kfree_rcu(), as in the kernel.
 *
 * Context: as slabmod_kfree_rcu().
 */
#define slabmod_kvfree_rcu(ptr, rhf)	slabmod_kfree_rcu(ptr, rhf)

/**
 * slabmod_kfree_rcu_mightsleep() - free memory without a struct rcu_head after a grace period
 * @ptr: memory as for slabmod_kfree(); NULL and ZERO_SIZE_PTR are ignored
 *
 * Needs 24 bytes of the root pool until the memory is freed. If these are not available, waits
 * for a grace period and frees the memory before it returns. Misuse is reported as for
 * slabmod_kfree_rcu(); a second call for the same memory is detected as a double free by
 * slabmod_kfree(), after the grace period.
 *
 * Context: process context, may sleep; not under rcu_read_lock().
 */
#define slabmod_kfree_rcu_mightsleep(ptr)				\
do {									\
	typeof(ptr) ___p = (ptr);					\
									\
	if (___p)							\
		slabmod_kvfree_call_rcu(NULL, (void *)___p);		\
} while (0)

/**
 * slabmod_kvfree_rcu_mightsleep() - free memory without a struct rcu_head after a grace period
 * @ptr: as for slabmod_kfree_rcu_mightsleep()
 *
 * The same as slabmod_kfree_rcu_mightsleep(), as in the kernel.
 *
 * Context: as slabmod_kfree_rcu_mightsleep().
 */
#define slabmod_kvfree_rcu_mightsleep(ptr)	slabmod_kfree_rcu_mightsleep(ptr)

/**
 * slabmod_rcu_barrier() - wait until memory that waits for a grace period is freed
 *
 * Wait for the memory of all calls of this header, by any caller, that were made before this one.
 * Returns at once if there is none, otherwise after two grace periods at most. The counterpart of
 * the kernel's kvfree_rcu_barrier().
 *
 * Context: process context, may sleep; not under rcu_read_lock().
 */
void slabmod_rcu_barrier(void);

#endif /* _SLABMOD_RCU_H */
