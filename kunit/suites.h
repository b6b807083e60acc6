/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suites.h - all suites, from the lowest layer up.
 */
#ifndef SLABMOD_SUITES_H
#define SLABMOD_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite chunk_suite;
extern struct kunit_suite references_suite;
extern struct kunit_suite buddy_suite;
extern struct kunit_suite block_suite;
extern struct kunit_suite slab_suite;
extern struct kunit_suite home_suite;
extern struct kunit_suite magazine_suite;
extern struct kunit_suite defer_suite;
extern struct kunit_suite cache_suite;
extern struct kunit_suite kmalloc_suite;
extern struct kunit_suite pages_suite;
extern struct kunit_suite misuse_suite;
extern struct kunit_suite strict_suite;
extern struct kunit_suite pool_suite;
extern struct kunit_suite bound_suite;
extern struct kunit_suite resize_suite;
extern struct kunit_suite reclaim_suite;
extern struct kunit_suite pools_suite;
extern struct kunit_suite sharing_suite;
extern struct kunit_suite scarce_suite;
extern struct kunit_suite limit_suite;
extern struct kunit_suite debug_suite;
extern struct kunit_suite debug_table_suite;
extern struct kunit_suite security_suite;
extern struct kunit_suite typesafe_suite;
extern struct kunit_suite abuse_suite;
extern struct kunit_suite fault_suite;	/* where faults can be injected */
extern struct kunit_suite contexts_suite;
extern struct kunit_suite hotplug_suite;
extern struct kunit_suite bare_suite;
extern struct kunit_suite checks_suite;
extern struct kunit_suite locked_suite;

#endif /* SLABMOD_SUITES_H */
