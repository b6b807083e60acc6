/* SPDX-License-Identifier: GPL-2.0 */
/*
 * upload.h - the file `trace` of slabmod_lab: a recorded trace, for the workload of that name.
 */
#ifndef SLABMOD_LAB_UPLOAD_H
#define SLABMOD_LAB_UPLOAD_H

#include <linux/fs.h>
#include <linux/mutex.h>

/* main.c's, around everything */
extern struct mutex lab_mutex;

extern const struct file_operations lab_upload_fops;

/* Free the trace when the module is unloaded. */
void lab_upload_drop(void);

#endif /* SLABMOD_LAB_UPLOAD_H */
