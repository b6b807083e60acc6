// SPDX-License-Identifier: GPL-2.0
/*
 * programs.c - programs: a state, and calls for two or three CPUs and for interrupts.
 *
 * A program is a line of text:
 *
 *	STATE: CALL [LETTERS], ... | CALL, ... | nmi0 CALL, ... | irq1 CALL, ...
 *
 * The first parts are tasks on the CPUs 0, 1 and 2; the others are interrupts that come once,
 * anywhere, on the CPU they name. A letter names a piece of memory; a-d are four, one after
 * the other. A state is made by the same calls in a fixed order, on the CPU after @.
 */
#include "magazine.h"

#include "races.h"

#define MAX_CALLS	64u
#define MAX_PARTS	8u

/* ---- parser ---- */

struct call {
	const struct verb *verb;
	char letter;
};

struct part {
	enum task_kind kind;
	unsigned int cpu, nr;
	char name[16];
	struct call call[MAX_CALLS];
};

static struct part parts[MAX_PARTS];
static unsigned int nr_parts;

static const char *skip(const char *text)
{
	return text + strspn(text, " ");
}

static void add_call(struct part *part, const struct verb *verb, char letter)
{
	if (part->nr == ARRAY_SIZE(part->call))
		explore_failed("there are too many calls");
	part->call[part->nr++] = (struct call) { verb, letter };
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c < '0' + (char)SHIM_CPUS);
}

/* Parse a call with its letters; return the rest of the text. */
static const char *parse_call(struct part *part, const char *text)
{
	size_t length = strcspn(text, " ,|");
	const struct verb *verb = find_verb(text, length);
	bool any = false;

	text = skip(text + length);
	while (*text && *text != ',' && *text != '|') {
		char letter = *text++, last = letter;

		if (*text == '-') {
			last = text[1];
			text += 2;
		}
		if (!is_letter(letter) || !is_letter(last) || (*text && !strchr(" ,|", *text)))
			explore_failed("'%.9s' are no letters", text - 1);
		for (; letter <= last; letter++)
			add_call(part, verb, letter);
		any = true;
		text = skip(text);
	}
	if (!any)
		add_call(part, verb, 0);
	return skip(text);
}

static const char *parse_calls(struct part *part, const char *text)
{
	for (text = skip(text); *text && *text != '|';) {
		text = parse_call(part, text);
		if (*text == ',')
			text = skip(text + 1);
	}
	return text;
}

static const char *parse_part(struct part *part, unsigned int cpu, const char *text)
{
	*part = (struct part) { .cpu = cpu };
	text = skip(text);
	if (!strncmp(text, "nmi", 3) || !strncmp(text, "irq", 3)) {
		part->kind = *text == 'n' ? TASK_NMI : TASK_IRQ;
		part->cpu = text[3] - '0';
		snprintf(part->name, sizeof(part->name), "%s on %u",
			 *text == 'n' ? "NMI" : "IRQ", part->cpu);
		text = skip(text + 4);
	} else {
		snprintf(part->name, sizeof(part->name), "CPU %u", cpu);
	}
	return parse_calls(part, text);
}

static void run_part(void *arg)
{
	struct part *part = arg;
	unsigned int i;

	for (i = 0; i < part->nr; i++) {
		struct call *call = &part->call[i];

		if (sched_exploring)
			explore_print("%s%s%.1s", call->verb->name, call->letter ? " " : "",
				      &call->letter);
		call->verb->fn(call->letter);
	}
}

/* ---- states ---- */

