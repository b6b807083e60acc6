/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - reports and counters of misuse.
 */
#ifndef SLABMOD_REPORT_H
#define SLABMOD_REPORT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct chunk_source;

#define MISUSES(X) \
	X(BAD_FREE,	bad_free,	"free of an address that is not slabmod memory") \
	X(INNER_FREE,	inner_free,	"free of an address inside an object or a block") \
	X(DOUBLE_FREE,	double_free,	"free of memory that is already free") \
	X(WRONG_CACHE,	wrong_cache,	"free to a cache the object does not belong to") \
	X(WRONG_SIZE,	wrong_size,	"free of pages with the wrong order or size") \
	X(OVERFLOW,	overflow,	"size overflow") \
	X(TOO_LARGE,	too_large,	"size or order above the limit") \
	X(BAD_GFP,	bad_gfp,	"unsupported GFP flags") \
	X(BAD_NODE,	bad_node,	"node does not exist") \
	X(BAD_CACHE,	bad_cache,	"invalid properties of a cache") \
	X(NAME_TAKEN,	name_taken,	"second pool of the same name") \
	X(CACHE_BUSY,	cache_busy,	"destruction of a cache with live objects") \
	X(BAD_POOL,	bad_pool,	"invalid properties of a pool") \
	X(POOL_BUSY,	pool_busy,	"destruction of a pool in use") \
	X(WRONG_POOL,	wrong_pool,	"free to a pool the memory does not belong to") \
	X(OVERRUN,	overrun,	"write outside an object (debug mode)") \
	X(WRITE_FREE,	write_free,	"write to freed memory (debug mode)") \
	X(LEAK,		leak,		"objects live when their module was unloaded") \
	X(NMI_FLOOD,	nmi_flood,	"frees lost because an NMI deferred too many") \
	X(USERCOPY,	usercopy,	"copy of more than an object has for user space") \
	X(STRAY_PUT,	stray_put,	"page reference dropped by a caller that held none") \
	X(BAD_SHEAF,	bad_sheaf,	"allocation from an empty sheaf, or one of another cache") \
	X(BAD_REGION,	bad_region,	"invalid properties of a region, or none at the address") \
	X(BAD_MARK,	bad_mark,	"reset of a region to a mark that is not valid")

enum misuse {
#define X(id, name, text) MISUSE_##id,
	MISUSES(X)
#undef X
	NR_MISUSES
};

extern const char *const misuse_names[NR_MISUSES];
extern const char *const misuse_texts[NR_MISUSES];

/*
 * Count a misuse, and print a line `slabmod: misuse: <name>: <message>` and the caller's
 * stack. Return false if the report is suppressed: ten of its kind were printed in the last
 * five seconds, or, on older kernels, another CPU is reporting the same kind at this moment.
 * Any context.
 */
__printf(2, 3) bool report_misuse(enum misuse kind, const char *fmt, ...);

/*
 * Print that an allocation failed and the caller's stack, unless @gfp has __GFP_NOWARN or memory
 * had to be there without a lock. At most ten times in five seconds, as the kernel does.
 */
void report_no_memory(const char *name, const struct chunk_source *source, size_t size, gfp_t gfp);

/* Describe an address that is not slabmod memory, without accessing it. */
const char *report_describe(const void *addr);

unsigned long report_count(enum misuse kind);

/* Reset the rate limits, for the suites. No report may be under way. */
void report_unlimit(void);

/* Report a violated invariant, for the check functions. Any context. */
__printf(1, 2) void report_broken(const char *fmt, ...);

/* Set by a suite that violates an invariant on purpose; marks the reports in the log. */
extern bool report_broken_is_meant;

#endif /* SLABMOD_REPORT_H */
