// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the command line, and a process for each program.
 *
 *	races [-a] [-b BOUND] [-m MOST] [-s SEED] [-t] [PROGRAM...]
 *	races [-d] -p PROGRAM SCHEDULE
 *	races -r PROGRAMS [-s SEED] [-t]
 *	races [-a] -l
 *
 * The first runs programs in all schedules, and with -t prints the one that fails; the second
 * prints one; the third runs large programs in random schedules; the last lists programs.
 * With -S slabmod is in strict mode. See scripts/races.
 *
 * An error ends the process that found it, as AddressSanitizer does. The parent reads the
 * schedule in shared memory, and has it run again and printed.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "debugfs.h"
#include "params.h"

#include "races.h"

int debugfs_init(void)
{
	return 0;
}

void debugfs_exit(void)
{
}

bool params_unknown(void)
{
	return false;
}

LASTING

/* Instead of a bound: the number of random schedules, and of changes of priority in each. */
#define AT_RANDOM	~1u
#define RANDOM_RUNS	300
#define RANDOM_CHANGES	3

static unsigned int bound_requested = ~0u, large, most = 3000, failures, programs, incomplete;
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

/* Read the message of a sanitizer. */
static void read_log(char *what, size_t size)
{
	char line[1024], *found;

	rewind(log);
	while (fgets(line, sizeof(line), log)) {
		line[strcspn(line, "\n")] = '\0';
		found = strstr(line, "AddressSanitizer: ");
		if (!found && strstr(line, "runtime error: "))
			found = line;
		if (!found || strstr(line, "WARNING"))
			continue;
		snprintf(what, size, "%s", found);
		return;
	}
	snprintf(what, size, "the process died");
}

/* Call @fn in a process of its own; return false if that failed. */
static bool run_apart(void (*fn)(const char *text, void *arg), const char *text, void *arg,
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

static void print_program(const char *text, void *arg)
{
	begin(text);
	explore_printing = true;
	shim_verbose = true;
	explore_one(program_run, arg);
}

static void run_at_random(const char *text, void *arg)
{
	begin(text);
	explore_random(program_run, RANDOM_RUNS, *(u64 *)arg, RANDOM_CHANGES);
}

static void run_schedule(const char *text, void *arg)
{
	begin(text);
	explore_one(program_run, arg);
}

/* Remove unnecessary deviations from a failing schedule, in ever shorter runs. */
static void minimise(const char *text, struct outcome *was)
{
	struct schedule *schedule = &was->schedule, less;
	unsigned int length, at;

	for (length = max(schedule->nr / 2, 1u); length; length /= 2)
		for (at = 0; at + length <= schedule->nr;) {
			less = *schedule;
			less.nr -= length;
			memmove(&less.deviation[at], &less.deviation[at + length],
				(less.nr - at) * sizeof(less.deviation[0]));
			if (run_apart(run_schedule, text, &less, true)) {
				at += length;
				continue;
			}
			*schedule = less;
		}
	/* The error may be another one now. */
	less = *schedule;
	run_apart(run_schedule, text, &less, true);
	memcpy(was->what, outcome->what, sizeof(was->what));
	was->failed = outcome->failed;
	was->preemptions = schedule->nr;
	if (!was->failed)
		read_log(was->what, sizeof(was->what));
}

static void explore(const char *text, unsigned int bound)
{
	double began = now();
	struct schedule copy;
	struct outcome was;
	bool fine;

	if (bound_requested != ~0u && bound != AT_RANDOM)
		bound = bound_requested;
	else if (everything && bound != AT_RANDOM)
		bound++;
	access_init();
	if (bound == AT_RANDOM)
		fine = run_apart(run_at_random, text, &seed, true);
	else
		fine = run_apart(explore_program, text, &bound, true);
	was = *outcome;
	if (!fine && !was.failed)
		read_log(was.what, sizeof(was.what));
	if (!fine && bound == AT_RANDOM)
		minimise(text, &was);
	programs++;
	schedules += was.schedules;
	incomplete += was.cut;
	if (fine && !verbose) {
		access_forget();
		return;
	}
	printf("%s %s: %u schedules to the end, %u to a known state, bound %u%s, %.1f s\n",
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
		run_apart(print_program, text, &copy, true);
	access_forget();
}

/* Learn first which accesses matter, as far as the error allows. */
static bool print_one(const char *text, const struct schedule *schedule)
{
	struct schedule copy = *schedule;
	unsigned int bound = 1;
	bool fine;

	access_init();
	run_apart(explore_program, text, &bound, true);
	fine = run_apart(print_program, text, &copy, false);
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
	char text[1024];
	unsigned int i;
	int option;

	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	log = tmpfile();
	shim_expect(log && outcome != MAP_FAILED);
	while ((option = getopt(argc, argv, "ab:dlm:p:r:s:Stv")) != -1)
		switch (option) {
		case 'a':
			everything = true;
			break;
		case 'b':
			bound_requested = atoi(optarg);
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
			return !print_one(optarg, &schedule);
		case 'r':
			large = atoi(optarg);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'S':
			program_strict = true;
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
	if (!programs && !large)
		program_each(everything, explore);
	for (i = 0; i < large; i++, seed++) {
		program_random(seed, text, sizeof(text));
		explore(text, AT_RANDOM);
	}
	printf("%u programs, %lu schedules, %u fail, %u not to the end\n", programs, schedules,
	       failures, incomplete);
	return !!failures;
}
