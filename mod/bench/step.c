// SPDX-License-Identifier: GPL-2.0
/*
 * step.c - single-stepping with the trap flag.
 *
 * The processor raises a debug exception after each instruction while the flag is set. The handler
 * only counts the address of the next instruction, and how long interrupts and preemption have been
 * off; profile.c evaluates the addresses later. Interrupts stay on. The exception and interrupts
 * are not stepped, because both clear the flag on entry. Preemption is off, so the flag stays with
 * this task and CPU.
 *
 * A stepped call that sleeps has preemption on. A context switch does not save the flag, so the
 * tracepoint there decides whether the next task is stepped: the task, which is bound to its CPU,
 * and the kernel's workers, which may do a part of the call. The switch itself is no part of it.
 */
#include <linux/irqflags.h>
#include <linux/kdebug.h>
#include <linux/log2.h>
#include <linux/nmi.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include <asm/processor-flags.h>
#include <asm/tsc.h>

#include "bench.h"
#include "step.h"

/* Preemption is off, and the kernel reports a CPU that is stuck for 20 s. */
#define LIMIT_S		10

/* The stepped task, its CPU, its counts, and when to give up. */
static struct task_struct *stepper;
static unsigned int stepped_cpu;
static struct step_table *steps;
static u64 deadline;

/* What the exception handler has found in the preemption count first, without what is stepped. */
#define UNKNOWN		UINT_MAX
static unsigned int base;

/* Between step_on() and step_off() */
static bool stepping;

static void count(unsigned long ip, u64 n)
{
	u32 hash = (ip * 0x9e3779b97f4a7c15ul) >> 48;
	u32 i;

	if (current != stepper)
		return;
	for (i = 0; i < 64; i++) {
		struct step *step = &steps->slot[(hash + i) % STEP_SLOTS];

		if (step->ip == ip || !step->ip) {
			step->ip = ip;
			step->n += n;
			return;
		}
	}
	steps->lost += n;
}

/* Iterations of a string instruction up to which all are stepped. */
#define LONG_RUN	128

/* Execute a string instruction after its rep prefix; return false if it is not one. */
static bool run_string(struct pt_regs *regs, unsigned long turns)
{
	const u8 *code = (const u8 *)regs->ip + 1;

	if (code[0] == 0xaa)
		asm volatile("rep stosb" : "+D" (regs->di), "+c" (turns)
			     : "a" (regs->ax) : "memory");
	else if (code[0] == 0x48 && code[1] == 0xab)
		asm volatile("rep stosq" : "+D" (regs->di), "+c" (turns)
			     : "a" (regs->ax) : "memory");
	else if (code[0] == 0xa4)
		asm volatile("rep movsb" : "+D" (regs->di), "+S" (regs->si), "+c" (turns)
			     : : "memory");
	else if (code[0] == 0x48 && code[1] == 0xa5)
		asm volatile("rep movsq" : "+D" (regs->di), "+S" (regs->si), "+c" (turns)
			     : : "memory");
	else
		return false;
	return true;
}

/*
 * A repeated instruction traps once per iteration, and clearing a large block takes millions.
 * Execute all but the last here, and count each, as an emulator's clock does.
 */
static void run_ahead(struct pt_regs *regs)
{
	unsigned long turns = regs->cx - 1;
	unsigned int i;

	if (*(const u8 *)regs->ip != 0xf3 || regs->cx < LONG_RUN || regs->flags & X86_EFLAGS_DF)
		return;
	if (!run_string(regs, turns))
		return;
	count(regs->ip, turns);
	for (i = 0; i < PAUSES; i++)
		if (steps->pause[i].now)
			steps->pause[i].now += turns;
	regs->cx = 1;
}

/* ---- pauses ---- */

/* The instruction at @ip will run while something is @off, or not. */
static void note_pause(struct pause *p, bool off, unsigned long ip)
{
	if (off) {
		if (!p->now++)
			p->from = ip;
		if (is_power_of_2(p->now))
			p->in = ip;
		return;
	}
	if (p->now > p->max && !p->skip) {
		p->max = p->now;
		p->max_from = p->from;
		p->max_in = p->in;
	}
	p->now = 0;
	p->skip = false;
}

static void note_pauses(const struct pt_regs *regs)
{
	unsigned int depth = preempt_count() & (PREEMPT_MASK | SOFTIRQ_MASK);
	bool irqs_off = !(regs->flags & X86_EFLAGS_IF);

	if (base == UNKNOWN)
		base = depth;
	note_pause(&steps->pause[PAUSE_IRQS], irqs_off, regs->ip);
	note_pause(&steps->pause[PAUSE_PREEMPT], irqs_off || depth > base, regs->ip);
}

/* ---- the exception ---- */

static bool is_stepped(void)
{
	return READ_ONCE(stepper) && raw_smp_processor_id() == stepped_cpu;
}

