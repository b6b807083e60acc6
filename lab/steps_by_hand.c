// SPDX-License-Identifier: GPL-2.0
/*
 * steps_by_hand.c - feed a sequence of calls to a strategy, and look at what it does: the file
 * step of slabmod_lab.ko in a process (build/lab/script).
 *
 * usage: script [--lecture] STRATEGY <FILE
 *
 * A line of the input is one of:
 *
 *   alloc SIZE	allocate, as the object with the lowest number that is not in use, from 0 on
 *   free NUMBER	free an object
 *   reset	begin again with an empty arena
 *   map	print a picture of the arena; its first line explains it
 *   objects	print "NUMBER OFFSET SIZE" of all that is allocated
 *   holes	print "OFFSET SIZE" of all that is free, in the order of the strategy's lists
 *   result	print what was measured since the arena was made
 *
 * Empty lines, and what follows a #, are comments. With --lecture, sizes are not rounded up and a
 * block begins where its page does, as in the drawings of a lecture. Input that makes no sense
 * ends the program with the number of the line and status 1.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "../mod/lab/map.h"

/* As many as slabmod_lab.ko has. */
#define ARENA		(64ul << 20)
#define MAP_COLUMNS	64
#define MAP_ROWS	32
#define STEP_OBJECTS	1000

static const struct lab_strategy *strategy;
static size_t unit;
static struct lab lab;
static struct lab_driver driver;
static unsigned long line_number;

static void __attribute__((noreturn, format(printf, 1, 2))) bad_line(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "script: line %lu: ", line_number);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* ---- the arena */

static void run_nothing(struct lab_driver *driver)
{
}

static const struct lab_workload by_hand = {
	.name = "by_hand",
	.nr_objects = STEP_OBJECTS,
	.run = run_nothing,
};

static void open_arena(void)
{
	if (driver.objects)
		lab_drive_end(&driver);
	driver = (struct lab_driver){ .seed = 1 };
	lab = (struct lab){ .unit = unit };
	if (lab_drive(&driver, &lab, strategy, &by_hand, ARENA)) {
		fputs("script: no memory for the arena\n", stderr);
		exit(1);
	}
}

/* ---- what changes it */

static void do_alloc(unsigned long size)
{
	unsigned int n = 0;

	while (n < driver.nr_objects && driver.objects[n].p)
		n++;
	if (n == driver.nr_objects)
		bad_line("there are %u objects already", n);
	if (!lab_do_alloc(&driver, n, size))
		bad_line("%s has no memory for %lu bytes", strategy->name, size);
}

static void do_free(unsigned long n)
{
	if (n >= driver.nr_objects || !driver.objects[n].p)
		bad_line("there is no object %lu", n);
	lab_do_free(&driver, n);
}

/* ---- what shows it */

static void show_objects(void)
{
	unsigned int i;

	for (i = 0; i < driver.nr_objects; i++) {
		struct lab_object *object = &driver.objects[i];

		if (object->p)
			printf("%u %zu %zu\n", i, (char *)lab_at(&lab, object->p) - lab.arena.base,
			       object->size);
	}
}

static void show_hole(void *arg, enum lab_kind kind, const void *start, size_t size)
{
	if (kind == LAB_FREE)
		printf("%zu %zu\n", (const char *)start - lab.arena.base, size);
}

static void show_holes(void)
{
	strategy->walk(&lab, show_hole, NULL);
}

static void show_result(void)
{
	const struct lab_result *result = &driver.result;
	struct lab_use use;

	lab_use_now(&driver, &use);
	printf("operations %lu, failed %lu, cycles of each %llu, of the longest %llu\n",
	       result->ops, result->failed,
	       (unsigned long long)(result->ops ? result->clock / result->ops : 0),
	       (unsigned long long)result->longest);
	printf("asked      %zu bytes (at most %zu)\n", use.asked, result->asked_peak);
	printf("taken      %zu bytes of pages (at most %zu), of which\n", use.taken,
	       lab.arena.peak << PAGE_SHIFT);
	/* Below 0 in a drawing where the header is a part of what was asked for */
	printf("  slack    %zd bytes more than was asked for\n", (ssize_t)use.slack);
	printf("  free     %zu bytes, in one piece at most %zu\n", use.free, use.largest);
	printf("  overhead %zu bytes of headers, metadata and what is lost\n", use.overhead);
}

/* A cell is as many bytes, a power of two, as it takes to show all. */
static void show_map(void)
{
	static char cells[MAP_COLUMNS * MAP_ROWS];
	size_t length = lab_map_length(&lab), bytes = 16, i;

	while (bytes * sizeof(cells) < length)
		bytes *= 2;
	if (lab_map(&driver, cells, sizeof(cells), bytes, 0))
		bad_line("no memory for the map");
	printf("%zu bytes each: %c object  %c less than half  %c free  %c metadata  %c lost\n",
	       bytes, MAP_OBJECT, MAP_SOME, MAP_FREE, MAP_META, MAP_LOST);
	for (i = 0; i * bytes < length; i += MAP_COLUMNS)
		printf("%8zu |%.*s|\n", i * bytes, MAP_COLUMNS, cells + i);
}

/* ---- lines */

static const struct command {
	const char *name;
	const char *what;		/* its word, if it has one */
	void (*with)(unsigned long number);
	void (*alone)(void);
} commands[] = {
	{ "alloc", "SIZE", do_alloc, NULL },
	{ "free", "NUMBER", do_free, NULL },
	{ "reset", NULL, NULL, open_arena },
	{ "map", NULL, NULL, show_map },
	{ "objects", NULL, NULL, show_objects },
	{ "holes", NULL, NULL, show_holes },
	{ "result", NULL, NULL, show_result },
};

static unsigned long number_of(const char *word)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || errno)
		bad_line("'%s' is no number", word);
	return number;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	bad_line("'%s' is none of alloc, free, reset, map, objects, holes, result", name);
}

static void do_line(char *line)
{
	const char *blank = " \t\r\n", *name, *word;
	const struct command *command;

	line[strcspn(line, "#")] = '\0';
	name = strtok(line, blank);
	if (!name)
		return;
	command = find(name);
	word = strtok(NULL, blank);
	if (command->with && !word)
		bad_line("%s what? Write: %s %s", name, name, command->what);
	if (word && (command->alone || strtok(NULL, blank)))
		bad_line("there is more than a line needs: %s%s%s", name, command->what ? " " : "",
			 command->what ? command->what : "");
	if (command->with)
		command->with(number_of(word));
	else
		command->alone();
}

int main(int argc, char **argv)
{
	size_t room = 0;
	char *line = NULL;
	ssize_t n;

	if (argc == 3 && !strcmp(argv[1], "--lecture")) {
		unit = 1;
		argv++;
		argc--;
	}
	if (argc != 2) {
		fputs("usage: script [--lecture] STRATEGY <FILE\n", stderr);
		return 2;
	}
	strategy = lab_find(argv[1]);
	if (!strategy) {
		fprintf(stderr, "script: there is no strategy '%s'\n", argv[1]);
		return 2;
	}
	open_arena();
	while ((n = getline(&line, &room, stdin)) >= 0) {
		line_number++;
		if (strlen(line) != (size_t)n)
			bad_line("it is no text");
		do_line(line);
	}
	free(line);
	lab_drive_end(&driver);
	return 0;
}
