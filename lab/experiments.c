// SPDX-License-Identifier: GPL-2.0
/*
 * experiments.c - small experiments on claims that no other program of the lab decides.
 *
 * usage: experiments
 *
 * A strategy that is not compiled in is named on stderr, and has no rows.
 *
 * Prints a table (CSV): name,value,unit. Comments name the claims that a function is for.
 */
#include "experiments.h"

/* The number after a name in a file, or the fourth one without a name; -1 if there is none. */
static long number_in(const char *path, const char *format)
{
	FILE *file = fopen(path, "r");
	char line[256];
	long number = -1;

	while (file && number < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &number) != 1)
			number = -1;
	if (file)
		fclose(file);
	return number;
}

/* 166, 235, 299: the bytes of kernel stacks, by the number of threads of the system. */
static void kernel_stack(void)
{
	long kib = number_in("/proc/meminfo", "KernelStack: %ld");
	long threads = number_in("/proc/loadavg", "%*f %*f %*f %*d/%ld");

	if (kib > 0 && threads > 0)
		figure("kernel_stack", 1024.0 * kib / threads, "bytes");
	else
		puts("kernel_stack,-,bytes");
}

int main(void)
{
	puts("name,value,unit");
	kernel_stack();
	experiments_blocks();
	experiments_hoard();
	return 0;
}
