#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# DKMS builds slabmod.ko alone and installs it, with all that a second module needs, which DKMS
# builds against it; another version takes over, and removal leaves nothing. Everything is in
# directories of the step's own. The modules are loaded in a guest.
# host
# long
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/host.lib"

out=$top/build/check
dir=$out/dkms
release=$("$top/scripts/kernel" --release debian)
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")
modules=$dir/modules/$release
log=$dir/log

# As started at boot, without a home directory
run_dkms() {
	(cd / && env -u HOME dkms "$@" --dkmstree "$dir/dkms" --sourcetree "$dir/src" \
		--installtree "$dir/modules") >"$log" 2>&1 || { cat "$log"; return 1; }
}

# source VERSION: what a package would have in /usr/src
add_source() {
	local to=$dir/src/slabmod-$1
	mkdir -p "$to"
	cp -r "$top"/{Kbuild,Makefile,dkms.conf,include,mod,scripts,slabmod.mk} "$to/"
	sed -i "s/^\(PACKAGE_VERSION=\).*/\1\"$1\"/" "$to/dkms.conf"
	[[ $1 == "$version" ]] ||
		sed -i 's/^\(#define SLABMOD_VERSION_M[AI].OR\t\).*/\19/' "$to/include/slabmod/version.h"
	run_dkms add "slabmod/$1"
}

# A module that calls slabmod, and one that slabmod.mk puts on it
add_callers() {
	local to=$dir/src/caller_native-1
	mkdir -p "$to"
	dkms_conf caller_native >"$to/dkms.conf"
	# The real path is /lib/modules/$(KERNELRELEASE)/slabmod.
	cat >"$to/Kbuild" <<-EOT
		slabmod := $dir/modules/\$(KERNELRELEASE)/slabmod
		ccflags-y := -I\$(slabmod)/include
		KBUILD_EXTRA_SYMBOLS := \$(slabmod)/Module.symvers
		obj-m := caller_native.o
	EOT
	cat >"$to/caller_native.c" <<-'EOT'
		#include <slabmod/slabmod.h>
		static void *p;
		static int __init begin(void) { p = slabmod_kmalloc(100, GFP_KERNEL); return p ? 0 : -ENOMEM; }
		static void __exit end(void) { slabmod_kfree(p); }
		module_init(begin);
		module_exit(end);
		SLABMOD_IMPORT();
		MODULE_LICENSE("GPL");
	EOT
	dropin_caller "$dir/src" caller_dropin "$dir/modules/\$(KERNELRELEASE)/slabmod/slabmod.mk"
	run_dkms add caller_native/1 && run_dkms add caller_dropin/1
}

# Print what is below a directory, but not what depmod writes
files() {
	(cd "$1" && find . ! -type d ! -name 'modules.*' ! -path './build' | LC_ALL=C sort)
}

installs() {
	run_dkms install "slabmod/$1" -k "$release" && diff <(files "$modules") - <<-EOT
		./slabmod/Module.symvers
		./slabmod/include
		./slabmod/slabmod.mk
		./updates/dkms/slabmod.ko
	EOT
}

leads_to() {
	[[ $(readlink -f "$modules/slabmod/include") == "$dir/src/slabmod-$1/include" &&
		$(modinfo -F version "$modules/updates/dkms/slabmod.ko") == "$2" ]]
}

# The build directory is gone, and has built nothing else.
builds_no_test() {
	! grep -E '/(kunit|mod/bench)/' "$dir/dkms/slabmod/$version/$release/x86_64/log/make.log"
}

# As for a new kernel: callers come first in DKMS's list, and have to wait for slabmod.
autoinstalls() {
	local name
	run_dkms unbuild "slabmod/$version" -k "$release" && diff /dev/null <(files "$modules") &&
		run_dkms autoinstall -k "$release" || return
	for name in slabmod caller_native caller_dropin; do
		[[ -e $modules/updates/dkms/$name.ko ]] || { cat "$log"; return 1; }
	done
}

loads() {
	"$top/scripts/vm" --log "$out/dkms.log" --modules "$modules/updates/dkms" -- \
		'cd /modules && insmod slabmod.ko && insmod caller_native.ko && insmod caller_dropin.ko &&
		cat /sys/kernel/debug/slabmod/pools/caller_dropin/slabinfo && rmmod caller_native &&
		rmmod caller_dropin && rmmod slabmod' >"$log" 2>&1 || { cat "$log"; return 1; }
}

# The caller was built for the version before.
refuses_old_caller() {
	"$top/scripts/vm" --log "$out/dkms.log" --modules "$modules/updates/dkms" --add "$dir/old.ko" -- \
		'cd /modules && insmod slabmod.ko && ! insmod /old.ko && rmmod slabmod &&
		dmesg | grep "native: Unknown symbol slabmod_version_"' >"$log" 2>&1 ||
		{ cat "$log"; return 1; }
}

removes() {
	run_dkms remove "slabmod/$1" --all
}

leaves_nothing() {
	diff /dev/null <(files "$modules") && diff /dev/null <(cd "$dir/dkms" && find . -name slabmod)
}

"$top/scripts/deps" build debian dkms
rm -rf "$dir"
mkdir -p "$dir/dkms" "$modules"
ln -s "$("$top/scripts/kernel" debian)" "$modules/build"
check 'dkms takes slabmod' add_source "$version"
check 'and modules that depend on it' add_callers
check 'it installs slabmod.ko, the headers and Module.symvers' installs "$version"
check 'which are those of this version' leads_to "$version" "$version"
check 'it builds no test' builds_no_test
check 'for a new kernel, it builds slabmod and then both modules' autoinstalls
check 'all three load and unload in a guest' loads
cp "$modules/updates/dkms/caller_native.ko" "$dir/old.ko" || true
run_dkms remove caller_native/1 --all
run_dkms remove caller_dropin/1 --all
check 'dkms takes another version' add_source 9.9
check 'which replaces the first one' installs 9.9
check 'and its headers' leads_to 9.9 9.9.0
check 'which does not serve a module built for the first one' refuses_old_caller
check 'the first one is removed' removes "$version"
check 'which leaves the other' leads_to 9.9 9.9.0
check 'the other is removed' removes 9.9
check 'which leaves nothing' leaves_nothing
rm -rf "$dir"
