// SPDX-License-Identifier: GPL-2.0
/*
 * explore.c - which schedules of a program are run, and in which order.
 *
 * A schedule is a list of deviations from the plain one, in which a task runs until it waits or
 * ends, and then the first runnable one: at such a step such a task continues. Each schedule is
 * run from the beginning. At each step after its last deviation where a switch could matter, the
 * schedules with one deviation more are queued: those with one preemption more for the next bound,
 * those without, where a task had to wait, at the end of this one (as CHESS does). So the first
 * schedule that fails has the minimum number of preemptions. A schedule ends when it reaches a
 * state that an earlier one reached: that one had no more preemptions, and its continuations have
 * been run or queued.
 *
 * Which accesses matter is learned on the way (access.c). If more of them matter at the end of a
 * bound, everything is repeated.
 */
#include <stdarg.h>
#include <sys/mman.h>
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include "races.h"

LASTING

#define MAX_NODES	(4u << 20)
#define MIN_SEEN	(1u << 12)
#define MAX_BOUND	8u
/* More steps mean a livelock. */
#define MAX_STEPS	2000000u

struct outcome *outcome;
bool explore_printing, explore_in_detail;

/* A queued schedule: its last deviation, and the schedule it deviates from. */
struct node {
	u32 parent;			/* 0: the plain one */
	u32 step;
	u32 next;			/* in its queue */
	u8 task;
};

static struct node *nodes;
static u32 nr_nodes, node_now;
static struct queue {
	u32 first, last;
} queue[MAX_BOUND + 1];

static u64 *seen;
static u32 nr_seen, size_seen;

static enum { MODE_ALL, MODE_RANDOM, MODE_ONE } mode;
static u32 step, done;
static unsigned int level, choices;
static bool pruned;

/* ---- the queue ---- */

static void put_down(unsigned int bound, unsigned int task)
{
	u32 node = nr_nodes;

	if (bound > MAX_BOUND)
		return;
	if (nr_nodes == MAX_NODES) {
		outcome->cut = true;
		return;
	}
	nr_nodes++;
	nodes[node] = (struct node) { .parent = node_now, .step = step, .task = task };
	if (queue[bound].last)
		nodes[queue[bound].last].next = node;
	else
		queue[bound].first = node;
	queue[bound].last = node;
}

static bool take_up(unsigned int bound)
{
	struct schedule *schedule = &outcome->schedule;
	u32 node = queue[bound].first;
	unsigned int i;

	if (!node)
		return false;
	queue[bound].first = nodes[node].next;
	if (!queue[bound].first)
		queue[bound].last = 0;
	node_now = node;
	schedule->nr = 0;
	for (; node; node = nodes[node].parent)
		schedule->nr++;
	shim_expect(schedule->nr <= MAX_DEVIATIONS);
	i = schedule->nr;
	for (node = node_now; node; node = nodes[node].parent)
		schedule->deviation[--i] = (struct deviation) {
			nodes[node].step, nodes[node].task,
		};
	return true;
}

static void *room(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	shim_expect(p != MAP_FAILED);
	return p;
}

static bool see(u64 signature);

/* Double its size. */
static void enlarge_seen(void)
{
	u32 size = size_seen, i;
	u64 *old = seen;

	size_seen = size ? 2 * size : MIN_SEEN;
	seen = room(size_seen * sizeof(*seen));
	nr_seen = 0;
	for (i = 0; i < size; i++)
		if (old[i])
			see(old[i]);
	if (old)
		munmap(old, size * sizeof(*old));
}

/* Return true if a state is new. */
static bool see(u64 signature)
{
	u32 i;

	if (2 * nr_seen >= size_seen)
		enlarge_seen();
	signature += !signature;
	for (i = signature & (size_seen - 1); seen[i]; i = (i + 1) & (size_seen - 1))
		if (seen[i] == signature)
			return false;
	seen[i] = signature;
	nr_seen++;
	return true;
}

