// SPDX-License-Identifier: GPL-2.0
/*
 * calls.c - the calls that programs consist of.
 *
 * They do not check anything themselves; the oracle does.
 */
#include <slabmod/slabmod.h>

#include "block_magazine.h"
#include "buddy.h"
#include "buddy_age.h"
#include "cache.h"
#include "cache_list.h"
#include "home.h"
#include "magazine_drain.h"
#include "magazine_set.h"
#include "pool.h"
#include "report.h"

#include "races.h"

#define LETTERS		26u
#define BLOCK_ORDER	4u
#define EXACT_SIZE	(3 * PAGE_SIZE)

static struct slabmod_cache *cache, *other;
static struct piece *named[LETTERS];

/* ---- calls ---- */

static gfp_t gfp_here(void)
{
	return preemptible() ? GFP_KERNEL : GFP_ATOMIC;
}

static void name(char letter, struct piece *piece)
{
	if (letter)
		named[letter - 'a'] = piece;
}

/* In an interrupt an allocation may fail. */
static struct piece *own(void *p, size_t size, struct slabmod_cache *of, unsigned int order)
{
	if (p)
		return oracle_own(p, size, of, order);
	if (preemptible())
		explore_failed("NULL, though there is memory");
	return NULL;
}

static void do_alloc(char letter)
{
	name(letter, own(slabmod_cache_alloc(cache, gfp_here()), cache->size, cache, 0));
}

static void do_alloc_other(char letter)
{
	name(letter, own(slabmod_cache_alloc(other, gfp_here()), other->size, other, 0));
}

static void do_alloc_node(char letter)
{
	void *p = slabmod_cache_alloc_node(cache, gfp_here() | __GFP_THISNODE, 0);

	name(letter, own(p, cache->size, cache, 0));
}

static void do_bulk(char letter)
{
	void *objects[3];
	size_t got = slabmod_cache_alloc_bulk(cache, gfp_here(), 3, objects), i;

	if (!got && preemptible())
		explore_failed("no objects, though there is memory");
	for (i = 0; i < got; i++)
		oracle_own(objects[i], cache->size, cache, 0);
}

static struct piece *piece_of(char letter)
{
	struct piece *piece = letter ? named[letter - 'a'] : NULL;

	if (!piece)
		explore_failed("the program frees '%c', which was not allocated", letter ?: '?');
	return piece;
}

/* The kinds of report for a second free, depending on the state of the memory. */
#define FREED_TWICE	(BIT(MISUSE_DOUBLE_FREE) | BIT(MISUSE_BAD_FREE) | \
			 BIT(MISUSE_INNER_FREE) | BIT(MISUSE_WRONG_CACHE) | BIT(MISUSE_WRONG_SIZE))

static void disown(struct piece *piece)
{
	if (!oracle_disown(piece))
		oracle_expect(FREED_TWICE, piece->p, piece->size);
}

static void do_free(char letter)
{
	struct piece *piece = piece_of(letter);

	disown(piece);
	slabmod_cache_free(cache, piece->p);
}

static void do_kfree(char letter)
{
	struct piece *piece = piece_of(letter);

	disown(piece);
	slabmod_kfree(piece->p);
}

/* After a grace period, with the head at the beginning. */
static void do_rcu(char letter)
{
	struct piece *piece = piece_of(letter);

	disown(piece);
	slabmod_kvfree_call_rcu(piece->p, piece->p);
}

static void do_barrier(char letter)
{
	slabmod_rcu_barrier();
}

static void do_wrong(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_cache_free(other, piece->p);
}

static void do_inner(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_kfree(piece->p + 8);
}

static void do_shrink(char letter)
{
	slabmod_cache_shrink(cache);
}

static void do_poolshrink(char letter)
{
	slabmod_shrink();
}

static void do_squeeze(char letter)
{
	cache_reclaim_empty(root_pool);
}

