/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cells.h - what lists and trees take that are no strategy, and the clock of steps.c.
 *
 *   insert_front, insert_sorted          a cell into a list of n, in the latter case as the last
 *   insert_double, delete_double         a cell of a doubly linked list
 *   delete_single                        a cell of a list: the one before it is searched for
 *   search_list, search_tree             for a size, among n
 *   coalesce_sorted, coalesce_unsorted   all of a list at once; every fourth cell touches the next
 *
 * Cells are the free blocks of list.h and tree.h, CELL bytes apart. Lists are in the order of
 * addresses, or against it, so that a walk does not wait for memory. Cycles are of one call on
 * average, but of coalesce_* of the whole list.
 */
#ifndef SLABMOD_LAB_CELLS_H
#define SLABMOD_LAB_CELLS_H

#include <stdio.h>
#include <stdlib.h>

#include "../mod/lab/random.h"
#include "../mod/lab/tree.h"

#define MOST	100000ul	/* the largest n */

static const unsigned long sizes[] = { 100, 1000, 10000, MOST };

static unsigned int nr_runs(unsigned long n)
{
	return n <= 10000 ? 20 : 10;
}

/* ---- the clock ---- */

/* Now. Calls before it are over, and those after it have not begun. */
static inline u64 now(void)
{
	u64 time;

#ifdef __x86_64__
	__builtin_ia32_lfence();
#endif
	time = lab_clock();
#ifdef __x86_64__
	__builtin_ia32_lfence();
#endif
	return time;
}

#define SAMPLES	256

/* The cycles of a call, in several runs. */
struct samples {
	u64 cycles[SAMPLES];
	unsigned int nr;
};

static int by_cycles(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/*
 * What a quarter of the runs is below. An interrupt or a cache miss only adds to a run. But the
 * fewest cycles of all may be too few, where the clock of a virtual machine is set back at times.
 */
static u64 typical(struct samples *samples)
{
	unsigned int nr = min(samples->nr, SAMPLES);

	qsort(samples->cycles, nr, sizeof(u64), by_cycles);
	return nr ? samples->cycles[nr / 4] : 0;
}

/* What it takes to read the clock. */
static u64 clock_cost(void)
{
	static struct samples samples;
	static u64 cost;
	u64 begin;

	while (samples.nr < SAMPLES) {
		begin = now();
		samples.cycles[samples.nr++] = now() - begin;
	}
	if (!cost)
		cost = typical(&samples);
	return cost;
}

/* Note a call, or several that took so long on average. */
static void note(struct samples *samples, u64 begin, u64 nr)
{
	u64 took = now() - begin, clock = clock_cost();

	took = took > clock ? took - clock : 0;
	samples->cycles[samples->nr++ % SAMPLES] = max(took / nr, 1);
}

static void print(const char *strategy, const char *call, unsigned long n, u64 cycles)
{
	if (cycles)
		printf("%s,%s,%lu,%llu\n", strategy, call, n, (unsigned long long)cycles);
}

/* ---- cells ---- */

#define CELL	32ul		/* bytes */
#define CALLS	64		/* that are measured as one */

static char *cell_memory;

static struct list_block *cell(size_t i)
{
	return (struct list_block *)(cell_memory + i * CELL);
}

/* Make n cells a list, in the order of addresses. Every fourth touches the next one. */
static struct list_block *make_sorted(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		cell(i)->size = i % 4 ? CELL - 8 : CELL;
		cell(i)->next = i + 1 < n ? cell(i + 1) : NULL;
	}
	return cell(0);
}

/* The same, the highest address first: as frees leave it that push. */
static struct list_block *make_unsorted(unsigned long n)
{
	unsigned long i;

	make_sorted(n);
	for (i = 0; i < n; i++)
		cell(i)->next = i ? cell(i - 1) : NULL;
	return cell(n - 1);
}

static unsigned long length(const struct list_block *block)
{
	unsigned long n = 0;

	for (; block; block = block->next)
		n++;
	return n;
}

/* ---- to insert and delete ---- */

static void insert_front(struct list_block **head, struct list_block *block)
{
	block->next = *head;
	*head = block;
}

static void insert_sorted(struct list_block **head, struct list_block *block)
{
	while (*head && *head < block)
		head = &(*head)->next;
	insert_front(head, block);
}

static void delete_single(struct list_block **head, struct list_block *block)
{
	while (*head != block)
		head = &(*head)->next;
	*head = block->next;
}

/* The size of a cell is its link back. */
struct double_cell {
	struct double_cell **link, *next;
};

static void insert_double(struct double_cell **head, struct double_cell *block)
{
	block->next = *head;
	block->link = head;
	if (block->next)
		block->next->link = &block->next;
	*head = block;
}

static void delete_double(struct double_cell *block)
{
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
}

static void time_inserts(unsigned long n, struct samples *front, struct samples *sorted,
			 struct samples *single)
{
	struct list_block *head = make_sorted(n), *block = cell(n);
	u64 begin, seed = n;
	int i;

