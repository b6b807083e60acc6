/* SPDX-License-Identifier: GPL-2.0 */
/*
 * interp.h - interpret bytes as calls of slabmod: fuzzing in the kernel (kernel.c) and in user
 * space (user/).
 *
 * An input is FUZZ_HEADER bytes, which configure user space, and operations: a byte that selects
 * one, and the bytes that it reads. Missing bytes are 0. Every input is valid, and always does
 * the same.
 */
#ifndef SLABMOD_FUZZ_INTERP_H
#define SLABMOD_FUZZ_INTERP_H

#include <linux/types.h>

#include "cache.h"
#include "pool.h"
#include "report.h"

#define FUZZ_HEADER	8

#define FUZZ_SLOTS	96
#define FUZZ_CACHES	6
#define FUZZ_POOLS	3
#define FUZZ_IRQ_SLOTS	6
#define FUZZ_CHURN	128
/* Bytes in use at a time. */
#define FUZZ_BUDGET	(20u << 20)

/* How memory was allocated, which determines how it may be freed. */
enum kind {
	NOTHING,
	MEMORY,
	OBJECT,
	PAGES,
	EXACT,
};

struct piece {
	enum kind kind;
	u8 order;			/* PAGES */
	bool constructed;
	bool typesafe;			/* OBJECT, not cleared unless requested */
	struct slabmod_pool *pool;	/* NULL: allocated without naming one */
	struct slabmod_cache *cache;	/* OBJECT */
	void *memory;
	size_t size;			/* requested */
	u64 mark;
};

struct fuzz_cache {
	struct slabmod_cache *cache;	/* NULL: none */
	struct slabmod_pool *pool;
	unsigned int size, align;
	bool ctor;
};

struct interp {
	const u8 *data;
	size_t left;
	const char *op;			/* the current one */
	unsigned int step;
	bool broken;
	bool leave;			/* caches and pools for slabmod to destroy */
	u64 mark;			/* of the last piece */
	size_t bytes;			/* of all pieces */
	struct piece piece[FUZZ_SLOTS];
	struct piece irq_piece[FUZZ_IRQ_SLOTS];	/* allocated and freed by interrupts */
	u8 irq_op;
	void *churn[FUZZ_CHURN];
	struct fuzz_cache cache[FUZZ_CACHES];
	struct slabmod_pool *pool[FUZZ_POOLS];
	bool ends[FUZZ_POOLS];		/* with its module */
	/* Before the operation, and its expected effect. */
	unsigned long misuse[NR_MISUSES];
	unsigned long failures, refused;
	unsigned int reports;		/* that it must cause, */
	u32 kinds;			/* of these kinds, one bit each */
};

/* ---- bytes ---- */

