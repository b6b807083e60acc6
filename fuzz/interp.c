// SPDX-License-Identifier: GPL-2.0
/*
 * interp.c - interpret bytes as calls of slabmod.
 *
 * Memory is filled with a pattern that identifies the piece, and checked when it is freed: this
 * finds two owners of a byte, and writes to foreign memory. After each operation exactly the
 * expected reports were made, and an allocation failed only if memory was refused. From time to
 * time, and at the end, all invariants are checked, and that pools use exactly the memory of the
 * pieces.
 *
 * Misuse, which must be reported, refused and have no effect, is in wrong.c; misuse that only
 * debug mode detects is in debug.c.
 *
 * Contexts: process, may sleep; interrupt(): any. Locks: none, one input at a time.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "cache_list.h"
#include "interp.h"

/* In larger pieces, only this many bytes of each page and of the end have the pattern. */
#define FILL_ALL	2048u
#define FILL_PART	64u

#define X(id, name, text) #name,
static const char *const kinds[] = { MISUSES(X) };
#undef X

/* ---- errors ---- */

void interp_broken(struct interp *in, const char *fmt, ...)
{
	struct va_format what = { .fmt = fmt };
	va_list args;

	if (in->broken)
		return;
	in->broken = true;
	pr_err("slabmod: fuzz: in step %u, %s\n", in->step, in->op);
	va_start(args, fmt);
	what.va = &args;
	env_say(&what);
	va_end(args);
}

void interp_expect_report(struct interp *in, u32 kinds)
{
	in->reports++;
	in->kinds |= kinds;
}

static unsigned long failures_of(struct slabmod_pool *pool)
{
	return stat_sum(pool->source.stats, EVENT_CHUNK_FAIL);
}

unsigned long interp_failures(struct interp *in)
{
	unsigned long sum = failures_of(root_pool), i;

	for (i = 0; i < FUZZ_POOLS; i++)
		if (in->pool[i])
			sum += failures_of(in->pool[i]);
	return sum;
}

static void before_op(struct interp *in)
{
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		in->misuse[kind] = report_count(kind);
	in->failures = interp_failures(in);
	in->refused = env_refused();
	in->reports = 0;
	in->kinds = 0;
}

static void after_op(struct interp *in)
{
	unsigned long reports = 0;
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++) {
		unsigned long n = report_count(kind) - in->misuse[kind];

		if (n && !(in->kinds & BIT(kind)))
			interp_broken(in, "a report of %s, where none was expected",
				      kinds[kind]);
		reports += n;
	}
	if (reports != in->reports)
		interp_broken(in, "%lu reports in place of %u", reports, in->reports);
}

void interp_null(struct interp *in, gfp_t gfp)
{
	if (in->reports || gfp & __GFP_THISNODE)
		return;
	if (gfp & __GFP_NOFAIL)
		interp_broken(in, "NULL in spite of __GFP_NOFAIL");
	/* The tracking data of debugged objects is in the kernel's memory. */
	if (interp_failures(in) == in->failures &&
	    !(interp_any_debugged(in) && env_refused() != in->refused))
		interp_broken(in, "NULL, but no chunk was refused");
}

/* ---- pieces ---- */

/* The next word after @i that has the pattern. */
static size_t next_word(size_t i, size_t words)
{
	const size_t page = PAGE_SIZE / 8, part = FILL_PART / 8;

	i++;
	if (words * 8 <= FILL_ALL || i % page < part || i + part >= words)
		return i;
	return min(ALIGN(i, page), words - part);
}

void piece_fill(struct piece *piece)
{
	size_t words = piece->size / 8, i;
	u64 *word = piece->memory;

	for (i = 0; i < words; i = next_word(i, words))
		word[i] = word_of(piece->mark, i);
	memset((u8 *)piece->memory + words * 8, (u8)piece->mark, piece->size % 8);
}

bool piece_begins(const struct piece *piece, size_t size)
{
	size_t words = piece->size / 8, i;
	const u64 *word = piece->memory;
	const u8 *end = piece->memory + words * 8;

	for (i = 0; i < min(words, size / 8); i = next_word(i, words))
		if (word[i] != word_of(piece->mark, i))
			return false;
	for (i = words * 8; i < size; i++)
		if (*end++ != (u8)piece->mark)
			return false;
	return true;
}

bool bytes_clear(const void *p, size_t size)
{
	return !memchr_inv(p, 0, size);
}

/* The state after a constructor; objects with one are at least this large. */
static const u64 constructed[2] = { 0x636f6e7374727563, 0x7465642121212121 };

void interp_construct(void *object)
{
	memcpy(object, constructed, sizeof(constructed));
}

