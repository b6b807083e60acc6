/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim.h - the interface of the simulated kernel for the fuzzer and the explorer of
 * interleavings, not for slabmod.
 */
#ifndef SLABMOD_FUZZ_SHIM_H
#define SLABMOD_FUZZ_SHIM_H

/* How memory is refused; see memory.c. */
struct shim_plan {
	unsigned int after;		/* number of requests to serve first, */
	unsigned int refuse;		/* and to refuse then, */
	unsigned int repeat;		/* repeat if not 0 */
	unsigned int max_order;		/* larger runs are always refused */
};

extern struct shim_plan shim_plan;
extern unsigned long shim_refused;	/* requests */
extern unsigned long shim_live;		/* live allocations */
extern unsigned long shim_pages_out;
extern u8 shim_allocated[SHIM_PAGES];	/* 1 for each of those */
extern unsigned long shim_leak_checked;	/* objects that kmemleak knows of */
extern bool shim_verbose;

void shim_memory_reset(unsigned int first_page);
void shim_machine(unsigned int cpus, unsigned int nodes, bool bare);
/* Memory of the kernel's own, aligned to a line, and guarded. */
void *shim_heap_alloc(size_t size);
void shim_heap_free(void *p);

/* For the fuzzer, with the interrupt of shim_interrupt(). */
void shim_reset(unsigned int cpus, unsigned int nodes, bool bare);

/* Call @fn at the n-th tick from now, in an NMI or a hard interrupt. */
void shim_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi);

void shim_boundary(void);		/* interrupts come, grace periods end */
void shim_run_work(void);		/* run queued work */
unsigned long shim_shrink(unsigned long pages);
void shim_cpu_dies(unsigned int cpu);
void shim_cpu_comes(unsigned int cpu);
void shim_cpu_starts(unsigned int cpu);	/* run on that CPU itself */
void shim_module_goes(void);
void shim_check_idle(void);		/* nothing is held, disabled, pending */

#endif /* SLABMOD_FUZZ_SHIM_H */
