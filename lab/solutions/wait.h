/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wait.h - make races likely: some of all exchanges wait before they look.
 *
 * For gcc -include, before a strategy: see waiting.sh. Between a thread's reads and its exchange
 * others may always run. If a few exchanges wait, and those for long, they do. It takes two CPUs.
 */
#include "../../mod/lab/world.h"

static inline void wait_sometimes(void)
{
	static __thread unsigned int calls;
	volatile unsigned int i;

	if (++calls % 64)
		return;
	for (i = 0; i < 20000; i++)
		;
}

#undef lab_cas
#define lab_cas(ptr, old, new)						\
({									\
	typeof(*(ptr)) lab_old = (old);					\
									\
	wait_sometimes();						\
	__atomic_compare_exchange_n(ptr, &lab_old, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	\
})