	for (i = 0; i < CALLS; i++)
		cell(n + i)->next = NULL;
	begin = now();
	insert_sorted(&head, block);
	note(sorted, begin, 1);
	delete_single(&head, block);
	/* The cells are inserted again in front: those left are in order. */
	begin = now();
	for (i = 0; i < CALLS; i++) {
		block = cell(lab_random_below(&seed, n));
		delete_single(&head, block);
		insert_front(&head, block);
	}
	note(single, begin, CALLS);
	for (i = 0; i < 10; i++) {
		begin = now();
		for (block = cell(n); block < cell(n + CALLS); block = (void *)block + CELL)
			insert_front(&head, block);
		note(front, begin, CALLS);
	}
}

/* Insert cells into the middle of a list, behind every other one, and delete them. */
static void time_doubles(unsigned long n, struct samples *inserts, struct samples *deletes)
{
	struct double_cell *head = NULL, *first = (void *)cell(n / 2);
	unsigned long i, k;
	u64 begin;

	for (i = 0; i < n; i++)
		insert_double(&head, (void *)cell(i));
	for (k = 0; k < 10; k++) {
		begin = now();
		for (i = 0; i < CALLS; i++)
			insert_double(&first->next, (void *)cell(n + i));
		note(inserts, begin, CALLS);
		begin = now();
		for (i = 0; i < CALLS; i++)
			delete_double((void *)cell(n + i));
		note(deletes, begin, CALLS);
	}
}

/* ---- to search ---- */

/* Search for the sizes of some cells. All have different sizes, in any order. */
static bool time_searches(unsigned long n, struct samples *list, struct samples *tree)
{
	struct list_block *head = make_sorted(n), *block, *found[2][CALLS];
	struct tree_node *root = NULL;
	unsigned long i, k;
	size_t needs[CALLS];
	u64 begin, seed = n;

	for (i = 0; i < n; i++) {
		k = lab_random_below(&seed, i + 1);
		cell(i)->size = cell(k)->size;
		cell(k)->size = i;
	}
	for (i = 0; i < CALLS; i++)
		needs[i] = lab_random_below(&seed, n);
	begin = now();
	for (i = 0; i < CALLS; i++) {
		for (block = head; block->size != needs[i]; block = block->next)
			;
		found[0][i] = block;
	}
	note(list, begin, CALLS);
	for (i = 0; i < n; i++)
		tree_insert(&root, list_memory(cell(i)), tree_by_size);
	for (k = 0; k < 3; k++) {
		begin = now();
		for (i = 0; i < CALLS; i++)
			found[1][i] = tree_best_fit(root, needs[i]);
		note(tree, begin, CALLS);
	}
	return !memcmp(found[0], found[1], sizeof(found[0]));
}

/* ---- to coalesce ---- */

/* Merge each cell with the one that begins where it ends, which may be anywhere. */
static void coalesce_unsorted(struct list_block **head)
{
	struct list_block *block, **link;

	for (block = *head; block; block = block->next)
		for (link = head; *link;)
			if (*link == list_after(block)) {
				block->size += (*link)->size;
				*link = (*link)->next;
				link = head;
			} else {
				link = &(*link)->next;
			}
}

/* It can only be the next one. */
static void coalesce_sorted(struct list_block *block)
{
	while (block->next)
		if (block->next == list_after(block)) {
			block->size += block->next->size;
			block->next = block->next->next;
		} else {
			block = block->next;
		}
}

/* Both must leave the same number of cells. */
static bool time_coalescing(unsigned long n, struct samples *unsorted, struct samples *sorted)
{
	struct list_block *head = make_sorted(n);
	unsigned long nr;
	u64 begin;

	length(head);
	begin = now();
	coalesce_sorted(head);
	note(sorted, begin, 1);
	nr = length(head);
	if (n > 10000)
		return nr == n - n / 4;
	head = make_unsorted(n);
	begin = now();
	coalesce_unsorted(&head);
	note(unsorted, begin, 1);
	return length(head) == nr && nr == n - n / 4;
}

/* Measure and print all of it. Return false if a result is wrong. */
static bool cells(void)
{
	enum { FRONT, SORTED, SINGLE, INSERT, DELETE, LIST, TREE, MERGE, MERGE_SORTED, NR };
	static const char * const names[NR] = {
		"insert_front", "insert_sorted", "delete_single", "insert_double", "delete_double",
		"search_list", "search_tree", "coalesce_unsorted", "coalesce_sorted",
	};
	unsigned int i, k, runs;
	bool ok = true;

	cell_memory = lab_world_alloc((MOST + CALLS + 1) * CELL);
	for (i = 0; i < ARRAY_SIZE(sizes) && cell_memory; i++) {
		static struct samples all[NR];

		memset(all, 0, sizeof(all));
		runs = sizes[i] < 10000 ? 10 : 3;
		for (k = 0; k < runs; k++) {
			time_inserts(sizes[i], &all[FRONT], &all[SORTED], &all[SINGLE]);
			time_doubles(sizes[i], &all[INSERT], &all[DELETE]);
			ok &= time_searches(sizes[i], &all[LIST], &all[TREE]);
			ok &= time_coalescing(sizes[i], &all[MERGE], &all[MERGE_SORTED]);
		}
		for (k = 0; k < NR; k++)
			print("-", names[k], sizes[i], typical(&all[k]));
	}
	if (!ok)
		fprintf(stderr, "steps: a list and a tree, or two ways to coalesce, differ\n");
	return ok && cell_memory;
}

#endif /* SLABMOD_LAB_CELLS_H */
