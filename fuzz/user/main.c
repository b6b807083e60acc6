// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the entry of libFuzzer: configure a machine, load slabmod, run an input, unload.
 *
 * The first bytes of an input configure the machine: its CPUs and nodes, whether the kernel
 * clears memory, the address of the first page, slabmod's parameters, and whether memory is
 * refused while it loads. Afterwards every page, every allocation and every lock has been freed.
 * With $SLABMOD_FUZZ_VERBOSE it prints the kernel log.
 */
#include "kernel.h"

#include "debug/debug_block.h"
#include "debugfs.h"
#include "interp.h"
#include "magazine.h"
#include "params.h"
#include "pool_check.h"

static struct interp interp;

/* Files are tested in the kernel: scripts/check.d/fuzz.sh. */
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

/* ASan guards malloc(). */
void *shim_heap_alloc(size_t size)
{
	void *p;

	if (posix_memalign(&p, SMP_CACHE_BYTES, size))
		shim_die("no memory");
	return p;
}

void shim_heap_free(void *p)
{
	free(p);
}

/* ---- environment of the interpreter ---- */

void env_cpu(unsigned int n)
{
	n %= shim_nr_cpus;
	if (cpu_online(n))
		shim_cpu = n;
}

void env_hotplug(unsigned int n)
{
	n %= shim_nr_cpus;
	if (!cpu_online(n))
		shim_cpu_comes(n);
	else if (n != shim_cpu)
		shim_cpu_dies(n);
}

void env_refuse(u8 after, u8 refuse, u8 repeat, u8 max_order)
{
	shim_plan.after = after;
	shim_plan.refuse = refuse % 64;
	shim_plan.repeat = repeat % 16;
	/* Mostly there are runs of any length. */
	shim_plan.max_order = min(max_order % 32, MAX_ORDER - 1);
}

void env_time(void)
{
	shim_boundary();
	shim_run_work();
}

void env_shrink(unsigned int pages)
{
	shim_shrink(pages);
}

void env_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi)
{
	shim_interrupt(fn, arg, after, nmi);
}

bool env_module_goes(void)
{
	shim_module_goes();
	return true;
}

void env_boundary(void)
{
	shim_boundary();
	shim_check_idle();
}

unsigned long env_refused(void)
{
	return shim_refused;
}

bool env_check(struct slabmod_pool *pool)
{
	return pool_check(pool);
}

bool env_frees_all(void)
{
	slabmod_shrink();
	return !atomic_long_read(&root_pool->source.held);
}

bool env_clears(void)
{
	return init_on_alloc;
}

/* Every other one, so that magazines and bulk calls have both. */
void *env_tag(void *p)
{
	static unsigned int calls;

	return calls++ % 2 ? (void *)((unsigned long)p | (SHIM_TAG << 56)) : p;
}

void env_say(struct va_format *what)
{
	char text[256];

	vsnprintf(text, sizeof(text), what->fmt, *what->va);
	shim_die("step %u, %s: %s", interp.step, interp.op, text);
}

/* ---- an input ---- */

static void make_machine(const u8 *header)
{
	unsigned int nodes = header[0] / 4 % SHIM_NODES + 1;

	shim_reset(max(header[0] % SHIM_CPUS + 1, nodes), nodes, header[0] / 8 % 4 == 3);
	shim_memory_reset(header[1] * 64);
	init_on_alloc = header[2] % 8 == 1;
	init_on_free = header[2] % 8 == 2;
	*(unsigned int *)shim_param_chunk_order = header[3] ? header[3] % (MAX_ORDER + 1) : 10;
	*(unsigned long *)shim_param_limit_mb = header[4] % 16 < 12 ? 0 : header[4];
	*(unsigned int *)shim_param_magazine_bytes =
		header[5] ? header[5] * 300u : MAGAZINE_BYTES_DEFAULT;
	*(bool *)shim_param_strict = header[2] / 16 % 2;
	debug_blocks = false;
	*(bool *)shim_param_debug = header[7] / 2 % 4 == 1;
	*(bool *)shim_param_kmemleak = header[2] / 8 % 2;
	*(unsigned int *)shim_param_quarantine_kb =
		header[7] < 16 ? QUARANTINE_KB_DEFAULT : (header[7] / 16 - 1) * 8;
	/* Each step of loading fails once. */
	shim_plan.after = header[6];
	shim_plan.refuse = header[6] ? 1 : 0;
}

static void expect_nothing_left(void)
{
	shim_boundary();
	shim_check_idle();
	if (shim_live || shim_pages_out || shim_leak_checked)
		shim_die("unloaded, and %lu allocations, %lu pages and %lu objects are left",
			 shim_live, shim_pages_out, shim_leak_checked);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	shim_verbose = getenv("SLABMOD_FUZZ_VERBOSE");
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (size <= FUZZ_HEADER)
		return 0;
	make_machine(data);
	if (!shim_module_init()) {
		shim_plan.refuse = 0;
		interp_run(&interp, data, size);
		shim_module_exit();
	}
	expect_nothing_left();
	return 0;
}
