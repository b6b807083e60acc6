// SPDX-License-Identifier: GPL-2.0
/*
 * programs.c - programs: a state, and calls for two or three CPUs and for interrupts.
 *
 * A program is a line of text:
 *
 *	STATE: CALL [LETTERS], ... | CALL, ... | nmi0 CALL, ... | irq1 CALL, ...
 *
 * The first parts are of the CPUs 0, 1 and 2, one task each; the others are of interrupts
 * that come once, anywhere, on the CPU they name. A letter names a piece of memory; a-d are
 * four, one after the other. A state is made by calls of the same kind, in one
 * fixed order, on the CPU that @ says.
 */
#include <slabmod/slabmod.h>

#include "buddy.h"
#include "cache.h"
#include "home.h"
#include "pool.h"
#include "report.h"

#include "races.h"

#define LETTERS		26u
#define MAX_CALLS	16u
#define MAX_PARTS	8u
#define BLOCK_ORDER	4u

static struct slabmod_cache *cache, *other;
static struct piece *named[LETTERS];

/* ---- calls ---- */

static gfp_t gfp_here(void)
{
	return preemptible() ? GFP_KERNEL : GFP_ATOMIC;
}

static void name(char letter, struct piece *piece)
{
	if (letter)
		named[letter - 'a'] = piece;
}

/* In an interrupt there may be nothing to be had without waiting. */
static struct piece *own(void *p, size_t size, struct slabmod_cache *of, unsigned int order)
{
	if (p)
		return oracle_own(p, size, of, order);
	if (preemptible())
		explore_failed("NULL, though there is memory");
	return NULL;
}

static void do_alloc(char letter)
{
	name(letter, own(slabmod_cache_alloc(cache, gfp_here()), cache->size, cache, 0));
}

static void do_alloc_other(char letter)
{
	name(letter, own(slabmod_cache_alloc(other, gfp_here()), other->size, other, 0));
}

static void do_alloc_node(char letter)
{
	void *p = slabmod_cache_alloc_node(cache, gfp_here() | __GFP_THISNODE, 0);

	name(letter, own(p, cache->size, cache, 0));
}

static void do_bulk(char letter)
{
	void *objects[3];
	size_t got = slabmod_cache_alloc_bulk(cache, gfp_here(), 3, objects), i;

	if (!got && preemptible())
		explore_failed("no objects, though there is memory");
	for (i = 0; i < got; i++)
		oracle_own(objects[i], cache->size, cache, 0);
}

static struct piece *piece_of(char letter)
{
	struct piece *piece = letter ? named[letter - 'a'] : NULL;

	if (!piece)
		explore_failed("the program frees '%c', which there is not", letter ?: '?');
	return piece;
}

/* What is freed a second time may be reported as whatever it has become. */
#define FREED_TWICE	(BIT(MISUSE_DOUBLE_FREE) | BIT(MISUSE_BAD_FREE) | \
			 BIT(MISUSE_INNER_FREE) | BIT(MISUSE_WRONG_CACHE) | BIT(MISUSE_WRONG_SIZE))

static void give(struct piece *piece)
{
	if (!oracle_disown(piece))
		oracle_expect(FREED_TWICE, piece->p, piece->size);
}

static void do_free(char letter)
{
	struct piece *piece = piece_of(letter);

	give(piece);
	slabmod_cache_free(cache, piece->p);
}

static void do_kfree(char letter)
{
	struct piece *piece = piece_of(letter);

	give(piece);
	slabmod_kfree(piece->p);
}

static void do_wrong(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_cache_free(other, piece->p);
}

static void do_inner(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_kfree(piece->p + 8);
}

static void do_shrink(char letter)
{
	slabmod_cache_shrink(cache);
}

static void do_poolshrink(char letter)
{
	slabmod_shrink();
}

static void do_squeeze(char letter)
{
	cache_squeeze(root_pool);
}

/* What a full magazine does when one object more comes, and more. */
static void do_flush(char letter)
{
	struct slabmod_magazine *magazine;

	preempt_disable();
	magazine = magazine_acquire(cache);
	if (magazine) {
		magazine_empty(cache, magazine);
		magazine_leave(magazine);
	}
	preempt_enable();
}

