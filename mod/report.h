/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - what a caller did wrong, said once and counted for ever.
 */
#ifndef SLABMOD_REPORT_H
#define SLABMOD_REPORT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

#define MISUSES(X) \
	X(BAD_FREE,	bad_free,	"free of an address that is not slabmod's") \
	X(INNER_FREE,	inner_free,	"free of an address inside an object or a block") \
	X(DOUBLE_FREE,	double_free,	"free of memory that is free already") \
	X(WRONG_CACHE,	wrong_cache,	"free to another cache than the object's") \
	X(WRONG_SIZE,	wrong_size,	"free of pages with another order or size") \
	X(OVERFLOW,	overflow,	"a size that overflows") \
	X(TOO_LARGE,	too_large,	"a size or an order above the limit") \
	X(BAD_GFP,	bad_gfp,	"GFP flags that cannot be honoured") \
	X(BAD_NODE,	bad_node,	"a node that does not exist") \
	X(BAD_CACHE,	bad_cache,	"a cache with impossible properties") \
	X(NAME_TAKEN,	name_taken,	"a second pool of the same name") \
	X(CACHE_BUSY,	cache_busy,	"destruction of a cache that has live objects") \
	X(BAD_POOL,	bad_pool,	"a pool with impossible properties") \
	X(POOL_BUSY,	pool_busy,	"destruction of a pool that is in use") \
	X(WRONG_POOL,	wrong_pool,	"free to another pool than the memory's") \
	X(OVERRUN,	overrun,	"writes outside of an object (found in debug mode)") \
	X(WRITE_FREE,	write_free,	"writes to memory after it was freed (likewise)") \
	X(LEAK,		leak,		"objects live when their owner went") \
	X(NMI_FLOOD,	nmi_flood,	"frees lost because an NMI had too many to put off") \
	X(STRAY_PUT,	stray_put,	"page references that were not the caller's, dropped")

enum misuse {
#define X(id, name, text) MISUSE_##id,
	MISUSES(X)
#undef X
	NR_MISUSES
};

extern const char *const misuse_names[NR_MISUSES];
extern const char *const misuse_texts[NR_MISUSES];

/*
 * Counts a misuse, and prints a line `slabmod: misuse: <name>: <message>` with
 * the caller's stack unless ten of its kind were printed in the last five
 * seconds; then true. Any context.
 */
__printf(2, 3) bool report_misuse(enum misuse kind, const char *fmt, ...);

/* What an address that is not slabmod's may be instead; never touches it. */
const char *report_describe(const void *addr);

unsigned long report_count(enum misuse kind);

/* Lets the next report of every kind be printed again, for the suites. */
void report_unlimit(void);

/* A promise of slabmod's own that does not hold; for the check functions. Any context. */
__printf(1, 2) void report_broken(const char *fmt, ...);

/* Set by a suite that breaks something, to see it found out: the log says that it was meant. */
extern bool report_broken_is_meant;

#endif /* SLABMOD_REPORT_H */
