#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What slabmod.mk cannot map does not compile, and the message has the reason.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

"$top/scripts/build" --quiet debian
kdir=$("$top/scripts/kernel" debian)
dir=$top/build/dropin-refused
rm -rf "$dir"
mkdir -p "$dir"

# try NAME PATTERN BODY: a module with BODY in its init function fails with PATTERN
try() {
	cat >"$dir/$1.c" <<-EOT
		#include <linux/debugfs.h>
		#include <linux/module.h>
		#include <linux/slab.h>
		#include <net/sock.h>
		static void *p;
		static struct kmem_cache *c;
		static char *s;
		static struct proto prot;
		static int __init f(void) { $3; return !p + !c + !s + !prot.slab; }
		module_init(f);
		MODULE_LICENSE("GPL");
	EOT
	printf 'obj-m := %s.o\nslabmod-build := %s\ninclude %s\n' "$1" "$top/build/debian" \
		"$top/slabmod.mk" >"$dir/Kbuild"
	if make -C "$kdir" "M=$dir" modules >"$dir/$1.log" 2>&1; then
		[[ ! $2 ]] || { echo "not ok $1 compiles"; return; }
	else
		if [[ ! $2 ]] || ! grep -q "error: .*$2" "$dir/$1.log"; then
			echo "not ok $1: see $dir/$1.log"
			return
		fi
	fi
	echo "ok $1 ${2:+is refused}"
}

try plain '' 'p = kmalloc(10, GFP_KERNEL); kfree(p)'
try zone 'a pool has no DMA zones' 'p = kmalloc(10, GFP_KERNEL | GFP_DMA)'
try cache-zone 'a cache has no DMA zones' 'c = kmem_cache_create("x", 10, 0, SLAB_CACHE_DMA, NULL)'
try cache-size 'at most 32 KiB' 'c = kmem_cache_create("x", 65536, 0, 0, NULL)'
try string 'debugfs frees the string' 'debugfs_create_str("x", 0600, NULL, &s)'
try core-cache 'incompatible pointer type' 'p = kmem_cache_alloc(prot.slab, GFP_KERNEL)'
try own-cache 'incompatible pointer type' 'prot.slab = kmem_cache_create("x", 10, 0, 0, NULL)'