static void do_drain(char letter)
{
	magazine_drain_all(cache);
}

static void do_age(char letter)
{
	magazine_look(cache);
	magazine_drain_idle(cache, 1);
	home_age(cache);
}

static void do_agepages(char letter)
{
	buddy_age(&root_pool->buddies[0]);
}

static bool exchange_more(struct slabmod_cache *which)
{
	return which == cache && magazine_exchange(which, true);
}

static bool exchange_none(struct slabmod_cache *which)
{
	return which == cache && magazine_exchange(which, false);
}

static void do_grow(char letter)
{
	cache_exchange_magazines(exchange_more);
}

static void do_giveup(char letter)
{
	cache_exchange_magazines(exchange_none);
}

static void do_destroy(char letter)
{
	oracle_lose();
	slabmod_cache_destroy(other);
	other = NULL;
}

static void do_block(char letter)
{
	void *p = (void *)slabmod_get_free_pages(gfp_here(), BLOCK_ORDER);

	name(letter, own(p, PAGE_SIZE << BLOCK_ORDER, NULL, BLOCK_ORDER + 1));
}

static void do_page(char letter)
{
	void *p = (void *)slabmod_get_free_pages(gfp_here(), 0);

	name(letter, own(p, PAGE_SIZE, NULL, 1));
}

static void do_pfree(char letter)
{
	struct piece *piece = piece_of(letter);

	give(piece);
	slabmod_free_pages((unsigned long)piece->p, piece->order - 1);
}

static void do_porder(char letter)
{
	struct piece *piece = piece_of(letter);

	oracle_expect(FREED_TWICE, NULL, 0);
	slabmod_free_pages((unsigned long)piece->p, piece->order);
}

static bool may_die(void *arg)
{
	return task_cpu_idle((unsigned long)arg);
}

static void do_dead(char letter)
{
	unsigned long cpu = letter - '0';

	task_wait(may_die, (void *)cpu, "for a CPU that is to go");
	if (cpu_online(cpu))
		shim_cpu_dies(cpu);
}

static void start_cpu(void *arg)
{
	shim_cpu_starts((unsigned long)arg);
}

static void do_online(char letter)
{
	unsigned long cpu = letter - '0';

	shim_online |= BIT(cpu);
	task_add(TASK_PROCESS, cpu, "CPU that comes", start_cpu, (void *)cpu);
}

/* Fills the magazine of this CPU. */
static void do_full(char letter)
{
	struct piece *more[64];
	unsigned int nr = per_cpu_ptr(cache->magazines, 0)->capacity, i;

	shim_expect(nr <= ARRAY_SIZE(more));
	for (i = 0; i < nr; i++)
		more[i] = own(slabmod_cache_alloc(cache, GFP_KERNEL), cache->size, cache, 0);
	for (i = 0; i < nr; i++) {
		if (magazine_here(per_cpu_ptr(cache->magazines, shim_cpu)) == nr)
			break;
		give(more[i]);
		slabmod_cache_free(cache, more[i]->p);
	}
}

static const struct verb {
	const char *name;
	void (*fn)(char letter);
	bool named;			/* without a letter it makes no sense */
} verbs[] = {
	{ "alloc", do_alloc }, { "alloc-other", do_alloc_other }, { "alloc-node", do_alloc_node },
	{ "bulk", do_bulk }, { "free", do_free, true }, { "kfree", do_kfree, true },
	{ "wrong", do_wrong, true }, { "inner", do_inner, true }, { "shrink", do_shrink },
	{ "poolshrink", do_poolshrink }, { "squeeze", do_squeeze }, { "flush", do_flush },
	{ "drain", do_drain }, { "age", do_age }, { "agepages", do_agepages },
	{ "grow", do_grow }, { "giveup", do_giveup }, { "destroy", do_destroy },
	{ "block", do_block }, { "page", do_page }, { "pfree", do_pfree, true },
	{ "porder", do_porder, true }, { "dead", do_dead, true }, { "online", do_online, true },
	{ "full", do_full },
};

