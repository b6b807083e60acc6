/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim.h - what the fuzzer and the explorer of interleavings, not slabmod, ask of the
 * kernel that is pretended.
 */
#ifndef SLABMOD_FUZZ_SHIM_H
#define SLABMOD_FUZZ_SHIM_H

/* How memory is refused; see memory.c. */
struct shim_plan {
	unsigned int after;		/* so many requests from now are served, */
	unsigned int refuse;		/* and so many then refused, */
	unsigned int repeat;		/* over and over when this is not 0 */
	unsigned int max_order;		/* larger runs there are none */
};

extern struct shim_plan shim_plan;
extern unsigned long shim_refused;	/* requests */
extern unsigned long shim_live;		/* allocations that were not freed yet */
extern unsigned long shim_pages_out;
extern u8 shim_taken[SHIM_PAGES];	/* 1 for each of those */
extern unsigned long shim_leak_checked;	/* objects that kmemleak knows of */
extern bool shim_verbose;

void shim_memory_reset(unsigned int first_page);
void shim_machine(unsigned int cpus, unsigned int nodes, bool bare);
/* Memory of the kernel's own, aligned to a line, and guarded. */
void *shim_heap_take(size_t size);
void shim_heap_give(void *p);

/* For the fuzzer, with the interrupt that shim_interrupt() asked for. */
void shim_reset(unsigned int cpus, unsigned int nodes, bool bare);

/* Has @fn called where the n-th tick from now is, in an NMI or a hard interrupt. */
void shim_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi);

void shim_boundary(void);		/* interrupts come, grace periods end */
void shim_run_work(void);		/* what was queued is done */
unsigned long shim_shrink(unsigned long pages);
void shim_cpu_dies(unsigned int cpu);
void shim_cpu_comes(unsigned int cpu);
void shim_cpu_starts(unsigned int cpu);	/* what that CPU itself does */
void shim_module_goes(void);
void shim_check_idle(void);		/* nothing is held, disabled, pending */

#endif /* SLABMOD_FUZZ_SHIM_H */
