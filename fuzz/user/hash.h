/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hash.h - the kernel's hash tables, of addresses.
 */
#ifndef SLABMOD_FUZZ_HASH_H
#define SLABMOD_FUZZ_HASH_H

#include <linux/list.h>

#define DEFINE_HASHTABLE(name, bits)	struct hlist_head name[1 << (bits)]
#define hash_slot(table, key)		(&(table)[((key) >> PAGE_SHIFT) % ARRAY_SIZE(table)])
#define hash_add_rcu(table, node, key)	hlist_add_head(node, hash_slot(table, key))
#define hash_del_rcu(node)		__hlist_del(node)
#define hash_init(table)		memset(table, 0, sizeof(table))
#define hash_for_each_possible_rcu(table, entry, member, key)	\
	hlist_for_each_entry(entry, hash_slot(table, key), member)
#define hash_for_each_rcu(table, bucket, entry, member)			\
	for ((bucket) = 0; (bucket) < ARRAY_SIZE(table); (bucket)++)	\
		hlist_for_each_entry(entry, &(table)[bucket], member)
#define hash_for_each_safe(table, bucket, next_node, entry, member)	\
	for ((bucket) = 0; (bucket) < ARRAY_SIZE(table); (bucket)++)	\
		hlist_for_each_entry_safe(entry, next_node, &(table)[bucket], member)

#endif /* SLABMOD_FUZZ_HASH_H */
