// SPDX-License-Identifier: GPL-2.0
/*
 * oracle.c - the results that are right in every schedule.
 *
 * Each allocation has an owner, which fills it with a mark of its own and checks that at the free:
 * no two owners share a byte. Memory that was freed too often is exempt from then on, because it
 * may be allocated twice. At the end of a schedule each bad free has been reported, once, and
 * nothing else has; the invariants of all layers hold; and no page is left after everything is
 * freed.
 */
#include <slabmod/slabmod.h>

#include "cache.h"
#include "chunk.h"
#include "pool.h"
#include "pool_check.h"
#include "report.h"

#include "races.h"

#define MAX_PIECES	256u
#define MAX_EXEMPT	32u

static struct piece pieces[MAX_PIECES];
static unsigned int nr_pieces, nr_exempt;
static struct {
	const void *p;
	size_t size;
} exempt[MAX_EXEMPT];
static bool lost;
static unsigned long marks, expected, before[NR_MISUSES];
static u32 kinds_expected;

void oracle_begin(void)
{
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		before[kind] = report_count(kind);
}

static bool overlap(const void *a, size_t a_size, const void *b, size_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool is_exempt(const struct piece *piece)
{
	unsigned int i;

	for (i = 0; i < nr_exempt; i++)
		if (overlap(piece->p, piece->size, exempt[i].p, exempt[i].size))
			return true;
	return false;
}

static void fill(struct piece *piece)
{
	u64 *word = piece->p, *last = piece->p + piece->size - 8;

	*word = piece->mark;
	*last = piece->mark;
}

static void look_at(struct piece *piece)
{
	const u64 *word = piece->p, *last = piece->p + piece->size - 8;

	if (!is_exempt(piece) && (*word != piece->mark || *last != piece->mark))
		explore_failed("%p of %zu bytes was written to by another owner", piece->p,
			       piece->size);
}

struct piece *oracle_own(void *p, size_t size, struct slabmod_cache *cache, unsigned int order)
{
	struct piece *piece = &pieces[nr_pieces++];
	unsigned int i;

	shim_expect(nr_pieces <= MAX_PIECES);
	*piece = (struct piece) {
		.p = p, .size = size, .cache = cache, .order = order, .live = true,
		.mark = ++marks * 0x100000001ul,
	};
	if (is_exempt(piece))
		return piece;
	for (i = 0; i < nr_pieces - 1; i++)
		if (pieces[i].live && overlap(p, size, pieces[i].p, pieces[i].size))
			explore_failed("%p of %zu bytes was allocated, but has an owner: %p of %zu",
				       p, size, pieces[i].p, pieces[i].size);
	fill(piece);
	return piece;
}

bool oracle_disown(struct piece *piece)
{
	if (!piece->live)
		return false;
	look_at(piece);
	piece->live = false;
	return true;
}

void oracle_expect(u32 kinds, const void *p, size_t size)
{
	kinds_expected |= kinds;
	expected++;
	if (!p)
		return;
	shim_expect(nr_exempt < MAX_EXEMPT);
	exempt[nr_exempt].p = p;
	exempt[nr_exempt++].size = size;
}

void oracle_lose(void)
{
	lost = true;
}

void oracle_each_live(void (*fn)(struct piece *piece))
{
	unsigned int i;

	for (i = 0; i < nr_pieces; i++)
		if (pieces[i].live)
			fn(&pieces[i]);
}

static void check_reports(bool all)
{
	unsigned long n, sum = 0;
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++) {
		n = report_count(kind) - before[kind];
		/* After bad frees, a cache that is destroyed may appear to be in use. */
		if (kind == MISUSE_CACHE_BUSY && lost && nr_exempt)
			continue;
		sum += n;
		if (n && !(kinds_expected & BIT(kind)))
			explore_failed("%lu reports of %s, which are unexpected", n,
				       misuse_names[kind]);
	}
	if (sum > expected || (all && sum != expected && !lost))
		explore_failed("%lu reports instead of %lu", sum, expected);
}

void oracle_check(void)
{
	oracle_each_live(look_at);
	check_reports(false);
	/* An object freed twice may be in a magazine and in its slab. */
	if (!(nr_exempt ? pool_check_live(root_pool) : pool_check(root_pool)))
		explore_failed("an invariant does not hold");
}

void oracle_end(void)
{
	slabmod_shrink();
	check_reports(true);
	if (!pool_check(root_pool))
		explore_failed("an invariant does not hold after everything was freed");
	if (atomic_long_read(&root_pool->source.held))
		explore_failed("%ld pages are held after everything was freed",
			       atomic_long_read(&root_pool->source.held));
}
