// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the command line, and a process for each program.
 *
 *	races [-a] [-b BOUND] [-m MOST] [-s SEED] [-t] [PROGRAM...]
 *	races [-d] -p PROGRAM SCHEDULE
 *	races [-a] -l
 *
 * The first runs programs under all schedules, and with -t tells the one that breaks
 * something; the second tells one; the third lists programs. See scripts/races.
 *
 * What is found ends the process that found it, as AddressSanitizer does. The parent reads
 * in memory that both have which schedule it was, and has it run again and told.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "debugfs.h"

#include "races.h"

int debugfs_init(void)
{
	return 0;
}

void debugfs_exit(void)
{
}

LASTING

static unsigned int bound_asked = ~0u, most = 20000, failures, programs, incomplete;
static unsigned long schedules;
static bool everything, verbose, telling;
static u64 seed = 1;
static FILE *log;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void print_schedule(FILE *file, const struct schedule *schedule)
{
	unsigned int i;

	if (!schedule->nr)
		fputc('0', file);
	for (i = 0; i < schedule->nr; i++)
		fprintf(file, "%s%u:%u", i ? "," : "", schedule->deviation[i].step,
			schedule->deviation[i].task);
}

static bool read_schedule(const char *text, struct schedule *schedule)
{
	schedule->nr = 0;
	if (!strcmp(text, "0"))
		return true;
	for (;;) {
		struct deviation *d = &schedule->deviation[schedule->nr++];
		int used;

		if (schedule->nr > MAX_DEVIATIONS ||
		    sscanf(text, "%u:%u%n", &d->step, &d->task, &used) != 2)
			return false;
		text += used;
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
}

/* What a sanitizer had to say before it ended the process. */
static void read_log(char *what, size_t size)
{
	char line[1024], *found;

	rewind(log);
	while (fgets(line, sizeof(line), log)) {
		found = strstr(line, "runtime error: ") ?: strstr(line, "ERROR: AddressSanitizer: ");
		if (!found)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(what, size, "%s", *found == 'r' ? line : found + 7);
		return;
	}
	snprintf(what, size, "the process died");
}

/* Calls @fn in a process of its own, which may end in it; true when it did not. */
static bool apart(void (*fn)(const char *text, void *arg), const char *text, void *arg,
		  bool quiet)
{
	int status;
	pid_t pid;

	fflush(stdout);
	memset(outcome, 0, sizeof(*outcome));
	pid = fork();
	if (!pid) {
		if (quiet) {
			shim_expect(!ftruncate(fileno(log), 0));
			rewind(log);
			dup2(fileno(log), 2);
		}
		fn(text, arg);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void begin(const char *text)
{
	world_init();
	program_prepare(text);
}

static void explore_program(const char *text, void *arg)
{
	begin(text);
	explore_all(program_run, *(unsigned int *)arg, most);
}

static void tell_program(const char *text, void *arg)
{
	begin(text);
	explore_telling = true;
	shim_verbose = true;
	explore_one(program_run, arg);
}

static void explore(const char *text, unsigned int bound)
{
	double began = now();
	struct schedule copy;
	struct outcome was;
	bool fine;

	if (bound_asked != ~0u)
		bound = bound_asked;
	access_init();
	fine = apart(explore_program, text, &bound, true);
	was = *outcome;
	if (!fine && !was.failed)
		read_log(was.what, sizeof(was.what));
	programs++;
	schedules += was.schedules;
	incomplete += was.cut;
	if (fine && !verbose) {
		access_forget();
		return;
	}
	printf("%s %s: %u schedules to the end, %u to where another had been, bound %u%s, %.1f s\n",
	       fine ? "ok" : "FAILS", text, was.schedules, was.pruned, was.bound,
	       was.cut ? ", not all" : "", now() - began);
	if (fine) {
		access_forget();
		return;
	}
	failures++;
	printf("  with %u preemptions: %s\n  to see it: scripts/races '%s' ", was.preemptions,
	       was.what, text);
	print_schedule(stdout, &was.schedule);
	putchar('\n');
	copy = was.schedule;
	if (telling)
		apart(tell_program, text, &copy, true);
	access_forget();
}

/* What matters is found out first, as far as that does not break what is looked for. */
static bool tell(const char *text, const struct schedule *schedule)
{
	struct schedule copy = *schedule;
	unsigned int bound = 1;
	bool fine;

	access_init();
	apart(explore_program, text, &bound, true);
	fine = apart(tell_program, text, &copy, false);
	access_forget();
	return fine;
}

static void list(const char *text, unsigned int bound)
{
	printf("%u %s\n", bound, text);
}

int main(int argc, char **argv)
{
	struct schedule schedule;
	int option;

	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	log = tmpfile();
	shim_expect(log && outcome != MAP_FAILED);
	while ((option = getopt(argc, argv, "ab:dlm:p:s:tv")) != -1)
		switch (option) {
		case 'a':
			everything = true;
			break;
		case 'b':
			bound_asked = atoi(optarg);
			break;
		case 'd':
			explore_in_detail = true;
			break;
		case 'l':
			program_each(everything, list);
			return 0;
		case 'm':
			most = atoi(optarg);
			break;
		case 'p':
			if (!argv[optind] || !read_schedule(argv[optind], &schedule))
				return 2;
			return !tell(optarg, &schedule);
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			telling = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return 2;
		}
	if (optind < argc)
		verbose = true;
	for (; optind < argc; optind++)
		explore(argv[optind], 2);
	if (!programs)
		program_each(everything, explore);
	printf("%u programs, %lu schedules, %u fail, %u not to the end\n", programs, schedules,
	       failures, incomplete);
	return !!failures;
}
