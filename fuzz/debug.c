// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - misuse that only debug mode detects: the operations of interp.c for objects of
 * debugged caches.
 *
 * Each wrong byte must cause one report, at the time that Documentation/debug.rst gives. The
 * tracking data of an object is checked directly, because no interface prints it.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "debug/callsites.h"
#include "debug/debug.h"
#include "defer.h"
#include "interp.h"

/* KASAN reports these writes itself, at once. */
#define KASAN_REPORTS	IS_ENABLED(CONFIG_KASAN_GENERIC)

struct slabmod_cache *interp_debugged(const struct piece *piece)
{
	struct slabmod_cache *cache = frame_cache(chunk_frame(piece->memory));

	return cache && cache->flags & CACHE_DEBUG ? cache : NULL;
}

bool interp_any_debugged(struct interp *in)
{
	unsigned int i;

	for (i = 0; i < FUZZ_CACHES; i++)
		if (in->cache[i].cache && in->cache[i].cache->flags & CACHE_DEBUG)
			return true;
	return debug_all;
}

static bool is_debugged(const struct piece *piece)
{
	return interp_debugged(piece);
}

/* A piece in use, or one that cannot be reused meanwhile. */
static const struct debug_track *track_of(const struct slabmod_cache *cache, const void *p)
{
	const struct debug_tracks *tracks = frame_slab(chunk_frame(p))->tracks;

	return &tracks->track[(p - tracks->base) / cache->size];
}

static bool in_quarantine(const struct slabmod_cache *cache, const void *p)
{
	struct frame *frame;
	struct slab *slab;
	bool is;

	rcu_read_lock();
	frame = chunk_frame(p);
	slab = frame ? frame_slab(frame) : NULL;
	is = slab && slab_cache(slab) == cache && slab->tracks &&
	     READ_ONCE(track_of(cache, p)->state) == DEBUG_QUARANTINED;
	rcu_read_unlock();
	return is;
}

static void change(u8 *byte, u8 how)
{
	*byte ^= how | 1;
}

/* A byte before an object, after it, or both: reported when the object is freed. */
void op_overrun(struct interp *in)
{
	struct piece *piece = interp_pick(in, is_debugged);
	u8 how = next_u8(in), n = next_u8(in);
	struct slabmod_cache *cache;
	unsigned int end, before, behind;

	if (!piece || KASAN_REPORTS)
		return;
	cache = interp_debugged(piece);
	end = cache->debug->constructed ? cache->usable : track_of(cache, piece->memory)->requested;
	before = cache->lead - cache->tail;
	behind = cache->size - cache->lead + cache->tail - end;
	env_interrupt(NULL, NULL, 0, false);
	if (how & 3) {
		change(piece->memory + end + n % behind, n);
		interp_expect_report(in, BIT(MISUSE_OVERRUN));
	}
	if ((how & 3) != 1) {
		change(piece->memory - 1 - n % before, n);
		interp_expect_report(in, BIT(MISUSE_OVERRUN));
	}
	interp_free(in, piece, how / 4);
}

static void drain(struct slabmod_cache *cache, u8 how)
{
	if (how & 1)
		slabmod_cache_shrink(cache);
	else
		slabmod_pool_shrink(cache->pool);
}

/* A byte of a freed object: reported when the object leaves quarantine. */
void op_write_free(struct interp *in)
{
	struct piece *piece = interp_pick(in, is_debugged), was;
	u16 n = next_u16(in);
	u8 how = next_u8(in);
	struct slabmod_cache *cache;

	if (!piece || KASAN_REPORTS)
		return;
	was = *piece;
	cache = interp_debugged(piece);
	env_interrupt(NULL, NULL, 0, false);
	interp_free(in, piece, how);
	if (cache->debug->constructed || !in_quarantine(cache, was.memory))
		return;
	change(was.memory + n % cache->usable, n);
	interp_expect_report(in, BIT(MISUSE_WRITE_FREE));
	drain(cache, how / 8);
	if (in_quarantine(cache, was.memory))
		interp_broken(in, "%p is in quarantine still", was.memory);
}

/* Allocate and free others of its size, then free it again. */
void op_late_double_free(struct interp *in)
{
	struct piece *piece = interp_pick(in, is_debugged), was;
	u8 how = next_u8(in), n = next_u8(in) % FUZZ_CHURN, i;
	struct slabmod_cache *cache;

	if (!piece)
		return;
	was = *piece;
	cache = interp_debugged(piece);
	env_interrupt(NULL, NULL, 0, false);
	interp_free(in, piece, how);
	for (i = 0; i < n && was.kind == OBJECT; i++)
		slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN));
	for (i = 0; i < n && was.kind == MEMORY; i++)
		slabmod_kfree(slabmod_kmalloc(was.size, GFP_NOWAIT | __GFP_NOWARN));
	if (!in_quarantine(cache, was.memory))
		return;
	interp_expect_report(in, BIT(MISUSE_DOUBLE_FREE));
	if (was.kind == PAGES)
		slabmod_free_pages((unsigned long)was.memory, was.order);
	else if (was.kind == EXACT)
		slabmod_free_pages_exact(was.memory, was.size);
	else if (how & 0x80)
		slabmod_cache_free(cache, was.memory);
	else
		slabmod_kfree(was.memory);
}

/* ---- owners of objects ---- */

static void check_sites(struct interp *in, struct slabmod_pool *pool, bool by_stack,
			unsigned long objects, unsigned long bytes)
{
	struct callsites *sites = callsites_of(pool, by_stack);
	unsigned int i;

	/* This allocates memory. */
	if (!sites)
		return;
	for (i = 0; i < sites->nr; i++) {
		objects -= sites->site[i].objects;
		bytes -= sites->site[i].bytes;
	}
	if (objects || bytes)
		interp_broken(in, "%ld objects and %ld bytes of pool %s are of no call site",
			      (long)objects, (long)bytes, pool->name);
	kvfree(sites);
}

struct tally {
	unsigned long objects, bytes;
	bool blocks;			/* there are blocks, which have no tracking data */
};

static void count(const struct piece *piece, const struct slabmod_pool *pool, struct tally *tally)
{
	struct slabmod_cache *cache;

	if (piece->kind == NOTHING || (piece->pool ?: root_pool) != pool)
		return;
	cache = interp_debugged(piece);
	if (!cache) {
		tally->blocks = true;
		return;
	}
	tally->objects++;
	tally->bytes += track_of(cache, piece->memory)->requested;
}

static void check_pool(struct interp *in, struct slabmod_pool *pool)
{
	struct tally tally = { 0 };
	unsigned int i;

	for (i = 0; i < FUZZ_SLOTS; i++)
		count(&in->piece[i], pool, &tally);
	for (i = 0; i < FUZZ_IRQ_SLOTS; i++)
		count(&in->irq_piece[i], pool, &tally);
	if (tally.blocks && debug_all)
		return;
	check_sites(in, pool, false, tally.objects, tally.bytes);
	check_sites(in, pool, true, tally.objects, tally.bytes);
}

void interp_check_callsites(struct interp *in)
{
	unsigned int k;

	if (!interp_any_debugged(in))
		return;
	/* A block that an NMI freed on a CPU that is offline by now is live until then. */
	defer_sync();
	check_pool(in, root_pool);
	for (k = 0; k < FUZZ_POOLS; k++)
		if (in->pool[k])
			check_pool(in, in->pool[k]);
}
