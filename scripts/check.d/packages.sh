#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The packages of Debian: lintian, and their life in bare systems of Debian 12 and of the newest
# Debian. Each is installed beside the headers of a kernel, and a module that depends on slabmod is
# added to DKMS; another kernel comes; the packages are removed. Needs root for the systems, which
# are directories below build/check.
# host
# long
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/host.lib"
. "$top/scripts/archive.lib"
. "$top/scripts/system.lib"

out=$top/build/check
dir=$out/packages
log=$dir/log

releases() {
	(cd "$system/lib/modules" && echo *)
}

installs() {
	mkdir "$system/deb"
	cp "$top"/build/deb/*.deb "$system/deb/"
	inside "$system" sh -c 'apt-get install -y --no-install-recommends /deb/*.deb'
}

# built MODULE: for all kernels of the system
built() {
	# shellcheck disable=SC2016 # it is for the inner shell
	inside "$system" sh -c 'for dir in /lib/modules/*; do
		ls "$dir/updates/dkms/$0".ko* "$dir/slabmod/slabmod.mk" "$dir/slabmod/Module.symvers" \
			"$dir/slabmod/include/slabmod/slabmod.h" || exit
	done' "$1"
}

# Exactly one module, of this version, signed with DKMS's own key
as_expected() {
	local module
	module=$(echo "$system/lib/modules/$(releases)"/updates/dkms/*)
	[[ $(modinfo -F version "$module") == "$(version)" && $(modinfo -F signer "$module") ]]
}

documented() {
	inside "$system" sh -c 'apt-get install -y --no-install-recommends man-db &&
		man -w 4 slabmod && man -w 9 slabmod_kmalloc && man -w 1 slabmod-framemap' &&
		inside "$system" sh -c 'printf "page_size 4096\n" | slabmod-framemap --text -' &&
		[[ -e $system/usr/share/doc/slabmod-doc/html/index.html ]]
}

adds_caller() {
	# shellcheck disable=SC2016 # it is for make
	dropin_caller "$system/usr/src" caller '/lib/modules/$(KERNELRELEASE)/slabmod/slabmod.mk'
	inside "$system" dkms install caller/1 -k "$(releases)" && built caller
}

calls_slabmod() {
	local release
	for release in $(releases); do
		[[ $(modinfo -F depends "$(echo "$system/lib/modules/$release"/updates/dkms/caller.ko*)") == slabmod ]] ||
			return
	done
}

# As an upgrade does: DKMS builds both, in the order of their dependence.
another_kernel() {
	inside "$system" apt-get install -y --no-install-recommends linux-headers-cloud-amd64 &&
		[[ $(releases) == *' '* ]] && built slabmod && built caller
}

removes() {
	inside "$system" dkms remove caller/1 --all &&
		inside "$system" sh -c 'apt-get purge -y slabmod-dkms slabmod-dev slabmod-tools slabmod-doc'
}

leaves_nothing() {
	rm -r "$system/deb" "$system/usr/src/caller-1"
	diff /dev/null <(cd "$system" && find . -xdev -name '*slabmod*' ! -path './var/log/*' ! -path './proc/*')
}

"$top/scripts/deps" packages
rm -rf "$dir"
mkdir -p "$dir"
check_quiet 'lintian finds nothing' "$top/scripts/deb"
if ((EUID)); then
	echo 'ok packages in bare systems # SKIP needs root'
	exit
fi
for suite in bookworm sid; do
	system=$dir/$suite
	# Without openssl, DKMS signs nothing.
	if ! quiet bare_system "$suite" "$system" dkms linux-headers-amd64 openssl; then
		echo "not ok $suite: a bare system"
		continue
	fi
	check_quiet "$suite: packages are installed" installs
	check_quiet "$suite: DKMS has built slabmod.ko alone" built slabmod
	check_quiet "$suite: its version and signature" as_expected
	check_quiet "$suite: documents and tools" documented
	check_quiet "$suite: a module that depends on slabmod" adds_caller
	check_quiet "$suite: both for another kernel" another_kernel
	check_quiet "$suite: the module calls slabmod" calls_slabmod
	check_quiet "$suite: packages are removed" removes
	check_quiet "$suite: nothing is left" leaves_nothing
	rm -rf "$system"
done