static void forget_seen(void)
{
	if (seen)
		munmap(seen, size_seen * sizeof(*seen));
	seen = NULL;
	nr_seen = 0;
	size_seen = 0;
}

/* ---- priorities (Burckhardt and others, 2010) ---- */

static u64 seed;
static int priority[MAX_TASKS];
static unsigned int nr_changes, points_last;
static u32 change_at[16];
static int lowest;

static u64 random64(void)
{
	seed += 0x9e3779b97f4a7c15ul;
	return access_mix(seed, seed >> 31);
}

static void draw_priorities(void)
{
	unsigned int i;

	lowest = 0;
	for (i = 0; i < MAX_TASKS; i++)
		priority[i] = 1 + random64() % 1000000;
	for (i = 0; i < nr_changes; i++)
		change_at[i] = 1 + random64() % max(points_last, 1u);
}

static unsigned int by_priority(unsigned int now, u32 enabled)
{
	unsigned int i, best = __ffs(enabled);

	choices++;
	for (i = 0; i < nr_changes; i++)
		if (change_at[i] == choices && now < MAX_TASKS)
			priority[now] = --lowest;
	for (i = 0; i < MAX_TASKS; i++)
		if (enabled & BIT(i) && priority[i] > priority[best])
			best = i;
	return best;
}

static void note_deviation(unsigned int task)
{
	struct schedule *schedule = &outcome->schedule;

	if (schedule->nr == MAX_DEVIATIONS)
		task_give_up();
	schedule->deviation[schedule->nr++] = (struct deviation) { step, task };
}

/* ---- a step ---- */

bool explore_step(bool matters, bool must)
{
	if (++step > MAX_STEPS)
		explore_failed("no end after %u steps", step);
	if (must)
		return true;
	if (mode == MODE_RANDOM)
		return matters;
	if (done < outcome->schedule.nr)
		return outcome->schedule.deviation[done].step == step;
	return mode == MODE_ALL && matters;
}

static unsigned int plain(unsigned int now, u32 enabled)
{
	return now < MAX_TASKS && enabled & BIT(now) ? now : __ffs(enabled);
}

static unsigned int choose_all(unsigned int now, u32 enabled)
{
	bool must = now >= MAX_TASKS;
	unsigned int next = plain(now, enabled), task;

	if (!see(access_mix(tasks_signature(), now + 1))) {
		pruned = true;
		task_give_up();
	}
	for (task = 0; task < MAX_TASKS; task++)
		if (enabled & BIT(task) && task != next)
			put_down(level + !must, task);
	return next;
}

unsigned int explore_choose(unsigned int now, u32 enabled, bool matters)
{
	unsigned int next = plain(now, enabled);

	if (mode == MODE_RANDOM) {
		unsigned int best = by_priority(now, enabled);

		if (best != next)
			note_deviation(best);
		next = best;
	} else if (done < outcome->schedule.nr) {
		const struct deviation *deviation = &outcome->schedule.deviation[done];

		if (deviation->step == step) {
			done++;
			if (!(enabled & BIT(deviation->task))) {
				if (mode == MODE_ALL)
					shim_die("task %u cannot go on at step %u", deviation->task,
						 step);
				return next;
			}
			next = deviation->task;
		}
	} else if (mode == MODE_ALL) {
		next = choose_all(now, enabled);
	}
	if (explore_printing && next != now && now < MAX_TASKS)
		explore_print("is preempted before that, at step %u", step);
	return next;
}

/* ---- schedules ---- */

static bool run_once(run_fn run)
{
	bool ended;

	step = 0;
	done = 0;
	choices = 0;
	pruned = false;
	access_restart();
	ended = run();
	if (ended)
		outcome->schedules++;
	else
		outcome->pruned++;
	return ended;
}