static unsigned long alignment_of(const struct piece *piece)
{
	switch (piece->kind) {
	case PAGES:
		return PAGE_SIZE << piece->order;
	case EXACT:
		return PAGE_SIZE;
	case MEMORY:
		return is_power_of_2(piece->size) ? max_t(size_t, piece->size, 16) : 16;
	default:
		return 8;
	}
}

void interp_own(struct interp *in, struct piece *piece, enum kind kind, gfp_t gfp)
{
	piece->kind = kind;
	if ((unsigned long)piece->memory & (alignment_of(piece) - 1))
		interp_broken(in, "%p of %zu bytes is not aligned", piece->memory, piece->size);
	if (gfp & __GFP_ZERO && !bytes_clear(piece->memory, piece->size))
		interp_broken(in, "%p of %zu bytes is not clear", piece->memory, piece->size);
	if (piece->constructed && memcmp(piece->memory, constructed, sizeof(constructed)))
		interp_broken(in, "%p is not constructed", piece->memory);
	piece->mark = ++in->mark << 32;
	piece_fill(piece);
	in->bytes += piece->size;
}

void interp_check_piece(struct interp *in, struct piece *piece)
{
	if (!piece_begins(piece, piece->size))
		interp_broken(in, "%p of %zu bytes was written to by another owner",
			      piece->memory, piece->size);
}

void interp_disown(struct interp *in, struct piece *piece)
{
	interp_check_piece(in, piece);
	if (piece->constructed)
		interp_construct(piece->memory);
	in->bytes -= piece->size;
	piece->kind = NOTHING;
}

static void free_memory(struct piece *piece, u8 how)
{
	void *p = piece->memory;

	if (piece->pool && how % 2)
		slabmod_pool_kfree(piece->pool, p);
	else if (how % 5 == 0)
		slabmod_kfree_sensitive(p);
	else if (how % 7 == 3)
		slabmod_kfree_nolock(p);
	else if (how % 5 == 2)
		slabmod_kfree_bulk(1, &p);
	else if (how % 5 != 4 || slabmod_krealloc(p, 0, GFP_KERNEL) != ZERO_SIZE_PTR)
		slabmod_kfree(p);
}

static void free_object(struct piece *piece, u8 how)
{
	if (how % 4 == 0)
		slabmod_kfree(piece->memory);
	else if (how % 4 == 1)
		slabmod_cache_free_bulk(piece->cache, 1, &piece->memory);
	else if (how % 4 == 2 && piece->constructed)
		slabmod_kfree_sensitive(piece->memory);
	else
		slabmod_cache_free(piece->cache, piece->memory);
}

static void free_page_run(struct piece *piece, u8 how)
{
	unsigned long addr = (unsigned long)piece->memory;

	if (piece->pool && how % 2)
		slabmod_pool_free_pages(piece->pool, addr, piece->order);
	else if (how % 3 == 0)
		__slabmod_free_pages(virt_to_page(piece->memory), piece->order);
	else if (how % 3 == 2 && PAGE_SIZE << piece->order > SLABMOD_KMALLOC_MAX_CLASS)
		slabmod_kfree(piece->memory);
	else
		slabmod_free_pages(addr, piece->order);
}

void interp_free(struct interp *in, struct piece *piece, u8 how)
{
	struct piece was = *piece;

	if (was.kind == NOTHING)
		return;
	interp_disown(in, piece);
	was.memory = env_tag(was.memory);
	switch (was.kind) {
	case MEMORY:
		free_memory(&was, how);
		break;
	case OBJECT:
		free_object(&was, how);
		break;
	case PAGES:
		free_page_run(&was, how);
		break;
	case EXACT:
		slabmod_free_pages_exact(was.memory, was.size);
		break;
	default:
		break;
	}
}

struct piece *interp_pick(struct interp *in, bool (*is)(const struct piece *piece))
{
	unsigned int first = next_u8(in), i;

	for (i = 0; i < FUZZ_SLOTS; i++) {
		struct piece *piece = &in->piece[(first + i) % FUZZ_SLOTS];

		if (piece->kind != NOTHING && (!is || is(piece)))
			return piece;
	}
	return NULL;
}

struct piece *interp_place(struct interp *in)
{
	u8 n = next_u8(in);
	struct piece *piece = &in->piece[n % FUZZ_SLOTS];

	interp_free(in, piece, n);
	memset(piece, 0, sizeof(*piece));
	return piece;
}

void interp_got(struct interp *in, struct piece *piece, enum kind kind, void *memory, gfp_t gfp)
{
	if (!memory) {
		interp_null(in, gfp);
		return;
	}
	if (memory == ZERO_SIZE_PTR) {
		if (piece->size)
			interp_broken(in, "ZERO_SIZE_PTR for %zu bytes", piece->size);
		slabmod_kfree(memory);
		return;
	}
	if (env_clears() && !piece->constructed && !(kind == OBJECT && piece->typesafe))
		gfp |= __GFP_ZERO;
	piece->memory = memory;
	interp_own(in, piece, kind, gfp);
}

