#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A plain make installs no package and says for which kernel it builds; make install puts the
# modules for users where they belong, and make uninstall removes them.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/host.lib"

kdir=$("$top/scripts/kernel" debian)
release=$("$top/scripts/kernel" --release debian)
dir=$top/build/check/install
rm -rf "$dir"
mkdir -p "$dir/bin"

# A copy, because these builds would replace the modules in the top directory
copy() {
	mkdir "$dir/tree"
	cp -r "$top"/{Kbuild,Makefile,include,mod,scripts,slabmod.mk} "$dir/tree/"
}

make_there() {
	make -C "$dir/tree" "$@" >"$dir/log" 2>&1
}

# says PATTERN: the last make has printed it
says() {
	grep -q "$1" "$dir/log" || { cat "$dir/log"; return 1; }
}

# Programs without a compiler, a dpkg that knows no package, and an apt-get that leaves a trace
without_gcc() {
	local program
	for program in /usr/bin/* /bin/*; do
		case ${program##*/} in
		gcc | apt-get | dpkg-query | sudo | clang) ;;
		*) ln -sf "$program" "$dir/bin/" ;;
		esac
	done
	printf '#!/bin/sh\n: >%q\n' "$dir/called" >"$dir/bin/apt-get"
	printf '#!/bin/sh\nexit 1\n' >"$dir/bin/dpkg-query"
	chmod +x "$dir"/bin/{apt-get,dpkg-query}
}

names_the_package() {
	! make_there KDIR="$kdir" PATH="$dir/bin" && says 'please install these packages.*: gcc$'
}

names_the_headers() {
	! make_there KDIR= && says 'no headers of the running kernel.*KDIR=DIR.*make modules-debian'
}

builds() {
	make_there KDIR="$kdir" && says 'slabmod.ko' &&
		[[ -e $dir/tree/slabmod.ko && -e $dir/tree/Module.symvers ]]
}

# Print what is installed, without single headers
installed() {
	(cd "$dir/root" && find . ! -type d ! -path '*/include/slabmod/*.h' | LC_ALL=C sort)
}

expected() {
	cat <<-EOT
		./boot/lib/modules/$release/slabmod/Module.symvers
		./boot/lib/modules/$release/slabmod/include
		./boot/lib/modules/$release/slabmod/slabmod.mk
		./boot/lib/modules/$release/updates/slabmod.ko
		./boot/lib/modules/$release/updates/slabmod_words.ko
		./usr/share/slabmod/include/slabmod
		./usr/share/slabmod/slabmod.mk
	EOT
}

installs() {
	make_there KDIR="$kdir" PREFIX=/usr DESTDIR="$dir/root" INSTALL_MOD_PATH="$dir/root/boot" install &&
		diff <(expected) <(installed) &&
		diff -r "$top/include/slabmod" "$dir/root/usr/share/slabmod/include/slabmod" || return
	[[ $(readlink "$dir/root/boot/lib/modules/$release/slabmod/include") == /usr/share/slabmod/include ]]
}

uninstalls() {
	make_there KDIR="$kdir" PREFIX=/usr DESTDIR="$dir/root" INSTALL_MOD_PATH="$dir/root/boot" uninstall &&
		diff /dev/null <(installed)
}

unset CC LLVM KDIR PREFIX DESTDIR INSTALL_MOD_PATH
copy
without_gcc
check 'make without gcc names the package' names_the_package
check 'and does not call apt-get' test ! -e "$dir/called"
check 'make without headers says what to do' names_the_headers
check 'make builds slabmod.ko and Module.symvers' builds
check 'make install installs slabmod.ko, its sample, the headers, and no tests' installs
check 'make uninstall removes them' uninstalls
rm -rf "$dir"
