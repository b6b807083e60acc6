// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - print the frames of an animation (CSV): the arena after each call of a small workload.
 *
 * usage: frames [STRATEGY...]
 *
 * A line says what was called, where the object is in the arena, the bytes asked for (U) and taken
 * (A), and how many bytes a cell of the map has. The map is that of ../mod/lab/map.h in runs, each
 * a count and a character: 3#12. is "###............". '_' is a cell outside of all pages.
 *
 * Events are start, alloc:OBJECT:SIZE, failed:OBJECT:SIZE, free:OBJECT, and other:OBJECT, which is
 * a free by another thread.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../mod/lab/map.h"
#include "../mod/lab/random.h"

#define ARENA	(64ul << 20)

/* A picture has room for these. Rows that never have an object or metadata are not shown. */
#define COLUMNS	128
#define ROWS	16
#define CELL	16ul

struct film {
	const char *verb;	/* what is called next */
	size_t size;		/* that is asked for */
	unsigned int step;
	size_t bytes;		/* of a cell */
	bool *used;		/* rows that had an object or metadata; NULL: print */
};

/* Return a map of the arena, and set how many cells it has. */
static char *map_now(struct lab_driver *driver, size_t bytes, size_t *nr)
{
	char *cells;

	/* At least one, also of no pages */
	*nr = DIV_ROUND_UP(max(lab_map_length(driver->lab), bytes), bytes);
	cells = malloc(*nr);
	if (!cells || lab_map(driver, cells, *nr, bytes, 0)) {
		fprintf(stderr, "frames: no memory for a map\n");
		exit(1);
	}
	return cells;
}

/* ---- the first run: how much is there to see? ---- */

static void note_rows(struct film *film, struct lab_driver *driver)
{
	size_t nr, i;
	char *cells = map_now(driver, CELL, &nr);

	for (i = 0; i < nr; i++)
		if (cells[i] == MAP_OBJECT || cells[i] == MAP_SOME || cells[i] == MAP_META)
			film->used[i / COLUMNS] = true;
	free(cells);
}

/* Return the bytes of a cell with which all rows of interest fit into a picture. */
static size_t cell_size(const bool *used, size_t nr)
{
	size_t rows, together, i, last;

	for (together = 1; ; together *= 2) {
		for (rows = 0, last = nr, i = 0; i < nr; i++)
			if (used[i] && i / together != last) {
				last = i / together;
				rows++;
			}
		if (rows <= ROWS)
			return together * CELL;
	}
}

/* ---- the second run: print ---- */

static void print_map(struct lab_driver *driver, size_t bytes)
{
	size_t nr, from, to;
	char *cells = map_now(driver, bytes, &nr);

	for (from = 0; from < nr; from = to) {
		for (to = from + 1; to < nr && cells[to] == cells[from]; to++)
			;
		printf("%zu%c", to - from, cells[from] == MAP_NO_PAGE ? '_' : cells[from]);
	}
	free(cells);
}

static void print_event(struct film *film, struct lab_driver *driver, unsigned int n)
{
	struct lab *lab = driver->lab;
	void *p = driver->objects[n].p;

	printf("%s,%u,%s", lab->strategy->name, film->step++,
	       film->size && !p ? "failed" : film->verb);
	if (strcmp(film->verb, "start"))
		printf(":%u", n);
	if (film->size)
		printf(":%zu", film->size);
	if (film->size && p)
		printf(",%zu", (char *)lab_at(lab, p) - lab->arena.base);
	else
		printf(",-");
}

static void watch(struct lab_driver *driver, unsigned int n)
{
	struct film *film = driver->watch_arg;

	if (film->used) {
		note_rows(film, driver);
		return;
	}
	print_event(film, driver, n);
	printf(",%zu,%zu,%zu,", driver->result.asked, driver->lab->arena.taken << PAGE_SHIFT,
	       film->bytes);
	print_map(driver, film->bytes);
	printf("\n");
}

/* ---- the workload ---- */