/* As a free to a full magazine does. */
static void do_flush(char letter)
{
	struct slabmod_magazine *magazine;

	preempt_disable();
	magazine = magazine_lock_local(cache);
	if (magazine) {
		magazine_flush(cache, magazine, UINT_MAX);
		magazine_unlock_local(magazine);
	}
	preempt_enable();
}

static void do_drain(char letter)
{
	magazine_drain_all(cache);
}

static void do_age(char letter)
{
	magazine_scan_idle(cache);
	magazine_drain_idle(cache, 1);
	home_age(cache);
}

static void do_agepages(char letter)
{
	buddy_age(&root_pool->buddies[0]);
}

/* The same for the magazines of blocks. */
static struct slabmod_cache *block_caches[2];

static void do_pflush(char letter)
{
	struct slabmod_magazine *magazine;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(block_caches); i++) {
		preempt_disable();
		magazine = magazine_lock_local(block_caches[i]);
		if (magazine) {
			block_magazine_flush(block_caches[i], magazine, UINT_MAX);
			magazine_unlock_local(magazine);
		}
		preempt_enable();
	}
}

static void do_pdrain(char letter)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(block_caches); i++)
		magazine_drain_all(block_caches[i]);
}

/* Twice: the first scan after a refill reduces nothing. */
static void do_pscan(char letter)
{
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(block_caches); i++)
		magazine_scan_idle(block_caches[i / 2]);
}

static bool has_blocks(struct slabmod_cache *which)
{
	return which == block_caches[0] || which == block_caches[1];
}

static bool exchange_more_blocks(struct slabmod_cache *which)
{
	return has_blocks(which) && magazine_resize(which, true);
}

static bool exchange_no_blocks(struct slabmod_cache *which)
{
	return has_blocks(which) && magazine_resize(which, false);
}

static void do_pgrow(char letter)
{
	cache_resize_magazines(exchange_more_blocks);
}

static void do_pgiveup(char letter)
{
	cache_resize_magazines(exchange_no_blocks);
}

static bool exchange_more(struct slabmod_cache *which)
{
	return which == cache && magazine_resize(which, true);
}

static bool exchange_none(struct slabmod_cache *which)
{
	return which == cache && magazine_resize(which, false);
}

static void do_grow(char letter)
{
	cache_resize_magazines(exchange_more);
}

static void do_giveup(char letter)
{
	cache_resize_magazines(exchange_none);
}

static void do_destroy(char letter)
{
	oracle_lose();
	slabmod_cache_destroy(other);
	other = NULL;
}

static void do_block(char letter)
{
	void *p = (void *)slabmod_get_free_pages(gfp_here(), BLOCK_ORDER);

	name(letter, own(p, PAGE_SIZE << BLOCK_ORDER, NULL, BLOCK_ORDER + 1));
}

static void do_page(char letter)
{
	void *p = (void *)slabmod_get_free_pages(gfp_here(), 0);

	name(letter, own(p, PAGE_SIZE, NULL, 1));
}

static void do_pfree(char letter)
{
	struct piece *piece = piece_of(letter);

	disown(piece);
	slabmod_free_pages((unsigned long)piece->p, piece->order - 1);
}

static void do_porder(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_free_pages((unsigned long)piece->p, piece->order);
}

static void do_exact(char letter)
{
	void *p = slabmod_alloc_pages_exact(EXACT_SIZE, gfp_here());

	name(letter, own(p, EXACT_SIZE, NULL, 0));
}

static void do_efree(char letter)
{
	struct piece *piece = piece_of(letter);

	disown(piece);
	slabmod_free_pages_exact(piece->p, EXACT_SIZE);
}

/* Free it as two pages. */
static void do_esize(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_free_pages((unsigned long)piece->p, 1);
}

static bool may_die(void *arg)
{
	return task_cpu_idle((unsigned long)arg);
}

