// SPDX-License-Identifier: GPL-2.0
/*
 * params.c - find parameters that slabmod does not have.
 *
 * The kernel warns about an unknown parameter and loads the module: with limit=64, a typing error
 * for limit_mb=64, it would have no limit. The kernel's own copy of the parameters is of no use to
 * the init function, because parsing has cut it into strings and nothing tells where it ends. The
 * init function runs within the system call that has the text as an argument, so read it again.
 *
 * A 32-bit program that loads a module into a 64-bit kernel has other system calls. It gets the
 * kernel's warning only.
 *
 * Contexts: the init function of the module. Locks: none.
 */
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/syscall.h>
#include <asm/unistd.h>

#include "params.h"

/* Return a copy of the parameters' text, for kfree(), or NULL if it cannot be read. */
static char *copy_params(void)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned long args[6];
	unsigned long from;
	char *text;

	if (in_compat_syscall())
		return NULL;
	syscall_get_arguments(current, regs, args);
	switch (syscall_get_nr(current, regs)) {
	case __NR_init_module:
		from = args[2];
		break;
	case __NR_finit_module:
		from = args[1];
		break;
	default:
		return NULL;
	}
	text = strndup_user((const char __user *)from, LONG_MAX);
	return IS_ERR(text) ? NULL : text;
}

static char same_dash(char c)
{
	return c == '-' ? '_' : c;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && same_dash(*a) == same_dash(*b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static bool param_is_known(const char *name)
{
	unsigned int i;

	/* The kernel's own, which every module has */
	if (!strcmp(name, "async_probe") || !strcmp(name, "dyndbg"))
		return true;
	for (i = 0; i < THIS_MODULE->num_kp; i++)
		if (same_name(name, THIS_MODULE->kp[i].name))
			return true;
	return false;
}

bool params_unknown(void)
{
	char *text = copy_params(), *next, *name, *value;
	bool unknown = false;

	for (next = skip_spaces(text ?: ""); *next; ) {
		next = next_arg(next, &name, &value);
		/* The kernel parses nothing after this. */
		if (!value && !strcmp(name, "--"))
			break;
		if (param_is_known(name))
			continue;
		pr_err("slabmod: unknown parameter '%s'; modinfo -p slabmod.ko lists the parameters\n",
		       name);
		unknown = true;
	}
	kfree(text);
	return unknown;
}