static const struct state {
	const char *name;
	unsigned int size, cpus, nodes;
	const char *calls;
	/* Calls for programs of two parts, for CPU 0, CPU 1 and an NMI. */
	const char *first, *second, *nmi;
} states[] = {
	/* Some objects of one slab, magazines nearly empty */
	{ "warm", 512, 2, 1, "@0 alloc a-d",
	  "free a;alloc;free a, alloc;bulk;inner a;wrong a;shrink;grow;giveup;age;free a, free b, free c",
	  "free a;free b;alloc;bulk;kfree b;shrink;drain;grow;age",
	  "free b;alloc;free a" },
	/* Full magazines */
	{ "full", 512, 2, 1, "@0 alloc a-d, full, @1 full",
	  "free a;free a, alloc;alloc;shrink;grow;giveup;age;squeeze",
	  "free a;free b;alloc;shrink;flush;giveup",
	  "free b;alloc;free b, free c" },
	/* A slab with one object, and another that is kept empty */
	{ "edge", 8192, 2, 1, "@0 alloc a-p, free b-p, drain",
	  "free a;free a, flush;free a, shrink;alloc;flush;shrink;squeeze",
	  "free a, flush;free a, shrink;alloc, flush;shrink;alloc;squeeze;age",
	  "free a;alloc" },
	/* The same, and the object is in two magazines */
	{ "twice", 8192, 2, 1, "@0 alloc a-p, free b-p, drain, free a, @1 free a",
	  "flush;shrink;alloc;alloc, flush;age;grow;giveup",
	  "flush;shrink;alloc;drain;giveup",
	  "alloc" },
	/* Objects that share lines, with neighbours on another CPU */
	{ "lines", 32, 2, 1, "@0 alloc a-h, drain, @1 alloc i-l, free a-c",
	  "free i;free i, alloc;alloc;shrink;bulk;age;giveup",
	  "free d;free d, free e;alloc;flush;shrink;free i",
	  "free d;free j;alloc" },
	/* Slabs in the node home: their CPU is offline */
	{ "node-home", 512, 2, 1, "@1 alloc a-f, free a b, @0 dead 1, online 1",
	  "alloc;free c;bulk;shrink;dead 1, alloc;alloc, free c",
	  "alloc;free c;free d;shrink;bulk;squeeze",
	  "free e;alloc" },
	/* Slabs in the home of the other CPU */
	{ "foreign", 512, 2, 1, "@1 alloc a-f, free b, drain",
	  "alloc;bulk;free a;free a, alloc;shrink;dead 1;dead 1, alloc;alloc, free a",
	  "alloc;free c;free a;alloc, free c;flush;shrink;bulk",
	  "free d;alloc" },
	/* Blocks of pages, one of which was just freed */
	{ "blocks", 512, 2, 1, "@0 block a-c, pfree c, page p",
	  "pfree a;block;pfree a, block;kfree a;porder a;agepages;poolshrink;pfree p",
	  "pfree a;pfree b;block;kfree a;pfree b, block;agepages;poolshrink;page",
	  "pfree a;kfree b;pfree p" },
	/* Blocks in the magazines of two CPUs, which hold one or a few */
	{ "runs", 512, 2, 1, "@0 exact a-d, block p-r, efree d, pfree r, @1 exact e f, efree f",
	  "efree a;exact;pfree p;block;efree a, exact;pfree p, pfree q;esize a;pflush;pdrain;pgrow;"
	  "pgiveup;pscan;agepages;poolshrink",
	  "efree b;exact;pfree q;block;efree a;efree b, efree c;pflush;pdrain;pgrow;pgiveup;"
	  "pscan;poolshrink;dead 0",
	  "efree c;exact;pfree q;block" },
	/* A second cache to be destroyed, with a freed object */
	{ "other", 512, 2, 1, "@0 alloc a, alloc-other x y, @1 alloc b, @0 kfree x y",
	  "destroy",
	  "kfree x;alloc;free b;inner x;shrink;squeeze;giveup;page",
	  "kfree x;alloc" },
	/* Two nodes, with slabs of each in their node homes */
	{ "nodes", 512, 2, 2, "@0 alloc a-c, @1 alloc d-f, drain",
	  "free d;alloc;free a;alloc-node;shrink;dead 1, alloc",
	  "free a;alloc;free d;alloc-node;bulk;shrink",
	  "free d;alloc" },
	/* Three CPUs, one of which may go offline */
	{ "three", 512, 3, 1,
	  "@0 alloc a-d, @1 alloc e-h, @2 alloc i-l, @0 free e, @1 free i, drain",
	  "free a;alloc;free j;shrink;dead 2;bulk;age;grow;flush;inner b;squeeze;giveup",
	  "free b;alloc;free f;kfree k;drain;flush;wrong g;bulk;poolshrink",
	  "free c;alloc;free g" },
	{ "three-edge", 8192, 3, 1, "@0 alloc a-p, free b-p, drain",
	  "free a;alloc;flush;shrink;bulk;age;squeeze;block;giveup",
	  "free a;alloc;flush;drain;bulk;page;poolshrink;agepages;grow",
	  "free a;alloc" },
};