/* ---- decoding ---- */

size_t interp_size(struct interp *in)
{
	u8 mode = next_u8(in), n = next_u8(in);
	size_t size;

	switch (mode % 8) {
	case 0 ... 2:
		size = n;
		break;
	case 3 ... 4:
		size = slabmod_kmalloc_size(n % SLABMOD_KMALLOC_CLASSES) + mode / 8 % 3 - 1;
		break;
	case 5 ... 6:
		size = n * 64 + mode / 8;
		break;
	default:
		size = n << 14;
		break;
	}
	return in->bytes + size > FUZZ_BUDGET ? size % 1024 : size;
}

gfp_t interp_gfp(struct interp *in)
{
	static const gfp_t base[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, GFP_USER,
		GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		GFP_NOWAIT | __GFP_NOMEMALLOC, GFP_KERNEL | __GFP_WRITE,
	};
	u8 n = next_u8(in);
	gfp_t gfp = base[n % 16 % ARRAY_SIZE(base)] | __GFP_NOWARN;

	return n & 0x80 ? gfp | __GFP_ZERO : gfp;
}

struct fuzz_cache *interp_cache(struct interp *in)
{
	unsigned int first = next_u8(in), i;

	for (i = 0; i < FUZZ_CACHES; i++) {
		struct fuzz_cache *cache = &in->cache[(first + i) % FUZZ_CACHES];

		if (cache->cache)
			return cache;
	}
	return NULL;
}

/* A pool, or NULL for the root pool. */
struct slabmod_pool *interp_pool(struct interp *in)
{
	return in->pool[next_u8(in) % FUZZ_POOLS];
}

/* ---- interrupts ---- */

/* Allocate and free memory in the middle of another operation. */
static void interrupt(void *arg)
{
	struct interp *in = arg;
	u8 op = in->irq_op, turns = op % 3 + 1;

	for (; turns; turns--, op += 0x31) {
		struct piece *piece = &in->irq_piece[op % FUZZ_IRQ_SLOTS];

		if (piece->kind != NOTHING) {
			interp_disown(in, piece);
			slabmod_kfree(piece->memory);
			continue;
		}
		piece->size = op & 0x80 ? op * 512 : op + 1;
		piece->memory = slabmod_kmalloc(piece->size, GFP_ATOMIC | __GFP_NOWARN);
		if (piece->memory)
			interp_own(in, piece, MEMORY, 0);
	}
}

static void op_interrupt(struct interp *in)
{
	u8 after = next_u8(in), how = next_u8(in);

	in->irq_op = how;
	env_interrupt(interrupt, in, after % 64 + 1, how & 4);
}

/* ---- other events ---- */

static void op_cpu(struct interp *in)
{
	env_cpu(next_u8(in));
}

static void op_hotplug(struct interp *in)
{
	env_hotplug(next_u8(in));
}

static void op_refuse(struct interp *in)
{
	u8 after = next_u8(in), refuse = next_u8(in), repeat = next_u8(in);

	env_refuse(after, refuse, repeat, next_u8(in));
}

static void op_time(struct interp *in)
{
	u8 turns = next_u8(in) % 12 + 1;

	while (turns--)
		env_time();
}

static void op_kernel_asks(struct interp *in)
{
	env_shrink(next_u8(in) * 8);
}

/* ---- checks ---- */

static size_t bytes_used(const struct piece *piece)
{
	if (piece->kind == NOTHING)
		return 0;
	/* Red zones count as used. */
	if (interp_debugged(piece))
		return interp_debugged(piece)->size;
	if (piece->kind == MEMORY)
		return slabmod_ksize(piece->memory);
	if (piece->kind == OBJECT)
		return slabmod_cache_size(piece->cache);
	return PAGE_ALIGN(piece->size);
}

static void check_pool(struct interp *in, struct slabmod_pool *pool, size_t used)
{
	struct chunk_source *source = &pool->source;
	struct slabmod_usage usage;

	if (atomic_long_read(&source->peak) > source->limit ||
	    atomic_long_read(&source->staying) < source->reserve)
		interp_broken(in, "pool %s has a peak of %ld pages, and now %ld", pool->name,
			      atomic_long_read(&source->peak), atomic_long_read(&source->staying));
	slabmod_pool_usage(pool, &usage);
	if (usage.used != used)
		interp_broken(in, "pool %s says that %zu bytes are used, where %zu are",
			      pool->name, usage.used, used);
	if (!env_check(pool))
		interp_broken(in, "an invariant of pool %s does not hold", pool->name);
}

