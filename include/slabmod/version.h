/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The version of slabmod. dkms.conf and CHANGELOG.md repeat it, and scripts/style compares them.
 */
#ifndef _SLABMOD_VERSION_H
#define _SLABMOD_VERSION_H

#include <linux/stringify.h>

#define SLABMOD_VERSION_MAJOR	0
#define SLABMOD_VERSION_MINOR	2
#define SLABMOD_VERSION_PATCH	0

#define SLABMOD_VERSION	__stringify(SLABMOD_VERSION_MAJOR) "." \
			__stringify(SLABMOD_VERSION_MINOR) "." \
			__stringify(SLABMOD_VERSION_PATCH)

/*
 * slabmod_version_0_2_0: a symbol that each caller refers to and only this version has. A caller
 * of another version, which has its fast paths compiled in, is therefore not loaded.
 */
#define __SLABMOD_VERSION_NAME(major, minor, patch)	\
	slabmod_version_##major##_##minor##_##patch
#define _SLABMOD_VERSION_NAME(major, minor, patch)	\
	__SLABMOD_VERSION_NAME(major, minor, patch)
#define SLABMOD_VERSION_NAME	\
	_SLABMOD_VERSION_NAME(SLABMOD_VERSION_MAJOR, SLABMOD_VERSION_MINOR, SLABMOD_VERSION_PATCH)

extern const char SLABMOD_VERSION_NAME[];

#endif /* _SLABMOD_VERSION_H */
