/* SPDX-License-Identifier: GPL-2.0 */
/*
 * adversary.h - sequences of calls that make an allocator take as much memory as possible.
 *
 * Sizes are those of blocks, with the strategy's header: a block of n units is a request for
 * n * unit - header bytes. So the sizes that the theory speaks of, such as powers of two, are those
 * that the strategy really cuts, and U counts what the theory counts.
 */
#ifndef SLABMOD_LAB_ADVERSARY_H
#define SLABMOD_LAB_ADVERSARY_H

#include "../mod/lab/lab.h"

#define ATTACK_ARENA	BIT(30)
#define ATTACK_OBJECTS	BIT(20)
#define ATTACK_THREADS	16

struct attack_object {
	void *p;		/* as lab_alloc() returned it; NULL: not allocated */
	size_t bytes;		/* of its block */
	bool out;		/* it is to be freed */
};

struct attack {
	struct lab lab;
	size_t unit;		/* the smallest block, in bytes */
	size_t header;		/* of each block */
	size_t live;		/* never have more bytes of blocks at once: M */
	size_t run;		/* bytes that an object keeps from other uses */
	struct attack_object *objects;
	unsigned int nr;
	size_t asked;		/* U now */
	size_t most;		/* the largest U */
	u64 clock;		/* of all calls, see lab_clock() */
	unsigned long calls;
	bool failed;		/* the arena was full */
	/* Called with each n for which the sequence up to now is the attack of that n. */
	void (*report)(struct attack *attack, unsigned long n);
	void *arg;
};

/* Run an attack up to @n. The arena is new. */
typedef void attack_run(struct attack *attack, unsigned long n);

attack_run attack_turns, attack_rising, attack_robson, attack_crumble, attack_comb, attack_cut;
attack_run attack_tiny, attack_rounding, attack_pinned, attack_sparse, attack_half;
attack_run attack_drift, attack_handover;

#endif /* SLABMOD_LAB_ADVERSARY_H */
