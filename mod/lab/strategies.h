/* SPDX-License-Identifier: GPL-2.0 */
/*
 * strategies.h - the strategies of the lab, in the order of its tables. Each has a file in
 * strategies/. The compiler may be told of others: -D"LAB_STRATEGIES(X)=X(mine)".
 */
#ifndef SLABMOD_LAB_STRATEGIES_H
#define SLABMOD_LAB_STRATEGIES_H

#ifndef LAB_STRATEGIES
#define LAB_STRATEGIES(X)		\
	X(bump)			\
	X(pool)			\
	X(list_lifo)		\
	X(list_address)		\
	X(list_size)		\
	X(list_next_fit)	\
	X(list_best_fit)	\
	X(list_worst_fit)	\
	X(external_array)	\
	X(external_unrolled)	\
	X(external_tree)	\
	X(handles)		\
	X(tree_address)		\
	X(tree_size)		\
	X(tree_double)		\
	X(buddy)		\
	X(segregated)		\
	X(buckets)		\
	X(kmalloc_like)		\
	X(slab)			\
	X(global_mutex)		\
	X(global_lockfree)	\
	X(local)		\
	X(owner)		\
	X(hoard)		\
	X(thread_cache)		\
	X(arenas)		\
	X(ptmalloc)		\
	X(tcmalloc)		\
	X(jemalloc)		\
	X(supermalloc)
#endif

#endif /* SLABMOD_LAB_STRATEGIES_H */
