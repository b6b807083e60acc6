// SPDX-License-Identifier: GPL-2.0
/*
 * stress_actor.c - what an actor does next, and whether what it finds is right.
 *
 * A slot always has a piece in it, full or empty. An actor exchanges one of its own for
 * it by one instruction, and then does something with what it got: takes memory for an
 * empty piece, gives a full one back, changes its size or looks at it. An interrupt has
 * hands of its own, so it may come at any point.
 *
 * Contexts: any, unless a function says otherwise. Locks: none.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "stress.h"

/* ---- slots ---- */

static struct stress_piece **slots;
static struct stress_piece *pieces;
static unsigned int nr_slots;

/* A piece for each slot and for each hand there is. */
int stress_slots_init(unsigned int nr, unsigned int actors)
{
	unsigned int i;

	nr_slots = nr;
	slots = vzalloc(array_size(nr, sizeof(*slots)));
	pieces = vzalloc(array_size(nr + actors * STRESS_HANDS, sizeof(*pieces)));
	if (!slots || !pieces) {
		vfree(slots);
		vfree(pieces);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		slots[i] = &pieces[i];
	return 0;
}

/* Everybody else is gone: gives back what is in the slots. May sleep. */
void stress_slots_exit(struct stress_actor *actor)
{
	unsigned int i;

	for (i = 0; i < nr_slots; i++) {
		if (slots[i]->piece.memory)
			stress_give(actor, slots[i]);
		cond_resched();
	}
	vfree(slots);
	vfree(pieces);
}

/*
 * Half of the time near where this actor often is: then what it took is likely to be
 * given back by itself.
 */
static unsigned int random_slot(struct stress_actor *actor)
{
	u64 random = stress_random(actor);
	unsigned int slot;

	if (random & 1)
		return (random >> 32) * nr_slots >> 32;
	slot = actor->id * 61 + (random >> 58);
	return slot < nr_slots ? slot : slot % nr_slots;
}

static struct stress_piece *exchange(struct stress_actor *actor, unsigned int hand)
{
	struct stress_piece *mine = actor->hands[hand];

	actor->hands[hand] = xchg(&slots[random_slot(actor)], mine);
	return actor->hands[hand];
}

/* ---- life of an actor ---- */

void stress_actor_init(struct stress_actor *actor, unsigned int id, enum stress_context context,
		       bool may_sleep)
{
	unsigned int hand;

	*actor = (struct stress_actor) {
		.id = id,
		.context = context,
		.may_sleep = may_sleep,
		.key = stress_mix(stress_mix(stress_seed) + id),
	};
	for (hand = 0; hand < STRESS_HANDS; hand++)
		actor->hands[hand] = &pieces[nr_slots + id * STRESS_HANDS + hand];
	if (stress_bad)
		stress_taint_actor_init(actor);
}

void stress_actor_exit(struct stress_actor *actor)
{
	unsigned int hand;

	for (hand = 0; hand < STRESS_HANDS; hand++)
		if (actor->hands[hand]->piece.memory)
			stress_give(actor, actor->hands[hand]);
	if (stress_bad)
		stress_taint_actor_exit(actor);
}

/* ---- what is right ---- */

/* The bytes behind the last whole word, which pattern.h leaves out amid a piece. */
static bool tail_is_right(const struct piece *piece, size_t size)
{
	size_t words = size & ~7ul;
	u64 word = pattern_word(piece->mark, size / 8);

	if (words + 8 > piece->size)
		return !memchr_inv(piece->memory + words, (u8)piece->mark, size - words);
	return !memcmp(piece->memory + words, &word, size - words);
}

/* The word with which the pattern ends, for a report. */
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

/* What a constructor with this size does. */
static bool is_constructed(const struct stress_piece *piece)
{
	struct piece state = {
		.memory = piece->piece.memory,
		.size = piece->cache->size,
		.mark = (u64)piece->piece.memory,
	};

	return piece_intact(&state);
}

void stress_begin_piece(struct stress_actor *actor, struct stress_piece *piece,
			enum stress_kind kind)
{
	void *memory = piece->piece.memory;
	size_t size = piece->piece.size;
	u64 mark = stress_mix(actor->key + actor->step) + (u64)memory + ((u64)size << 48);

	piece->kind = kind;
	piece->actor = actor->id;
	piece->step = actor->step;
	if (!IS_ALIGNED((unsigned long)memory, piece->align))
		stress_wrong(actor, piece, "it is not aligned to %u bytes", piece->align);
	if (piece->nid != NUMA_NO_NODE && page_to_nid(virt_to_page(memory)) != piece->nid)
		stress_wrong(actor, piece, "it is on node %d, and not on %d",
			     page_to_nid(virt_to_page(memory)), piece->nid);
	if (piece->zeroed && memchr_inv(memory, 0, size))
		stress_wrong(actor, piece, "it is not cleared");
	if (piece->family == STRESS_OBJECT && piece->cache->ctor && !is_constructed(piece))
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

enum mood { GIVES_ONLY, BOTH, TAKES_ONLY, BOTH_AGAIN, NR_MOODS };

/* Some have much while others have little, and so slabs change hands. */
static enum mood mood(const struct stress_actor *actor)
{
	return (actor->step / 2048 + actor->id) % NR_MOODS;
}

static void handle(struct stress_actor *actor, struct stress_piece *piece)
{
	if (!piece->piece.memory) {
		if (mood(actor) != GIVES_ONLY)
			stress_take(actor, piece);
		return;
	}
	switch (stress_below(actor, 16)) {
	case 0:
		stress_resize(actor, piece);
		break;
	case 1:
		stress_look(actor, piece);
		break;
	default:
		if (mood(actor) != TAKES_ONLY)
			stress_give(actor, piece);
	}
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
	if (nr_full && mood(actor) != TAKES_ONLY)
		stress_give_bulk(actor, full, nr_full);
	if (nr_empty && mood(actor) != GIVES_ONLY)
		stress_take_bulk(actor, empty, nr_empty);
}

/* Seldom enough that the rest is most of the work, though one takes much longer. */
#define RARE_INTERVAL	1024
/* Of the steps with bad=1, one in so many breaks a rule. */
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
	/* Or what this actor had in its hand, maybe just taken. */
	if (!stress_one_in(actor, 8))
		exchange(actor, hand);
	if (stress_bad && stress_one_in(actor, BAD_INTERVAL))
		stress_bad_step(actor, actor->hands[hand]);
	else
		handle(actor, actor->hands[hand]);
}
