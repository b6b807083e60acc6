// SPDX-License-Identifier: GPL-2.0
/*
 * measure.c - run a command, and print what it took.
 *
 * usage: measure LIBRARY|- LIMIT WAIT COMMAND [ARGUMENT...]
 *
 * Preloads LIBRARY, unless it is "-". A process that uses LIMIT seconds of a CPU gets SIGXCPU. The
 * load of the machine does not matter for that. If the command waits forever, it and its children
 * are killed after WAIT seconds.
 *
 * The last line on stderr is then "measure: SECONDS CPU RSS STATUS": the time, that of the CPUs,
 * the most memory that was resident, in KiB, and the exit status, a signal as -NUMBER, or "stuck".
 *
 * A process counts the memory of the one that started it, up to exec(), as its own. So a small
 * program starts the command, and not the script that asks for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

static pid_t child;
static volatile sig_atomic_t killed_by;

static void on_signal(int number)
{
	killed_by = number;
	kill(-child, SIGKILL);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* In the child. It has a group of processes of its own, to be killed with its children. */
static void start(const char *library, rlim_t limit, char **command)
{
	struct rlimit cpu = { limit, RLIM_INFINITY };

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CPU, &cpu);
	if (strcmp(library, "-"))
		setenv("LD_PRELOAD", library, 1);
	execvp(command[0], command);
	fprintf(stderr, "measure: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static void wait_at_most(long seconds)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	alarm(seconds);
}

static double seconds_of(struct timeval time)
{
	return time.tv_sec + time.tv_usec / 1e6;
}

static void report(double seconds, const struct rusage *usage, int status)
{
	int code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);

	fprintf(stderr, "measure: %.4f %.4f %ld ", seconds,
		seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime), usage->ru_maxrss);
	if (killed_by == SIGALRM)
		fprintf(stderr, "stuck\n");
	else
		fprintf(stderr, "%d\n", code);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status = 0;
	double begin;
	long limit, wait;

	if (argc < 5)
		die("usage: measure LIBRARY|- LIMIT WAIT COMMAND [ARGUMENT...]");
	limit = argument(argc, argv, 2, 1);
	wait = argument(argc, argv, 3, 1);
	begin = now();
	child = fork();
	if (child < 0)
		die("measure: no process");
	if (!child)
		start(argv[1], limit, argv + 4);
	setpgid(child, child);
	wait_at_most(wait);
	while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR)
		;
	report(now() - begin, &usage, status);
	return killed_by == SIGALRM ? 0 : killed_by;
}