static void op_check(struct interp *in)
{
	size_t used[FUZZ_POOLS + 1] = { 0 };
	unsigned int i, k;

	slabmod_rcu_barrier();
	env_boundary();
	/* An interrupt would change what is being counted. */
	env_interrupt(NULL, NULL, 0, false);
	for (i = 0; i < FUZZ_SLOTS; i++) {
		const struct piece *piece = &in->piece[i];

		for (k = 0; k < FUZZ_POOLS && (!piece->pool || piece->pool != in->pool[k]); k++)
			;
		used[k] += bytes_used(piece);
	}
	for (i = 0; i < FUZZ_IRQ_SLOTS; i++)
		used[FUZZ_POOLS] += bytes_used(&in->irq_piece[i]);
	check_pool(in, root_pool, used[FUZZ_POOLS]);
	for (k = 0; k < FUZZ_POOLS; k++)
		if (in->pool[k])
			check_pool(in, in->pool[k], used[k]);
	interp_check_callsites(in);
}

/* ---- running an input ---- */

/*
 * More frequent operations are listed more than once. Add new ones at the end: inputs select
 * operations by their number here. Numbers without an operation stand for earlier ones, so a new
 * one changes the meaning of its own number only.
 */
#define OP(name) { #name, op_##name }
static const struct {
	const char *name;
	void (*fn)(struct interp *in);
} ops[] = {
	OP(kmalloc), OP(kmalloc), OP(free), OP(free_rcu), OP(free_many), OP(kcalloc),
	OP(kmalloc_node), OP(krealloc), OP(churn), OP(copy), OP(nofail), OP(nothing),
	OP(cache_create), OP(cache_alloc), OP(cache_alloc), OP(cache_alloc_node),
	OP(bulk_alloc), OP(bulk_free), OP(cache_shrink), OP(cache_destroy),
	OP(pages), OP(exact), OP(pool_create), OP(pool_destroy), OP(pool_kmalloc),
	OP(pool_pages), OP(shrink), OP(cpu), OP(hotplug), OP(refuse), OP(time),
	OP(kernel_asks), OP(interrupt), OP(check), OP(wrong_free), OP(double_free),
	OP(wrong_size), OP(absurd_size), OP(absurd_flags), OP(wrong_cache),
	OP(wrong_pool), OP(bad_cache), OP(bad_pool), OP(overrun), OP(write_free),
	OP(late_double_free), OP(region), OP(region), OP(sheaf),
};

#define OP_NUMBERS	64u

static void run_op(struct interp *in)
{
	u8 n = next_u8(in) % OP_NUMBERS;

	BUILD_BUG_ON(ARRAY_SIZE(ops) > OP_NUMBERS || ARRAY_SIZE(ops) < OP_NUMBERS / 2);
	if (n >= ARRAY_SIZE(ops))
		n -= OP_NUMBERS / 2;
	in->op = ops[n].name;
	in->step++;
	before_op(in);
	ops[n].fn(in);
	env_boundary();
	after_op(in);
}

/* Free everything, and check the result. */
static void finish(struct interp *in)
{
	unsigned int i;

	in->op = "the end";
	env_interrupt(NULL, NULL, 0, false);
	env_refuse(0, 0, 0, ~0);
	before_op(in);
	for (i = 0; i < FUZZ_SLOTS; i++)
		interp_free(in, &in->piece[i], i);
	for (i = 0; i < FUZZ_IRQ_SLOTS; i++)
		interp_free(in, &in->irq_piece[i], 1);
	if (in->leave && env_module_goes())
		interp_left_behind(in);
	for (i = 0; i < FUZZ_CACHES; i++)
		if (in->cache[i].cache)
			interp_destroy_cache(in, &in->cache[i]);
	for (i = 0; i < FUZZ_POOLS; i++)
		if (in->pool[i])
			interp_destroy_pool(in, i);
	op_check(in);
	if (!env_frees_all())
		interp_broken(in, "%ld pages are held, where nothing is used",
			      atomic_long_read(&root_pool->source.held));
	op_check(in);
	after_op(in);
}

bool interp_run(struct interp *in, const u8 *data, size_t size)
{
	memset(in, 0, sizeof(*in));
	if (size <= FUZZ_HEADER)
		return true;
	in->leave = data[FUZZ_HEADER - 1] & 1;
	in->data = data + FUZZ_HEADER;
	in->left = size - FUZZ_HEADER;
	while (in->left && !in->broken)
		run_op(in);
	/* After an error, leave everything as it is. */
	if (!in->broken)
		finish(in);
	return !in->broken;
}
