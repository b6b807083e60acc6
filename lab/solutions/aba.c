// SPDX-License-Identifier: GPL-2.0
/*
 * aba.c - the ABA problem of a lock-free stack, step by step and the same each time.
 *
 * usage: aba [tagged]
 *
 * One thread plays both: a pop is cut in two, between the reads and the exchange, and there the
 * other thread is let in. Prints what happens. The status is 1 if an object was handed out twice.
 */
#include <stdio.h>

#include "../../mod/lab/world.h"

enum { NONE, A, B, C, NR };

static const char names[] = "-ABC";

/* As in global_lockfree.c: a tag and an object, 32 bits each, and links outside of the objects. */
static u64 head;
static u32 links[NR];
static bool tagged;

static u64 head_of(u64 old, u32 object)
{
	return (tagged ? (old >> 32) + 1 : 0) << 32 | object;
}

static void push(u32 object)
{
	u64 old;

	do {
		old = lab_load(&head);
		links[object] = (u32)old;
	} while (!lab_cas(&head, old, head_of(old, object)));
}

/* The two parts of a pop */
struct look {
	u64 head;
	u32 next;
};

static struct look look(void)
{
	u64 old = lab_load(&head);

	return (struct look){ old, links[(u32)old] };
}

static bool take(struct look seen)
{
	return lab_cas(&head, seen.head, head_of(seen.head, seen.next));
}

static u32 pop(void)
{
	struct look seen;

	do {
		seen = look();
	} while (!take(seen));
	return seen.head;
}

int main(int argc, char **argv)
{
	struct look seen;
	u32 a, b, again;
	bool done;

	tagged = argc > 1 && !strcmp(argv[1], "tagged");
	push(C);
	push(B);
	push(A);
	seen = look();
	printf("thread 1 reads: the first is %c, the next is %c\n", names[(u32)seen.head],
	       names[seen.next]);
	a = pop();
	b = pop();
	printf("thread 2 pops %c and %c", names[a], names[b]);
	push(a);
	printf(", and pushes %c\n", names[a]);
	done = take(seen);
	printf("thread 1 replaces %c by %c: %s\n", names[(u32)seen.head], names[seen.next],
	       done ? "done" : "refused, it has to read again");
	again = pop();
	printf("thread 2 still has %c, and a pop returns %c\n", names[b], names[again]);
	return again == b;
}