/* Programs that are longer, or have three CPUs or several interrupts. */
static const struct {
	const char *text;
	unsigned int bound;
} chosen[] = {
	{ "edge: free a, flush | free a, flush", 3 },
	{ "edge: free a | free a, shrink, page", 1 },
	{ "edge: free a | free a, shrink, alloc-other x", 1 },
	{ "twice: flush | flush", 3 },
	{ "foreign: alloc, alloc, free a | free c, flush, alloc", 2 },
	{ "warm: free a, free b, alloc, alloc | free c, shrink", 2 },
	{ "warm: alloc | nmi0 free a | nmi0 free b", 2 },
	{ "warm: free a | nmi0 free b, alloc", 3 },
	{ "warm: alloc, free a | nmi0 alloc | nmi0 alloc", 2 },
	{ "full: free a | nmi0 free b | nmi0 free c", 3 },
	{ "full: free a, free b | free c | nmi0 free d", 2 },
	{ "blocks: alloc | nmi0 pfree a | nmi0 pfree b", 3 },
	{ "runs: exact | nmi0 efree a | nmi0 efree b", 3 },
	{ "blocks: pfree a | pfree a | nmi0 pfree b", 2 },
	{ "blocks: pfree a, block | pfree b, block", 3 },
	{ "blocks: pfree p, poolshrink, block | pfree c, pfree b, alloc", 1 },
	{ "runs: efree a | efree a", 3 },
	{ "runs: efree a, efree b | efree c, exact | nmi0 exact", 2 },
	{ "runs: pfree p | pgiveup, block | nmi0 pfree q", 2 },
	{ "warm: alloc | giveup", 3 },
	{ "warm: alloc, free a | grow", 3 },
	{ "full: free a | irq0 free b | irq1 alloc", 2 },
	{ "three: free a, alloc | free e, alloc | free j", 2 },
	{ "three: dead 2, alloc | alloc, free j | free i", 2 },
	{ "three: alloc | alloc | shrink", 2 },
	{ "three: shrink | grow | free a, alloc", 1 },
	{ "warm: rcu a | free b, flush", 3 },
	{ "warm: rcu a, barrier | alloc, free b", 2 },
	{ "warm: rcu a, barrier | dead 0, alloc", 2 },
	{ "warm: rcu a | nmi0 rcu b", 2 },
	{ "warm: rcu a | rcu a", 3 },
	{ "three-edge: free a, flush | free a, flush | free a, flush", 1 },
	{ "three-edge: free a, flush | alloc, flush | free a, flush", 1 },
};

static const struct state *state;
bool program_strict;

static const struct state *find_state(const char *text)
{
	size_t length = strcspn(text, ":");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		if (strlen(states[i].name) == length && !strncmp(states[i].name, text, length))
			return &states[i];
	explore_failed("there is no state '%.*s'", (int)length, text);
}

/* Run a task to its end without exploring. */
static void run_alone(unsigned int cpu, const char *what, void (*fn)(void *arg), void *arg)
{
	tasks_forget();
	task_add(TASK_PROCESS, cpu, what, fn, arg);
	tasks_run();
	tasks_forget();
}

static void load(void *arg)
{
	calls_load(state->size);
}

static void make_state(void)
{
	const char *text = state->calls;

	while (*text) {
		struct part part = { .cpu = 0 };
		const char *end = strchr(text + 1, '@') ?: text + strlen(text);
		char calls[256];

		snprintf(calls, sizeof(calls), "%.*s", (int)(end - text), text);
		part.cpu = calls[1] - '0';
		parse_calls(&part, skip(calls + 2));
		run_alone(part.cpu, "state", run_part, &part);
		text = end;
	}
}

