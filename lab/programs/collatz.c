// SPDX-License-Identifier: GPL-2.0
/*
 * collatz.c - the longest chain of the Collatz conjecture, with each chain as a list.
 *
 * usage: collatz [THREADS [NUMBERS]]
 *
 * The threads share the numbers. Chains are handed round through one place, so that a chain may
 * be freed by another thread than has allocated it.
 */
#include "program.h"

struct link {
	long number;
	struct link *next;
};

static long numbers = 6000, threads;
static struct link *handed;
static long longest;

static struct link *chain_of(long start, long *length)
{
	struct link *first = NULL, **end = &first;
	long n;

	*length = 0;
	for (n = start; ; n = n & 1 ? 3 * n + 1 : n / 2) {
		struct link *link = get(sizeof(*link));

		link->number = n;
		link->next = NULL;
		*end = link;
		end = &link->next;
		++*length;
		if (n == 1)
			return first;
	}
}

static void free_chain(struct link *link)
{
	while (link) {
		struct link *next = link->next;

		free(link);
		link = next;
	}
}

static long run(long thread)
{
	long start, length, before;

	for (start = 1 + thread; start <= numbers; start += threads) {
		struct link *chain = chain_of(start, &length);

		before = __atomic_load_n(&longest, __ATOMIC_SEQ_CST);
		while (length > before &&
		       !__atomic_compare_exchange_n(&longest, &before, length, 0, __ATOMIC_SEQ_CST,
						    __ATOMIC_SEQ_CST))
			;
		free_chain(__atomic_exchange_n(&handed, chain, __ATOMIC_SEQ_CST));
	}
	return 0;
}

int main(int argc, char **argv)
{
	threads = argument(argc, argv, 1, 1);
	numbers = argument(argc, argv, 2, numbers);
	in_threads(threads, run);
	printf("%ld\n", longest);
	free_chain(handed);
	return 0;
}
