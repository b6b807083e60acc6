/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suites.h - all suites, from the lowest layer up.
 */
#ifndef SLABMOD_SUITES_H
#define SLABMOD_SUITES_H

#include <kunit/test.h>

#define KIT_SUITES(X) \
	X(chunk) X(references) X(buddy) X(descriptor) X(slab) X(home) X(magazine) X(defer) \
	X(cache) X(kmalloc) X(calls) X(pages) X(blocks) X(vmalloc) X(vmalloc_free) X(kvmalloc) \
	X(user) X(sheaf) X(rcu) X(region) \
	X(misuse) X(strict) X(pool) X(bound) X(resize) \
	X(reclaim) X(pools) X(frames) X(overview) X(sharing) X(scarce) X(limit) X(debug) \
	X(debug_table) X(security) X(typesafe) X(destroy) X(abuse) KIT_FAULT_SUITE(X) X(contexts) \
	X(hotplug) X(bare) X(checks) X(locked)

#ifdef CONFIG_FAULT_INJECTION
#define KIT_FAULT_SUITE(X)	X(fault)
#else
#define KIT_FAULT_SUITE(X)
#endif

#define X(name) extern struct kunit_suite name##_suite;
KIT_SUITES(X)
#undef X

#endif /* SLABMOD_SUITES_H */