void program_prepare(const char *text)
{
	state = find_state(text);
	text += strcspn(text, ":") + 1;
	nr_parts = 0;
	while (*text) {
		if (nr_parts == MAX_PARTS)
			explore_failed("there are too many parts");
		text = parse_part(&parts[nr_parts], nr_parts, text);
		nr_parts++;
		text += *text == '|';
	}
	shim_machine(state->cpus, state->nodes, false);
	/* A chunk at the start of memory would not be in the map. */
	shim_memory_reset(64);
	*(unsigned int *)shim_param_chunk_order = 6;
	*(unsigned int *)shim_param_magazine_bytes = MAGAZINE_BYTES_DEFAULT;
	*(bool *)shim_param_strict = program_strict;
	run_alone(0, "load", load, NULL);
	make_state();
	world_save();
}

/* ---- a schedule ---- */

static void check(void *arg)
{
	oracle_check();
	calls_clean_up();
	oracle_end();
}

bool program_run(void)
{
	unsigned int i;
	bool ended;

	world_restore();
	tasks_forget();
	for (i = 0; i < nr_parts; i++)
		task_add(parts[i].kind, parts[i].cpu, parts[i].name, run_part, &parts[i]);
	sched_exploring = true;
	ended = tasks_run();
	sched_exploring = false;
	if (ended) {
		explore_print("all have ended");
		/* What an offline CPU frees would stay in its magazines. */
		run_alone(__ffs(shim_online), "check", check, NULL);
	}
	return ended;
}

/* ---- all programs ---- */

static void combine(const struct state *s, const char *seconds, const char *prefix,
		    void (*fn)(const char *text, unsigned int bound))
{
	const char *one, *two;
	char text[256];

	for (one = s->first; *one; one += strcspn(one, ";"), one += *one == ';')
		for (two = seconds; *two; two += strcspn(two, ";"), two += *two == ';') {
			snprintf(text, sizeof(text), "%s: %.*s | %s%.*s", s->name,
				 (int)strcspn(one, ";"), one, prefix, (int)strcspn(two, ";"), two);
			fn(text, 2);
		}
}

void program_each(bool all, void (*fn)(const char *text, unsigned int bound))
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(chosen); i++)
		fn(chosen[i].text, chosen[i].bound);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		/* With three CPUs there are too many; see program_random(). */
		if (states[i].cpus > 2)
			continue;
		combine(&states[i], states[i].second, "", fn);
		combine(&states[i], states[i].nmi, "nmi0 ", fn);
	}
}

/* Append a call of a list, selected by a number. */
static size_t add_any(char *text, size_t size, const char *calls, u64 number)
{
	unsigned int nr = 1, pick;
	const char *c;

	for (c = calls; *c; c++)
		nr += *c == ';';
	for (pick = number % nr; pick; pick--)
		calls += strcspn(calls, ";") + 1;
	return snprintf(text, size, "%.*s", (int)strcspn(calls, ";"), calls);
}

void program_random(u64 seed, char *text, size_t size)
{
	u64 random = access_mix(seed, 1);
	const struct state *s = &states[random % ARRAY_SIZE(states)];
	size_t n = snprintf(text, size, "%s:", s->name);
	unsigned int cpu, calls;

	for (cpu = 0; cpu < s->cpus; cpu++) {
		n += snprintf(text + n, size - n, "%s", cpu ? " | " : " ");
		random = access_mix(random, cpu);
		for (calls = 2 + random % 4; calls; calls--) {
			random = access_mix(random, calls);
			n += add_any(text + n, size - n, cpu ? s->second : s->first, random >> 8);
			if (calls > 1)
				n += snprintf(text + n, size - n, ", ");
		}
	}
	for (calls = random % 3; calls; calls--) {
		random = access_mix(random, calls);
		n += snprintf(text + n, size - n, " | nmi%u ", (unsigned int)(random % s->cpus));
		n += add_any(text + n, size - n, s->nmi, random >> 8);
	}
	shim_expect(n < size);
}
