/* SPDX-License-Identifier: GPL-2.0 */
/*
 * interp.h - bytes that are calls of slabmod: what fuzzing does, in the kernel
 * (kernel.c) and in user space (user/).
 *
 * An input is FUZZ_HEADER bytes, which say what user space is to be like, and then
 * operations: a byte that chooses one, and those that it reads. When bytes run out, they
 * are 0. Every input is a valid one, and each does the same again.
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

/* How memory was had, which says how it may be given back. */
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
	bool typesafe;			/* OBJECT, not cleared unless asked for */
	struct slabmod_pool *pool;	/* NULL: by a call that names none */
	struct slabmod_cache *cache;	/* OBJECT */
	void *memory;
	size_t size;			/* that was asked for */
	u64 mark;
};

struct fuzz_cache {
	struct slabmod_cache *cache;	/* NULL: there is none */
	struct slabmod_pool *pool;
	unsigned int size, align;
	bool ctor;
};

struct interp {
	const u8 *data;
	size_t left;
	const char *op;			/* under way */
	unsigned int step;
	bool broken;
	bool leave;			/* caches and pools to whoever cleans up after a module */
	u64 mark;			/* of the last piece */
	size_t bytes;			/* of all pieces */
	struct piece piece[FUZZ_SLOTS];
	struct piece irq_piece[FUZZ_IRQ_SLOTS];	/* taken and given by interrupts */
	u8 irq_op;
	void *churn[FUZZ_CHURN];
	struct fuzz_cache cache[FUZZ_CACHES];
	struct slabmod_pool *pool[FUZZ_POOLS];
	/* Before the operation, and what it may change. */
	unsigned long misuse[NR_MISUSES];
	unsigned long failures, refused;
	unsigned int reports;		/* that it has to make, */
	u32 kinds;			/* of these kinds: a bit each */
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

/* What a piece has in its i-th word. */
static inline u64 word_of(u64 mark, size_t i)
{
	return (mark + i) * 0x9e3779b97f4a7c15ull;
}

/* ---- interp.c ---- */

/* Runs an input. At the end nothing of it is left; false when something was wrong. */
bool interp_run(struct interp *in, const u8 *data, size_t size);

/* Says what is wrong, once, and ends the run. */
void interp_broken(struct interp *in, const char *fmt, ...) __printf(2, 3);

/* The operation has to make one report more, of one of @kinds. */
void interp_expect_report(struct interp *in, u32 kinds);

/* Any piece that is in use and of which @is is true, or NULL. */
struct piece *interp_pick(struct interp *in, bool (*is)(const struct piece *piece));

/* Gives a piece back, by one of the calls that may; @how says which. */
void interp_give(struct interp *in, struct piece *piece, u8 how);

/* A place for a new piece: what was there is given back. */
struct piece *interp_place(struct interp *in);

/* The end of each operation that takes: @piece has all but @kind and @memory. */
void interp_got(struct interp *in, struct piece *piece, enum kind kind, void *memory, gfp_t gfp);
/* Likewise, of a piece that has its memory: looks at it, fills it. */
void interp_own(struct interp *in, struct piece *piece, enum kind kind, gfp_t gfp);

/* Makes @piece nothing, which is just about to be given back. */
void interp_disown(struct interp *in, struct piece *piece);

/* Whether a piece is as it was filled. */
void interp_look_at(struct interp *in, struct piece *piece);
bool piece_begins(const struct piece *piece, size_t size);
void piece_fill(struct piece *piece);
bool bytes_clear(const void *p, size_t size);

/* A constructor, of objects of 16 bytes and more. */
void interp_construct(void *object);

/* Chunks that pools asked for in vain. */
unsigned long interp_failures(struct interp *in);

/* Flags that may be honoured; GFP_KERNEL and the like, and some with more. */
gfp_t interp_gfp(struct interp *in);
size_t interp_size(struct interp *in);
struct fuzz_cache *interp_cache(struct interp *in);
struct slabmod_pool *interp_pool(struct interp *in);

/* Whether NULL is what it had to be: somebody was refused. */
void interp_null(struct interp *in, gfp_t gfp);

/* ---- ops.c: what callers do ---- */

void interp_destroy_cache(struct interp *in, struct fuzz_cache *c);
void interp_destroy_pool(struct interp *in, unsigned int n);
/* Expects that all caches and pools were destroyed for who left them. */
void interp_left_behind(struct interp *in);

void op_kmalloc(struct interp *in);
void op_kcalloc(struct interp *in);
void op_kmalloc_node(struct interp *in);
void op_nofail(struct interp *in);
void op_krealloc(struct interp *in);
void op_copy(struct interp *in);
void op_churn(struct interp *in);
void op_give(struct interp *in);
void op_give_many(struct interp *in);
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

/* ---- wrong.c: what callers must not do ---- */

void op_wrong_free(struct interp *in);
void op_double_free(struct interp *in);
void op_wrong_size(struct interp *in);
void op_absurd_size(struct interp *in);
void op_absurd_flags(struct interp *in);
void op_wrong_cache(struct interp *in);
void op_wrong_pool(struct interp *in);
void op_bad_cache(struct interp *in);
void op_bad_pool(struct interp *in);

/* ---- debug.c: likewise, where objects are debugged ---- */

/* The cache of a piece, if it is debugged, or NULL. */
struct slabmod_cache *interp_debugged(const struct piece *piece);
/* Whether any cache is. */
bool interp_any_debugged(struct interp *in);
/* Whether what is said of who has objects is what there is of pieces. */
void interp_check_callsites(struct interp *in);

void op_overrun(struct interp *in);
void op_write_free(struct interp *in);
void op_late_double_free(struct interp *in);

/* ---- what kernel and user space do each in their own way ---- */

/* From now on another CPU is the one that calls. */
void env_cpu(unsigned int n);
/* Another CPU goes, or comes again. */
void env_hotplug(unsigned int n);
/* From now on memory is refused by plan. */
void env_refuse(u8 after, u8 refuse, u8 repeat, u8 max_order);
/* What was put off until later is done now. */
void env_time(void);
/* The kernel wants pages. */
void env_shrink(unsigned int pages);
/* Has @fn called where an interrupt may come, for the n-th time; NULL: not any more. */
void env_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi);
/* This module goes, and leaves caches and pools behind; false where it cannot. */
bool env_module_goes(void);
/* Between operations. */
void env_boundary(void);
/* Requests that were refused; where that is not known, another number each time. */
unsigned long env_refused(void);
/* Whether a pool's invariants hold, and its ledger adds up. */
bool env_check(struct slabmod_pool *pool);
/* Whether the root pool gives back all it has, when nothing of it is used. */
bool env_gives_back(void);
/* Whether all that is handed out is cleared. */
bool env_clears(void);
/* The same address, maybe with a tag as of KASAN's in its upper bits. */
void *env_tag(void *p);
void env_say(struct va_format *what);

#endif /* SLABMOD_FUZZ_INTERP_H */