static void forget_all(void)
{
	unsigned int i;

	for (i = 0; i <= MAX_BOUND; i++)
		queue[i] = (struct queue) { 0 };
	nr_nodes = 1;
	forget_seen();
	node_now = 0;
	outcome->schedule.nr = 0;
	outcome->preemptions = 0;
}

/* Run all schedules with @level preemptions; return false if there are too many. */
static bool run_level(run_fn run, unsigned int most)
{
	outcome->preemptions = level;
	if (!level)
		run_once(run);
	while (take_up(level)) {
		if (outcome->schedules + outcome->pruned >= most) {
			outcome->cut = true;
			return false;
		}
		run_once(run);
	}
	return true;
}

void explore_all(run_fn run, unsigned int bound, unsigned int most)
{
	nodes = room(MAX_NODES * sizeof(*nodes));
	mode = MODE_ALL;
	forget_all();
	for (level = 0; level <= bound; level++) {
		if (!run_level(run, most))
			break;
		if (access_grew()) {
			forget_all();
			level = -1u;
			continue;
		}
		outcome->bound = level;
	}
	outcome->done = true;
}

void explore_random(run_fn run, unsigned int runs, u64 first_seed, unsigned int changes)
{
	unsigned int i;

	mode = MODE_RANDOM;
	nr_changes = min_t(unsigned int, changes, ARRAY_SIZE(change_at));
	points_last = 50;
	for (i = 0; i < runs; i++) {
		seed = first_seed + i;
		outcome->seed = seed;
		outcome->schedule.nr = 0;
		draw_priorities();
		run_once(run);
		points_last = max(points_last, choices);
	}
	outcome->done = true;
}

void explore_one(run_fn run, const struct schedule *schedule)
{
	mode = MODE_ONE;
	outcome->schedule = *schedule;
	run_once(run);
	outcome->done = true;
}

/* ---- errors and messages ---- */

void explore_failed(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(outcome->what, sizeof(outcome->what), fmt, args);
	va_end(args);
	outcome->what[strcspn(outcome->what, "\n")] = '\0';
	outcome->failed = true;
	explore_print("%s", outcome->what);
	fflush(stdout);
	fprintf(stderr, "%s\n", outcome->what);
	__sanitizer_print_stack_trace();
	_exit(1);
}

void explore_print(const char *fmt, ...)
{
	va_list args;

	if (!explore_printing)
		return;
	printf("  %-10s ", task_now ? task_name(task_number(task_now)) : "");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* Return the line of source at PATH:LINE, without indentation. */
static void source_line(const char *path, unsigned int number, char *line, size_t size)
{
	FILE *file = fopen(path, "r");
	char text[256] = "";
	size_t length;

	line[0] = '\0';
	if (!file)
		return;
	while (number-- && fgets(text, sizeof(text), file))
		;
	fclose(file);
	length = strcspn(text, "\n");
	text[length] = '\0';
	snprintf(line, size, "%s", text + strspn(text, " \t"));
}

/* Skip the part of the path that differs between build trees. */
static const char *short_path(const char *path)
{
	static const char *const roots[] = {
		"/mod/", "/include/slabmod/", "/tools/include/", "/fuzz/",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(roots); i++)
		if (strstr(path, roots[i]))
			return strstr(path, roots[i]) + 1;
	return path;
}

void explore_print_place(const char *how, void *pc)
{
	char place[512], line[200], *path, *colon;

	__sanitizer_symbolize_pc(pc - 1, "%f %S", place, sizeof(place));
	path = strchr(place, ' ');
	if (!path)
		return;
	*path++ = '\0';
	colon = strchr(path, ':');
	if (!colon) {
		/* Code of several lines has none. */
		explore_print("  %s in %s(), %s", how, place, short_path(path));
		return;
	}
	*colon++ = '\0';
	source_line(path, atoi(colon), line, sizeof(line));
	explore_print("  %s in %s(), %s:%d: %s", how, place, short_path(path), atoi(colon), line);
}