static int debug_exception(struct notifier_block *nb, unsigned long reason, void *data)
{
	struct die_args *args = data;

	if (reason != DIE_DEBUG || user_mode(args->regs))
		return NOTIFY_DONE;
	if (!is_stepped()) {
		/* A worker that was interrupted while it was stepped has kept the flag. */
		if (!(args->regs->flags & X86_EFLAGS_TF))
			return NOTIFY_DONE;
		args->regs->flags &= ~X86_EFLAGS_TF;
		return NOTIFY_STOP;
	}
	/* The last exception follows the instruction that cleared the flag. */
	if (bench_clock() > deadline) {
		steps->cut = true;
		args->regs->flags &= ~X86_EFLAGS_TF;
		return NOTIFY_STOP;
	}
	count(args->regs->ip, 1);
	note_pauses(args->regs);
	run_ahead(args->regs);
	return NOTIFY_STOP;
}

static struct notifier_block debug_notifier = { .notifier_call = debug_exception };

static __always_inline void set_trap_flag(void)
{
	asm volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i" (X86_EFLAGS_TF) : "memory", "cc");
}

static __always_inline void clear_trap_flag(void)
{
	asm volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i" (~X86_EFLAGS_TF)
		     : "memory", "cc");
}

/* ---- a try ---- */

/* The task stays on this CPU. */
static void begin(struct step_table *table)
{
	memset(table, 0, sizeof(*table));
	steps = table;
	base = UNKNOWN;
	stepped_cpu = raw_smp_processor_id();
	deadline = bench_clock() + LIMIT_S * 1000ull * tsc_khz;
	WRITE_ONCE(stepper, current);
}

static void end(void)
{
	WRITE_ONCE(stepper, NULL);
	/* Stepping takes long. */
	touch_softlockup_watchdog();
}

static noinline long stepped_work(struct bench *b)
{
	long ops;

	set_trap_flag();
	ops = b->c->work(b, 0);
	clear_trap_flag();
	return ops;
}

long step_run(struct bench *b, struct step_table *table)
{
	unsigned int rounds = b->rounds;
	long ops;

	cond_resched();
	preempt_disable();
	b->rounds = 1;
	ops = b->c->work(b, 0);
	b->rounds = rounds;
	begin(table);
	if (ops >= 0)
		ops = stepped_work(b);
	end();
	preempt_enable();
	return ops;
}

/* ---- calls that sleep ---- */

static struct tracepoint *sched_switch;

static void find_sched_switch(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sched_switch"))
		sched_switch = tp;
}

/* Called by the scheduler for @prev, shortly before the switch. */
static void on_switch(void *unused, bool preempt, struct task_struct *prev,
		      struct task_struct *next, unsigned int prev_state)
{
	unsigned int i;

	if (!is_stepped())
		return;
	for (i = 0; i < PAUSES; i++)
		steps->pause[i].skip = true;
	if (READ_ONCE(stepping) && (next == stepper || next->flags & PF_WQ_WORKER))
		set_trap_flag();
	else
		clear_trap_flag();
}

int step_begin_sleeping(struct step_table *table)
{
	int err;

	if (!sched_switch)
		return -EOPNOTSUPP;
	err = tracepoint_probe_register(sched_switch, on_switch, NULL);
	if (err)
		return err;
	migrate_disable();
	begin(table);
	return 0;
}

void step_end_sleeping(void)
{
	end();
	migrate_enable();
	tracepoint_probe_unregister(sched_switch, on_switch, NULL);
	tracepoint_synchronize_unregister();
}

void step_on(void)
{
	WRITE_ONCE(stepping, true);
	set_trap_flag();
}

void step_off(void)
{
	clear_trap_flag();
	WRITE_ONCE(stepping, false);
}

/* ---- decoding instructions ---- */

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:	/* segments */
	case 0x64: case 0x65:
	case 0x66: case 0x67:				/* sizes */
	case 0xf0: case 0xf2: case 0xf3:		/* lock, repeat */
		return true;
	}
	return false;
}

static bool has_memory(u8 modrm)
{
	return modrm >> 6 != 3;
}

/* Prefix 3e also occurs with an indirect jump or call (notrack) and a long no-op. */
static bool is_jump_or_nop(const u8 *code)
{
	unsigned int reg = code[1] >> 3 & 7;

	return (code[0] == 0xff && reg >= 2 && reg <= 5) || code[0] == 0x90 ||
	       (code[0] == 0x0f && code[1] == 0x1f);
}

enum step_class step_classify(unsigned long ip)
{
	const u8 *code = (const u8 *)ip;
	bool locked = false, once_locked = false;

	for (; is_prefix(*code); code++) {
		locked |= *code == 0xf0;
		/* With one CPU, the kernel replaces f0 by this at boot. */
		once_locked |= *code == 0x3e;
	}
	if ((*code & 0xf0) == 0x40)			/* REX */
		code++;
	if (locked || (once_locked && !is_jump_or_nop(code)))
		return STEP_ATOMIC;
	if ((code[0] == 0x86 || code[0] == 0x87) && has_memory(code[1]))
		return STEP_ATOMIC;			/* xchg */
	if (code[0] != 0x0f || !has_memory(code[2]))
		return STEP_PLAIN;
	if (code[1] == 0xb0 || code[1] == 0xb1 || (code[1] == 0xc7 && (code[2] >> 3 & 7) == 1))
		return STEP_CMPXCHG_LOCAL;
	return STEP_PLAIN;
}

int step_init(void)
{
	for_each_kernel_tracepoint(find_sched_switch, NULL);
	return register_die_notifier(&debug_notifier);
}

void step_exit(void)
{
	unregister_die_notifier(&debug_notifier);
}
