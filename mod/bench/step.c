// SPDX-License-Identifier: GPL-2.0
/*
 * step.c - single-stepping with the trap flag.
 *
 * The processor raises a debug exception after each instruction while the flag is set. The handler
 * only counts the address of the next instruction; profile.c evaluates the addresses later. The
 * exception and interrupts are not stepped, because both clear the flag on entry. Preemption is
 * off, so the flag stays with this task and CPU.
 */
#include <linux/irqflags.h>
#include <linux/kdebug.h>
#include <linux/nmi.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <asm/processor-flags.h>
#include <asm/tsc.h>

#include "bench.h"
#include "step.h"

/* Interrupts are off, and the kernel reports a CPU that is stuck for 20 s. */
#define LIMIT_S		10

/* The stepped task, its counts, and when to give up. */
static struct task_struct *stepper;
static struct step_table *steps;
static u64 deadline;

static void count(unsigned long ip, u64 n)
{
	u32 hash = (ip * 0x9e3779b97f4a7c15ul) >> 48;
	u32 i;

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

	if (*(const u8 *)regs->ip != 0xf3 || regs->cx < LONG_RUN || regs->flags & X86_EFLAGS_DF)
		return;
	if (!run_string(regs, turns))
		return;
	count(regs->ip, turns);
	regs->cx = 1;
}

static int debug_exception(struct notifier_block *nb, unsigned long reason, void *data)
{
	struct die_args *args = data;

	/* The last exception follows the instruction that cleared the flag. */
	if (reason != DIE_DEBUG || READ_ONCE(stepper) != current || user_mode(args->regs))
		return NOTIFY_DONE;
	if (bench_clock() > deadline) {
		steps->cut = true;
		args->regs->flags &= ~X86_EFLAGS_TF;
		return NOTIFY_STOP;
	}
	count(args->regs->ip, 1);
	run_ahead(args->regs);
	return NOTIFY_STOP;
}

static struct notifier_block debug_notifier = { .notifier_call = debug_exception };

static noinline long stepped_work(struct bench *b)
{
	long ops;

	asm volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i" (X86_EFLAGS_TF) : "memory", "cc");
	ops = b->c->work(b, 0);
	asm volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i" (~X86_EFLAGS_TF)
		     : "memory", "cc");
	return ops;
}

static long warm_and_step(struct bench *b)
{
	unsigned int rounds = b->rounds;
	long ops;

	b->rounds = 1;
	ops = b->c->work(b, 0);
	b->rounds = rounds;
	deadline = bench_clock() + LIMIT_S * 1000ull * tsc_khz;
	return ops < 0 ? ops : stepped_work(b);
}

long step_run(struct bench *b, struct step_table *table)
{
	unsigned long flags = 0;
	long ops;

	memset(table, 0, sizeof(*table));
	cond_resched();
	preempt_disable();
	if (!b->c->interrupts)
		local_irq_save(flags);
	steps = table;
	WRITE_ONCE(stepper, current);
	ops = warm_and_step(b);
	WRITE_ONCE(stepper, NULL);
	if (!b->c->interrupts)
		local_irq_restore(flags);
	preempt_enable();
	/* Stepping takes long. */
	touch_softlockup_watchdog();
	return ops;
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
	return register_die_notifier(&debug_notifier);
}

void step_exit(void)
{
	unregister_die_notifier(&debug_notifier);
}
