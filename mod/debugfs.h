/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debugfs.h - the files under /sys/kernel/debug/slabmod; see Documentation/debugfs.rst.
 */
#ifndef SLABMOD_DEBUGFS_H
#define SLABMOD_DEBUGFS_H

int debugfs_init(void);
void debugfs_exit(void);

#endif /* SLABMOD_DEBUGFS_H */
