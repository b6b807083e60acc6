// SPDX-License-Identifier: GPL-2.0
/*
 * facts.c - measure what lectures say of the operating system, the C library and the machine.
 *
 * usage: facts [LIBRARY...]
 *
 * Prints a table (CSV): name,value,unit. The value is '-' where this machine does not let a process
 * measure it. The unit "flag" is 1 for yes and 0 for no, "signal" is that which ended a child, or
 * 0, and "errno" is that of a failed call, or 0. Each group of facts has a process of its own. A
 * group that fails is named on stderr, and the exit code is 1. For each library with malloc()
 * (build/lab/lab-NAME.so), malloc_pair_NAME is what a pair of malloc() and free() costs with it.
 *
 * Comments name the items of the checklist that a function is for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "facts.h"

/* Seconds for a group */
#define LIMIT	120

/* Few, because some libraries take and give back a page for each */
#define PAIRS	2000

struct group {
	const char *name;
	void (*run)(void);
};

#define GROUP(name)	{ #name, facts_##name }

static const struct group groups[] = {
	GROUP(machine), GROUP(brk), GROUP(lazy), GROUP(zero_page), GROUP(munmap), GROUP(small_mmap),
	GROUP(dontneed), GROUP(calls), GROUP(leak), GROUP(give_back), GROUP(double_free),
	GROUP(aligned), GROUP(small_blocks), GROUP(call_costs), GROUP(walks), GROUP(reuse),
	GROUP(lock), GROUP(migration), GROUP(sharing), GROUP(contention), GROUP(huge_pages),
	GROUP(huge_dontneed), GROUP(gigantic),
};

/* What there is before the first malloc(). */
struct start {
	size_t heap;		/* [heap], which brk() makes */
	size_t anonymous;	/* other memory without a file, but for stacks and this program */
};

static char maps[1 << 16];

/* Read /proc/self/maps, without malloc(). */
static void read_maps(void)
{
	int file = open("/proc/self/maps", O_RDONLY);
	ssize_t n, size = 0;

	if (file < 0)
		die("/proc/self/maps");
	while ((n = read(file, maps + size, sizeof(maps) - 1 - size)) > 0)
		size += n;
	maps[size] = 0;
	close(file);
}

/* Whether a mapping has variables of this program. */
static bool is_own(uintptr_t from, uintptr_t to)
{
	return from < (uintptr_t)(maps + sizeof(maps)) && to > (uintptr_t)maps;
}

static struct start look(void)
{
	struct start start = { 0 };
	unsigned long from, to;
	char *line, *end;
	char name[32];

	read_maps();
	for (line = maps; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %31s", &from, &to, name) < 2)
			continue;
		if (!strcmp(name, "[heap]"))
			start.heap += to - from;
		else if (!name[0] && !is_own(from, to))
			start.anonymous += to - from;
	}
	return start;
}

/* 236: a program starts with no heap. Must come before anything that calls malloc(). */
static void at_start(void)
{
	struct start before = look(), after;

	free(hide(malloc(1)));
	after = look();
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("name,value,unit");
	fact("start_heap", before.heap, "bytes");
	fact("start_anonymous", before.anonymous, "bytes");
	fact("first_malloc_heap", after.heap, "bytes");
	fact("first_malloc_anonymous", after.anonymous - before.anonymous, "bytes");
}

static int run_group(const struct group *group)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		alarm(LIMIT);
		/* Where pages are counted they are small. Those for huge pages undo it. */
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		group->run();
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (!status)
		return 0;
	fprintf(stderr, "facts: %s failed, status %#x\n", group->name, status);
	return 1;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Run this program again, with a library, so that it prints the row. */
static int run_library(const char *library)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		setenv("LD_PRELOAD", library, 1);
		execl("/proc/self/exe", "facts", "--pair", library, NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	if (!status)
		return 0;
	fprintf(stderr, "facts: no figure for %s\n", library);
	return 1;
}

/* 238, with the malloc() of a library. The loader ignores one that it does not find: look. */
static int pair_of(const char *library)
{
	const char *file = last_part(library), *name = strncmp(file, "lab-", 4) ? file : file + 4;

	read_maps();
	if (!strstr(maps, file))
		return 1;
	printf("malloc_pair_%.*s,%.2f,%s\n", (int)strcspn(name, "."), name,
	       least(malloc_pairs, PAIRS), CLOCK_UNIT);
	return 0;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	if (argc == 3 && !strcmp(argv[1], "--pair"))
		return pair_of(argv[2]);
	at_start();
	for (i = 0; i < (int)ARRAY_SIZE(groups); i++)
		failed |= run_group(&groups[i]);
	for (i = 1; i < argc; i++)
		failed |= run_library(argv[i]);
	return failed;
}
