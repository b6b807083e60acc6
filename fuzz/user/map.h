/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map.h - an ordered map, in the place of the kernel's xarray; it is in memory.c.
 */
#ifndef SLABMOD_FUZZ_MAP_H
#define SLABMOD_FUZZ_MAP_H

struct xarray {
	raw_spinlock_t lock;
	unsigned int nr;
	struct {
		unsigned long index;
		void *entry;
	} slot[SHIM_PAGES / 4];
};

#define DEFINE_XARRAY_FLAGS(name, flags)	struct xarray name
#define XA_FLAGS_LOCK_IRQ	1
#define XA_PRESENT		8
#define xa_lock_irqsave(xa, flags)	raw_spin_lock_irqsave(&(xa)->lock, flags)
#define xa_unlock_irqrestore(xa, flags)	raw_spin_unlock_irqrestore(&(xa)->lock, flags)
#define xa_err(p)		(IS_ERR(p) ? (int)PTR_ERR(p) : 0)
#define xa_destroy(xa)		((void)((xa)->nr = 0))
#define xa_for_each(xa, i, entry)	\
	for ((i) = 0; ((entry) = xa_find(xa, &(i), ~0ul, XA_PRESENT)); (i)++)

void *__xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_store_irq(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *__xa_erase(struct xarray *xa, unsigned long index);
void *xa_load(struct xarray *xa, unsigned long index);
void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max, unsigned int filter);

#endif /* SLABMOD_FUZZ_MAP_H */