/* ---- a program, taken apart ---- */

struct call {
	const struct verb *verb;
	char letter;
};

struct part {
	enum task_kind kind;
	unsigned int cpu, nr;
	char name[16];
	struct call call[MAX_CALLS * 4];
};

static struct part parts[MAX_PARTS];
static unsigned int nr_parts;

static const struct verb *find_verb(const char *word, size_t length)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strlen(verbs[i].name) == length && !strncmp(verbs[i].name, word, length))
			return &verbs[i];
	explore_failed("'%.*s' is no call", (int)length, word);
}

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

/* One call, with its letters; returns what follows. */
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
			explore_tell("%s%s%.1s", call->verb->name, call->letter ? " " : "",
				     &call->letter);
		call->verb->fn(call->letter);
	}
}

/* ---- states ---- */

static const struct state {
	const char *name;
	unsigned int size, cpus, nodes;
	const char *calls;
	/* What programs of two parts are made of, for CPU 0, CPU 1 and an NMI. */
	const char *first, *second, *nmi;
} states[] = {
	/* Some objects of one slab, the magazines nearly empty */
	{ "warm", 512, 2, 1, "@0 alloc a-d",
	  "free a;alloc;free a, alloc;bulk;inner a;wrong a;shrink;grow;giveup;age;free a, free b, free c",
	  "free a;free b;alloc;bulk;kfree b;shrink;drain;grow;age",
	  "free b;alloc;free a" },
	/* Magazines to which one object more is one too many */
	{ "full", 512, 2, 1, "@0 alloc a-d, full, @1 full",
	  "free a;free a, alloc;alloc;shrink;grow;giveup;age;squeeze",
	  "free a;free b;alloc;shrink;flush;giveup",
	  "free b;alloc;free b, free c" },
	/* A slab that is empty with its last object, and another that is kept empty */
	{ "edge", 8192, 2, 1, "@0 alloc a-p, free b-p, drain",
	  "free a;free a, flush;free a, shrink;alloc;flush;shrink;squeeze",
	  "free a, flush;free a, shrink;alloc, flush;shrink;alloc;squeeze;age",
	  "free a;alloc" },
	/* The same, and the object lies in two magazines */
	{ "twice", 8192, 2, 1, "@0 alloc a-p, free b-p, drain, free a, @1 free a",
	  "flush;shrink;alloc;alloc, flush;age;grow;giveup",
	  "flush;shrink;alloc;drain;giveup",
	  "alloc" },
	/* Objects that share lines, with neighbours on another CPU */
	{ "lines", 32, 2, 1, "@0 alloc a-h, drain, @1 alloc i-l, free a-c",
	  "free i;free i, alloc;alloc;shrink;bulk;age;giveup",
	  "free d;free d, free e;alloc;flush;shrink;free i",
	  "free d;free j;alloc" },
	/* Slabs in the commons: their CPU went */
	{ "commons", 512, 2, 1, "@1 alloc a-f, free a b, @0 dead 1, online 1",
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
	/* A second cache that is to go, with an object that was freed */
	{ "other", 512, 2, 1, "@0 alloc a, alloc-other x y, @1 alloc b, @0 kfree x y",
	  "destroy",
	  "kfree x;alloc;free b;inner x;shrink;squeeze;giveup;page",
	  "kfree x;alloc" },
	/* Two nodes, with slabs of each in their commons */
	{ "nodes", 512, 2, 2, "@0 alloc a-c, @1 alloc d-f, drain",
	  "free d;alloc;free a;alloc-node;shrink;dead 1, alloc",
	  "free a;alloc;free d;alloc-node;bulk;shrink",
	  "free d;alloc" },
	/* Three CPUs, of which one may go */
	{ "three", 512, 3, 1, "@0 alloc a-d, @1 alloc e-h, @2 alloc i-l, @0 free e, @1 free i, drain",
	  "free a;alloc;free j;shrink;dead 2;bulk;age;grow;flush;inner b;squeeze;giveup",
	  "free b;alloc;free f;kfree k;drain;flush;wrong g;bulk;poolshrink",
	  "free c;alloc;free g" },
	{ "three-edge", 8192, 3, 1, "@0 alloc a-p, free b-p, drain",
	  "free a;alloc;flush;shrink;bulk;age;squeeze;block;giveup",
	  "free a;alloc;flush;drain;bulk;page;poolshrink;agepages;grow",
	  "free a;alloc" },
};

/* Those that are longer, have three CPUs, or more than one interrupt. */
static const struct {
	const char *text;
	unsigned int bound;
} chosen[] = {
	{ "edge: free a, flush | free a, flush", 3 },
	{ "twice: flush | flush", 3 },
	{ "foreign: alloc, alloc, free a | free c, flush, alloc", 2 },
	{ "warm: free a, free b, alloc, alloc | free c, shrink", 2 },
	{ "warm: alloc | nmi0 free a | nmi0 free b", 2 },
	{ "warm: free a | nmi0 free b, alloc", 3 },
	{ "warm: alloc, free a | nmi0 alloc | nmi0 alloc", 2 },
	{ "full: free a | nmi0 free b | nmi0 free c", 3 },
	{ "full: free a, free b | free c | nmi0 free d", 2 },
	{ "blocks: alloc | nmi0 pfree a | nmi0 pfree b", 3 },
	{ "blocks: pfree a | pfree a | nmi0 pfree b", 2 },
	{ "blocks: pfree a, block | pfree b, block", 3 },
	{ "warm: alloc | giveup", 3 },
	{ "warm: alloc, free a | grow", 3 },
	{ "full: free a | irq0 free b | irq1 alloc", 2 },
	{ "three: free a, alloc | free e, alloc | free j", 2 },
	{ "three: dead 2, alloc | alloc, free j | free i", 2 },
	{ "three: alloc | alloc | shrink", 2 },
	{ "three: shrink | grow | free a, alloc", 1 },
	{ "three-edge: free a, flush | free a, flush | free a, flush", 1 },
	{ "three-edge: free a, flush | alloc, flush | free a, flush", 1 },
};

static const struct state *state;

static const struct state *find_state(const char *text)
{
	size_t length = strcspn(text, ":");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		if (strlen(states[i].name) == length && !strncmp(states[i].name, text, length))
			return &states[i];
	explore_failed("there is no state '%.*s'", (int)length, text);
}

/* Runs what is not explored, to its end. */
static void run_alone(unsigned int cpu, const char *what, void (*fn)(void *arg), void *arg)
{
	tasks_forget();
	task_add(TASK_PROCESS, cpu, what, fn, arg);
	tasks_run();
	tasks_forget();
}

static void load(void *arg)
{
	if (shim_module_init())
		explore_failed("slabmod does not load");
	/* What a wish for more pages or larger magazines leads to, programs do themselves. */
	root_pool->source.wake = NULL;
	magazine_bytes = 4 * state->size;
	cache = slabmod_cache_create("races", state->size, 0, 0, NULL);
	other = slabmod_cache_create("other", state->size, 0, 0, NULL);
	if (!cache || !other)
		explore_failed("there is no cache");
	magazine_bytes = 64 * state->size;
	cache->capacity_max = 32;
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
	/* A chunk at the very beginning is one that the map has not. */
	shim_memory_reset(64);
	*(unsigned int *)shim_param_chunk_order = 6;
	*(unsigned int *)shim_param_magazine_bytes = MAGAZINE_BYTES_DEFAULT;
	run_alone(0, "load", load, NULL);
	make_state();
	world_save();
}

/* ---- a schedule ---- */

static void give_back(struct piece *piece)
{
	oracle_disown(piece);
	if (piece->order)
		slabmod_free_pages((unsigned long)piece->p, piece->order - 1);
	else
		slabmod_cache_free(piece->cache, piece->p);
}

static void check(void *arg)
{
	oracle_check();
	oracle_each_live(give_back);
	shim_run_work();
	if (cache)
		slabmod_cache_shrink(cache);
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
		explore_tell("all have ended");
		run_alone(0, "check", check, NULL);
	}
	return ended;
}

/* ---- all there are ---- */

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

/* One of the calls of a list, taken by a number. */
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