static void do_alloc(struct lab_driver *driver, unsigned int n, size_t size)
{
	struct film *film = driver->watch_arg;

	if (driver->lab->strategy->lacks & LAB_ONE_SIZE)
		size = min(size, (size_t)LAB_POOL_SIZE);
	film->verb = "alloc";
	film->size = size;
	lab_do_alloc(driver, n, size);
}

static void do_free(struct lab_driver *driver, unsigned int n, const char *verb)
{
	struct film *film = driver->watch_arg;

	film->verb = verb;
	film->size = 0;
	lab_do_free(driver, n);
}

struct free_call {
	struct lab_driver *driver;
	unsigned int n;
};

static void *run_free(void *arg)
{
	struct free_call *call = arg;

	do_free(call->driver, call->n, "other");
	return NULL;
}

/* One call at a time. The next thread has the number, and so the heap, of the last one. */
static void do_free_by_other(struct lab_driver *driver, unsigned int n)
{
	struct free_call call = { driver, n };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_free, &call) || pthread_join(thread, NULL)) {
		fprintf(stderr, "frames: no thread\n");
		exit(1);
	}
}

#define FIRST	20	/* objects of mixed sizes */
#define LARGE	6	/* objects that do not fit where those were */
#define DRIFT	5	/* objects that another thread frees, in rounds */
#define NR	(FIRST + LARGE + DRIFT)

static void run_scene(struct lab_driver *driver)
{
	static const unsigned short sizes[] = { 40, 200, 24, 120, 64, 480, 16, 90, 300, 50 };
	unsigned int i, round;

	watch(driver, 0);
	for (i = 0; i < FIRST; i++)
		do_alloc(driver, i, sizes[i % ARRAY_SIZE(sizes)]);
	for (i = 0; i < FIRST; i += 2)
		do_free(driver, i, "free");
	for (i = FIRST; i < FIRST + LARGE; i++)
		do_alloc(driver, i, 250 + 60 * (i - FIRST));
	for (i = 0; i < FIRST / 2; i += 2)
		do_alloc(driver, i, sizes[i]);
	for (round = 0; round < 3; round++) {
		for (i = FIRST + LARGE; i < NR; i++)
			do_alloc(driver, i, 1000);
		for (i = FIRST + LARGE; i < NR; i++)
			do_free_by_other(driver, i);
	}
	/* The others in an order that is not that of their addresses */
	for (i = 0; i < NR; i++)
		do_free(driver, i * 7 % NR, "free");
}

static const struct lab_workload scene = {
	.name = "scene",
	.nr_objects = NR,
	.run = run_scene,
};

static int run(struct film *film, const struct lab_strategy *strategy)
{
	struct lab_driver driver = { .seed = 1, .watch = watch, .watch_arg = film };
	struct lab lab = { 0 };
	int err;

	film->step = 0;
	film->verb = "start";
	film->size = 0;
	err = lab_drive(&driver, &lab, strategy, &scene, ARENA);
	if (err)
		fprintf(stderr, "frames: %s: error %d\n", strategy->name, err);
	else
		lab_drive_end(&driver);
	return err;
}

static int film_one(const struct lab_strategy *strategy)
{
	static bool used[ARENA / CELL / COLUMNS];
	struct film film = { .used = used };
	int err;

	memset(used, 0, sizeof(used));
	err = run(&film, strategy);
	if (err)
		return err;
	film.bytes = cell_size(used, ARRAY_SIZE(used));
	film.used = NULL;
	return run(&film, strategy);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int err = 0;

	printf("strategy,step,event,at,asked,taken,bytes,map\n");
	if (argc < 2)
		for (i = 0; i < lab_nr_strategies; i++)
			err |= film_one(lab_strategies[i]);
	for (i = 1; i < argc; i++) {
		if (!lab_find(argv[i])) {
			fprintf(stderr, "frames: there is no strategy '%s'\n", argv[i]);
			return 2;
		}
		err |= film_one(lab_find(argv[i]));
	}
	return !!err;
}