static inline u8 next_u8(struct interp *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

static inline u16 next_u16(struct interp *in)
{
	u16 high = next_u8(in);

	return high << 8 | next_u8(in);
}

/* The i-th word of the pattern of a piece. */
static inline u64 word_of(u64 mark, size_t i)
{
	return (mark + i) * 0x9e3779b97f4a7c15ull;
}

/* ---- interp.c ---- */

/* Run an input, and free everything at the end; return false after an error. */
bool interp_run(struct interp *in, const u8 *data, size_t size);

/* Print an error, once, and end the run. */
void interp_broken(struct interp *in, const char *fmt, ...) __printf(2, 3);

/* Expect one more report of the operation, of one of @kinds. */
void interp_expect_report(struct interp *in, u32 kinds);

/* Return a piece in use for which @is returns true, or NULL. */
struct piece *interp_pick(struct interp *in, bool (*is)(const struct piece *piece));

/* Free a piece, by one of the valid calls; @how selects it. */
void interp_free(struct interp *in, struct piece *piece, u8 how);

/* Return a slot for a new piece; free the piece in it. */
struct piece *interp_place(struct interp *in);

/* End an operation that allocates: @piece has all but @kind and @memory. */
void interp_got(struct interp *in, struct piece *piece, enum kind kind, void *memory, gfp_t gfp);
/* Likewise, for a piece with its memory: check and fill it. */
void interp_own(struct interp *in, struct piece *piece, enum kind kind, gfp_t gfp);

/* Clear @piece, which is about to be freed. */
void interp_disown(struct interp *in, struct piece *piece);

/* Return true if the pattern of a piece is intact. */
void interp_check_piece(struct interp *in, struct piece *piece);
bool piece_begins(const struct piece *piece, size_t size);
void piece_fill(struct piece *piece);
bool bytes_clear(const void *p, size_t size);

/* A constructor for objects of at least 16 bytes. */
void interp_construct(void *object);

/* The number of chunks that pools could not allocate. */
unsigned long interp_failures(struct interp *in);

/* Valid flags: GFP_KERNEL and the like, some with modifiers. */
gfp_t interp_gfp(struct interp *in);
size_t interp_size(struct interp *in);
struct fuzz_cache *interp_cache(struct interp *in);
struct slabmod_pool *interp_pool(struct interp *in);

/* Return true if the allocation may fail, because memory was refused. */
void interp_null(struct interp *in, gfp_t gfp);

/* ---- ops.c: valid calls ---- */

void interp_destroy_cache(struct interp *in, struct fuzz_cache *c);
void interp_destroy_pool(struct interp *in, unsigned int n);
/* As interp_got(), for an object of a cache. */
void interp_own_object(struct interp *in, struct piece *piece, const struct fuzz_cache *c,
		       void *object, gfp_t gfp);
/* Expect that slabmod destroyed the caches and pools that were left. */
void interp_left_behind(struct interp *in);

void op_kmalloc(struct interp *in);
void op_kcalloc(struct interp *in);
void op_kmalloc_node(struct interp *in);
void op_nofail(struct interp *in);
void op_krealloc(struct interp *in);
void op_copy(struct interp *in);
void op_churn(struct interp *in);
void op_free(struct interp *in);
void op_free_rcu(struct interp *in);
void op_free_many(struct interp *in);
void op_nothing(struct interp *in);
void op_cache_create(struct interp *in);
void op_cache_alloc(struct interp *in);
void op_cache_alloc_node(struct interp *in);
void op_bulk_alloc(struct interp *in);
void op_bulk_free(struct interp *in);
void op_cache_shrink(struct interp *in);
void op_cache_destroy(struct interp *in);
void op_pages(struct interp *in);
void op_exact(struct interp *in);
void op_pool_create(struct interp *in);
void op_pool_destroy(struct interp *in);
void op_pool_kmalloc(struct interp *in);
void op_pool_pages(struct interp *in);
void op_shrink(struct interp *in);

/* ---- region.c, sheaf.c ---- */

void op_region(struct interp *in);
void op_sheaf(struct interp *in);

/* ---- wrong.c: misuse ---- */

void op_wrong_free(struct interp *in);
void op_double_free(struct interp *in);
void op_wrong_size(struct interp *in);
void op_absurd_size(struct interp *in);
void op_absurd_flags(struct interp *in);
void op_wrong_cache(struct interp *in);
void op_wrong_pool(struct interp *in);
void op_bad_cache(struct interp *in);
void op_bad_pool(struct interp *in);

/* ---- debug.c: misuse in debug mode ---- */

/* Return the cache of a piece if it is debugged, otherwise NULL. */
struct slabmod_cache *interp_debugged(const struct piece *piece);
/* Return true if any cache is debugged. */
bool interp_any_debugged(struct interp *in);
/* Compare the listed owners of objects with the pieces. */
void interp_check_callsites(struct interp *in);

void op_overrun(struct interp *in);
void op_write_free(struct interp *in);
void op_late_double_free(struct interp *in);

/* ---- environment: kernel.c or user/main.c ---- */

/* Continue on another CPU. */
void env_cpu(unsigned int n);
/* Set another CPU offline, or online again. */
void env_hotplug(unsigned int n);
/* Refuse memory by plan from now on. */
void env_refuse(u8 after, u8 refuse, u8 repeat, u8 max_order);
/* Run deferred work now. */
void env_time(void);
/* Run the shrinker. */
void env_shrink(unsigned int pages);
/* Call @fn at the n-th place where an interrupt may come; NULL: cancel. */
void env_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi);
/* Unload this module, with caches and pools left behind; return false if not possible. */
bool env_module_goes(void);
/* Between operations. */
void env_boundary(void);
/* The number of refused requests; if unknown, a new number each time. */
unsigned long env_refused(void);
/* Check a pool's invariants and its ledger. */
bool env_check(struct slabmod_pool *pool);
/* Return true if the unused root pool frees all its memory. */
bool env_frees_all(void);
/* Return true if all allocations are cleared. */
bool env_clears(void);
/* Return the address, perhaps with a tag like KASAN's in its upper bits. */
void *env_tag(void *p);
void env_say(struct va_format *what);

#endif /* SLABMOD_FUZZ_INTERP_H */