static void do_dead(char letter)
{
	unsigned long cpu = letter - '0';

	task_wait(may_die, (void *)cpu, "for a CPU that goes offline");
	if (cpu_online(cpu))
		shim_cpu_dies(cpu);
}

static void start_cpu(void *arg)
{
	shim_cpu_starts((unsigned long)arg);
}

static void do_online(char letter)
{
	unsigned long cpu = letter - '0';

	shim_online |= BIT(cpu);
	task_add(TASK_PROCESS, cpu, "CPU that comes online", start_cpu, (void *)cpu);
}

/* Fill the magazine of this CPU. */
static void do_full(char letter)
{
	struct piece *more[64];
	unsigned int nr = per_cpu_ptr(cache->magazines, 0)->capacity, i;

	shim_expect(nr <= ARRAY_SIZE(more));
	for (i = 0; i < nr; i++)
		more[i] = own(slabmod_cache_alloc(cache, GFP_KERNEL), cache->size, cache, 0);
	for (i = 0; i < nr; i++) {
		if (magazine_nr_local(per_cpu_ptr(cache->magazines, shim_cpu)) == nr)
			break;
		disown(more[i]);
		slabmod_cache_free(cache, more[i]->p);
	}
}

static const struct verb verbs[] = {
	{ "alloc", do_alloc }, { "alloc-other", do_alloc_other }, { "alloc-node", do_alloc_node },
	{ "bulk", do_bulk }, { "free", do_free }, { "kfree", do_kfree },
	{ "wrong", do_wrong }, { "inner", do_inner }, { "shrink", do_shrink },
	{ "poolshrink", do_poolshrink }, { "squeeze", do_squeeze }, { "flush", do_flush },
	{ "drain", do_drain }, { "age", do_age }, { "agepages", do_agepages },
	{ "grow", do_grow }, { "giveup", do_giveup }, { "destroy", do_destroy },
	{ "block", do_block }, { "page", do_page }, { "pfree", do_pfree },
	{ "porder", do_porder }, { "dead", do_dead }, { "online", do_online },
	{ "exact", do_exact }, { "efree", do_efree }, { "esize", do_esize },
	{ "pflush", do_pflush }, { "pdrain", do_pdrain }, { "pgrow", do_pgrow },
	{ "pgiveup", do_pgiveup }, { "pscan", do_pscan },
	{ "full", do_full }, { "rcu", do_rcu }, { "barrier", do_barrier },
};

const struct verb *find_verb(const char *word, size_t length)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strlen(verbs[i].name) == length && !strncmp(verbs[i].name, word, length))
			return &verbs[i];
	explore_failed("'%.*s' is no call", (int)length, word);
}

/* ---- before and after ---- */

void calls_load(unsigned int size)
{
	if (shim_module_init())
		explore_failed("the module is refused");
	/* Programs do the work of the worker themselves. */
	root_pool->source.kick_worker = NULL;
	magazine_bytes = size;
	cache = slabmod_cache_create("races", size, 0, 0, NULL);
	other = slabmod_cache_create("other", size, 0, 0, NULL);
	if (!cache || !other)
		explore_failed("there is no cache");
	magazine_bytes = 64 * size;
	cache->capacity_max = 32;
	block_caches[0] = root_pool->pages[BLOCK_ORDER];
	block_caches[1] = root_pool->small_blocks[EXACT_SIZE >> PAGE_SHIFT];
}

static void free_piece(struct piece *piece)
{
	oracle_disown(piece);
	if (piece->order)
		slabmod_free_pages((unsigned long)piece->p, piece->order - 1);
	else if (piece->cache)
		slabmod_cache_free(piece->cache, piece->p);
	else
		slabmod_free_pages_exact(piece->p, piece->size);
}

void calls_clean_up(void)
{
	oracle_each_live(free_piece);
	slabmod_rcu_barrier();
	shim_run_work();
	slabmod_cache_shrink(cache);
}
