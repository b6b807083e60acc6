// SPDX-License-Identifier: GPL-2.0
/*
 * kstring.c - copies of memory, strings and user memory, and formatted strings.
 *
 * Contexts: as slabmod_kmalloc(); copies from user space: process. Locks: none.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <slabmod/pool.h>
#include <slabmod/string.h>

#include "compat.h"

void *slabmod_pool_kmemdup(struct slabmod_pool *pool, const void *src, size_t len, gfp_t gfp)
{
	void *p = slabmod_pool_kmalloc(pool, len, gfp);

	if (!ZERO_OR_NULL_PTR(p))
		memcpy(p, src, len);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kmemdup);

char *slabmod_pool_kmemdup_nul(struct slabmod_pool *pool, const char *s, size_t len, gfp_t gfp)
{
	char *p = s ? slabmod_pool_kmalloc(pool, size_add(len, 1), gfp) : NULL;

	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kmemdup_nul);

char *slabmod_pool_kstrdup(struct slabmod_pool *pool, const char *s, gfp_t gfp)
{
	return s ? slabmod_pool_kmemdup_nul(pool, s, strlen(s), gfp) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kstrdup);

char *slabmod_pool_kstrndup(struct slabmod_pool *pool, const char *s, size_t max, gfp_t gfp)
{
	return s ? slabmod_pool_kmemdup_nul(pool, s, strnlen(s, max), gfp) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kstrndup);

char *slabmod_pool_kvasprintf(struct slabmod_pool *pool, gfp_t gfp, const char *fmt, va_list args)
{
	va_list again;
	int length;
	char *p;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	p = slabmod_pool_kmalloc(pool, length + 1, gfp);
	if (p)
		vsnprintf(p, length + 1, fmt, args);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kvasprintf);

char *slabmod_pool_kasprintf(struct slabmod_pool *pool, gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = slabmod_pool_kvasprintf(pool, gfp, fmt, args);
	va_end(args);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kasprintf);

/* ---- from user space ---- */

/* As the kernel: charged to the task, and a failure is reported by the error alone. */
#define GFP_COPY	(GFP_USER | __GFP_NOWARN)

static void *copy_user(struct slabmod_pool *pool, const void __user *src, size_t len, size_t room)
{
	char *p = slabmod_pool_kmalloc(pool, room, GFP_COPY);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (room && copy_from_user(p, src, len)) {
		slabmod_kfree(p);
		return ERR_PTR(-EFAULT);
	}
	return p;
}

void *slabmod_pool_memdup_user(struct slabmod_pool *pool, const void __user *src, size_t len)
{
	return copy_user(pool, src, len, len);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_memdup_user);

void *slabmod_pool_memdup_user_nul(struct slabmod_pool *pool, const void __user *src, size_t len)
{
	char *p = copy_user(pool, src, len, size_add(len, 1));

	if (!IS_ERR(p))
		p[len] = '\0';
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_memdup_user_nul);

char *slabmod_pool_strndup_user(struct slabmod_pool *pool, const char __user *s, long max)
{
	long length = strnlen_user(s, max);
	char *p;

	/* User mode Linux returns an error instead of 0. */
	if (length <= 0)
		return ERR_PTR(-EFAULT);
	if (length > max)
		return ERR_PTR(-EINVAL);
	p = copy_user(pool, s, length, length);
	/* The string may have changed since it was measured. */
	if (!IS_ERR(p))
		p[length - 1] = '\0';
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_strndup_user);

char *slabmod_pool_match_strdup(struct slabmod_pool *pool, const substring_t *s, gfp_t gfp)
{
	return slabmod_pool_kmemdup_nul(pool, s->from, s->to - s->from, gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_match_strdup);
