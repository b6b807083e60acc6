// SPDX-License-Identifier: GPL-2.0
/*
 * list.c - a linked list: a node is allocated for each number, and in turns some are freed again.
 *
 * usage: list [THREADS [ROUNDS]]
 *
 * Each thread has a list of its own. The sum of what is left at the end is printed.
 */
#include "program.h"

#define NODES	2000

struct node {
	long value;
	struct node *next;
};

static long rounds = 200;

static struct node *push(struct node *list, long value)
{
	struct node *node = get(sizeof(*node));

	node->value = value;
	node->next = list;
	return node;
}

/* Unlink and free each @nth node. */
static void drop(struct node **list, long nth)
{
	long n = 0;

	while (*list) {
		struct node *node = *list;

		if (++n % nth) {
			list = &node->next;
		} else {
			*list = node->next;
			free(node);
		}
	}
}

static long run(long thread)
{
	struct node *list = NULL;
	long sum = 0, round, i;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < NODES; i++)
			list = push(list, i);
		drop(&list, 2 + round % 3);
	}
	while (list) {
		struct node *next = list->next;

		sum += list->value;
		free(list);
		list = next;
	}
	return sum;
}

int main(int argc, char **argv)
{
	rounds = argument(argc, argv, 2, rounds);
	printf("%ld\n", in_threads(argument(argc, argv, 1, 1), run));
	return 0;
}
