// SPDX-License-Identifier: GPL-2.0
/*
 * stress_actor.c - what an actor does next, and whether the memory it finds is right.
 *
 * A slot always holds a piece, full or empty. An actor exchanges one of its own for it by one
 * instruction, and then allocates memory for an empty piece, or frees, resizes or checks a
 * full one. An interrupt has pieces of its own, so it may come at any point.
 *
 * Contexts: any, unless a function says otherwise. Locks: none.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "stress.h"

/* ---- slots ---- */

static struct stress_slots all;

int stress_slots_alloc(struct stress_slots *slots, unsigned int nr, unsigned int others)
{
	unsigned int i;

	slots->nr = nr;
	slots->slots = vzalloc(array_size(nr, sizeof(*slots->slots)));
	slots->pieces = vzalloc(array_size(nr + others, sizeof(*slots->pieces)));
	if (!slots->slots || !slots->pieces) {
		stress_slots_free(slots);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		slots->slots[i] = &slots->pieces[i];
	return 0;
}

void stress_slots_free(struct stress_slots *slots)
{
	vfree(slots->slots);
	vfree(slots->pieces);
	*slots = (struct stress_slots) { };
}

void stress_slots_empty(struct stress_slots *slots, struct stress_actor *actor,
			void (*fn)(struct stress_actor *actor, struct stress_piece *piece))
{
	unsigned int i;

	for (i = 0; i < slots->nr; i++) {
		if (slots->slots[i]->piece.memory)
			fn(actor, slots->slots[i]);
		cond_resched();
	}
}

int stress_actors_init(unsigned int nr, unsigned int actors)
{
	return stress_slots_alloc(&all, nr, actors * STRESS_HANDS);
}

void stress_actors_exit(struct stress_actor *actor)
{
	stress_slots_empty(&all, actor, stress_free);
	stress_slots_free(&all);
}

/* Half of the time one of few slots of this actor, so that it frees memory of its own too. */
static unsigned int random_slot(struct stress_actor *actor)
{
	u64 random = stress_random(actor);
	unsigned int slot;

	if (random & 1)
		return (random >> 32) * all.nr >> 32;
	slot = actor->id * 61 + (random >> 58);
	return slot < all.nr ? slot : slot % all.nr;
}

static struct stress_piece *exchange(struct stress_actor *actor, unsigned int hand)
{
	actor->hands[hand] = xchg(&all.slots[random_slot(actor)], actor->hands[hand]);
	return actor->hands[hand];
}

/* ---- life of an actor ---- */

void stress_actor_init(struct stress_actor *actor, unsigned int id, enum stress_context context,
		       bool may_sleep)
{
	unsigned int hand;

	*actor = (struct stress_actor) {
		.id = id, .context = context, .may_sleep = may_sleep,
		.key = stress_mix(stress_mix(stress_seed) + id),
	};
	for (hand = 0; hand < STRESS_HANDS; hand++)
		actor->hands[hand] = &all.pieces[all.nr + id * STRESS_HANDS + hand];
	if (stress_bad)
		stress_taint_actor_init(actor);
}

void stress_actor_exit(struct stress_actor *actor)
{
	unsigned int hand;

	for (hand = 0; hand < STRESS_HANDS; hand++)
		if (actor->hands[hand]->piece.memory)
			stress_free(actor, actor->hands[hand]);
	if (stress_bad)
		stress_taint_actor_exit(actor);
}

/* ---- checks ---- */

/* Check the bytes after the last whole word, which piece_begins() leaves out. */
static bool tail_is_right(const struct piece *piece, size_t size)
{
	size_t words = size & ~7ul;
	u64 word = pattern_word(piece->mark, size / 8);

	if (words + 8 > piece->size)
		return !memchr_inv(piece->memory + words, (u8)piece->mark, size - words);
	return !memcmp(piece->memory + words, &word, size - words);
}

/* Return the offset of the first wrong word. */
static size_t first_wrong(const struct piece *piece, size_t size)
{
	const u64 *word = piece->memory;
	size_t i = 0;

	while (i < size / 8 && word[i] == pattern_word(piece->mark, i))
		i++;
	return i * 8;
}

bool stress_check_piece(const struct stress_actor *actor, const struct stress_piece *piece,
			size_t size)
{
	size_t offset;

	if (likely(piece_begins(&piece->piece, size) && tail_is_right(&piece->piece, size)))
		return true;
	offset = first_wrong(&piece->piece, size);
	stress_wrong(actor, piece, "at byte %zu is %*ph", offset, (int)min(size - offset, 16ul),
		     piece->piece.memory + offset);
	return false;
}

void stress_begin_piece(struct stress_actor *actor, struct stress_piece *piece,
			enum stress_kind kind)
{
	void *memory = piece->piece.memory;
	size_t size = piece->piece.size;
	u64 mark = stress_mix(actor->key + actor->step) + (u64)memory + ((u64)size << 48);
	/* As stress_construct() fills an object. */
	struct piece constructed = { memory, size, (u64)memory };

	piece->kind = kind;
	piece->actor = actor->id;
	piece->step = actor->step;
	if (!IS_ALIGNED((unsigned long)memory, piece->align))
		stress_wrong(actor, piece, "it is not aligned to %u bytes", piece->align);
	if (piece->nid != NUMA_NO_NODE && page_to_nid(virt_to_page(memory)) != piece->nid)
		stress_wrong(actor, piece, "it is on node %d, not on %d",
			     page_to_nid(virt_to_page(memory)), piece->nid);
	if (piece->zeroed && memchr_inv(memory, 0, size))
		stress_wrong(actor, piece, "it is not cleared");
	if (piece->family == STRESS_OBJECT && piece->cache->ctor && !piece_intact(&constructed))
		stress_wrong(actor, piece, "it is not as it was constructed");
	piece_fill(&piece->piece, memory, size, mark);
}

void *stress_end_piece(struct stress_actor *actor, struct stress_piece *piece)
{
	void *memory = piece->piece.memory;

	stress_check_piece(actor, piece, piece->piece.size);
	piece->piece.memory = NULL;
	return memory;
}

/* ---- steps ---- */

enum mood { ONLY_FREES, BOTH, ONLY_ALLOCATES, BOTH_AGAIN, NR_MOODS };

/* Some actors hold much while others hold little, so slabs change homes. */
static enum mood mood(const struct stress_actor *actor)
{
	return (actor->step / 2048 + actor->id) % NR_MOODS;
}

static void handle(struct stress_actor *actor, struct stress_piece *piece)
{
	unsigned int how;

	if (!piece->piece.memory) {
		if (mood(actor) != ONLY_FREES)
			stress_alloc(actor, piece);
		return;
	}
	how = stress_below(actor, 16);
	if (how == 0)
		stress_resize(actor, piece);
	else if (how == 1)
		stress_ksize(actor, piece);
	else if (mood(actor) != ONLY_ALLOCATES)
		stress_free(actor, piece);
}

static void handle_many(struct stress_actor *actor)
{
	struct stress_piece *full[STRESS_HANDS], *empty[STRESS_HANDS];
	unsigned int nr = 2 + stress_below(actor, STRESS_HANDS - 1);
	unsigned int i, nr_full = 0, nr_empty = 0;

	for (i = 0; i < nr; i++) {
		struct stress_piece *piece = exchange(actor, i);

		if (piece->piece.memory)
			full[nr_full++] = piece;
		else
			empty[nr_empty++] = piece;
	}
	if (nr_full && mood(actor) != ONLY_ALLOCATES)
		stress_free_bulk(actor, full, nr_full);
	if (nr_empty && mood(actor) != ONLY_FREES)
		stress_alloc_bulk(actor, empty, nr_empty);
}

/* Rare operations take much longer than others. */
#define RARE_INTERVAL	1024
/* With bad=1, one step in so many makes a bad call. */
#define BAD_INTERVAL	8

void stress_step(struct stress_actor *actor)
{
	unsigned int hand;

	actor->step++;
	actor->random = actor->key + actor->step * 0xd1342543de82ef95ull;
	if (actor->may_sleep && stress_one_in(actor, RARE_INTERVAL)) {
		stress_rare(actor, stress_below(actor, STRESS_RARE));
		return;
	}
	if (stress_one_in(actor, 64)) {
		handle_many(actor);
		return;
	}
	hand = stress_below(actor, STRESS_HANDS);
	/* Otherwise use the piece it holds, which may be new. */
	if (!stress_one_in(actor, 8))
		exchange(actor, hand);
	if (stress_bad && stress_one_in(actor, BAD_INTERVAL))
		stress_bad_step(actor, actor->hands[hand]);
	else
		handle(actor, actor->hands[hand]);
}
