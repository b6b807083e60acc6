// SPDX-License-Identifier: GPL-2.0
/*
 * properties.c - print what the strategies lack by design, as CSV.
 *
 * usage: properties DIRECTORY
 *   DIRECTORY  has the source of strategies, NAME.c, of which the lines are counted
 *
 * A property is 1 if it is lacking. Lines are "-" if there is no file.
 */
#include <stdio.h>

#include "../mod/lab/lab.h"

/* Print the number of lines of a file. */
static void print_lines(const char *directory, const char *name)
{
	unsigned long lines = 0;
	char path[PATH_MAX];
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s/%s.c", directory, name);
	file = fopen(path, "r");
	if (!file) {
		printf(",-");
		return;
	}
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	printf(",%lu", lines);
}

static void print_strategy(const struct lab_strategy *strategy, const char *directory)
{
	static const unsigned int columns[] = {
		LAB_NO_FREE, LAB_ONE_SIZE, LAB_NO_MERGE, LAB_NO_THREADS,
		LAB_NO_RETURN, LAB_MOVES, LAB_UNALIGNED, LAB_NO_SIZE, LAB_UNBOUNDED,
	};
	unsigned int i;

	printf("%s", strategy->name);
	print_lines(directory, strategy->name);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		printf(",%d", !!(strategy->lacks & columns[i]));
	/* A text may have commas, and has no quotes. */
	printf(",\"%s\"\n", strategy->text);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc != 2) {
		fprintf(stderr, "usage: properties DIRECTORY\n");
		return 2;
	}
	printf("strategy,lines,no_free,one_size,no_merge,no_threads,no_return,moves,unaligned,"
	       "no_size,unbounded,text\n");
	for (i = 0; i < lab_nr_strategies; i++)
		print_strategy(lab_strategies[i], argv[1]);
	return 0;
}
