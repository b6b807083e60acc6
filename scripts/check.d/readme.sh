#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What README.md shows of a first module is extracted from it and done: its commands, which build
# slabmod and the module on this machine and load them in a guest, print what the text says.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/host.lib"

dir=$top/build/check/readme
release=$("$top/scripts/kernel" --release debian)
log=$dir/log

# block LANGUAGE N: print the Nth block of code in this language below the heading
block() {
	awk -v want="\`\`\`$1" -v n="$2" '
		/^## / { here = /first module/ }
		inside && /^```$/ { exit }
		inside { print }
		here && $0 == want && !--n { inside = 1 }' "$top/README.md" | grep .
}

# Commands for root are for the guest, but those of apt.
for_host() {
	block sh "$1" | grep -v '^sudo ' | sed "s,/path/to/slabmod,$dir/slabmod,"
}

for_guest() {
	block sh "$1" | sed -n '/^sudo apt/d; s/^sudo //p'
}

# A machine that runs Debian's kernel
prepare() {
	"$top/scripts/kernel" debian
	mkdir -p "$dir"/{slabmod,tracks,bin,modules}
	cp -r "$top"/{Kbuild,Makefile,include,mod,scripts,slabmod.mk} "$dir/slabmod/"
	printf '#!/bin/sh\n[ "$*" = -r ] || exec /bin/uname "$@"\necho %s\n' "$release" >"$dir/bin/uname"
	chmod +x "$dir/bin/uname"
	block c 1 >"$dir/tracks/tracks.c"
	block make 1 >"$dir/tracks/Kbuild"
	block text 1 >"$dir/expected"
	{ echo 'set -e; cd /modules'; for_guest 1; for_guest 2; } >"$dir/guest"
}

# build DIR N: run the commands of the Nth block in DIR
build() {
	for_host "$2" >"$dir/host"
	(cd "$dir/$1" && unset KDIR && PATH=$dir/bin:$PATH bash -e "$dir/host")
}

compiles_silently() {
	build tracks 2 && ! grep -i warning "$log" && [[ -e $dir/tracks/tracks.ko ]]
}

# The modules that these commands have built
runs() {
	cp "$dir/slabmod/slabmod.ko" "$dir/tracks/tracks.ko" "$dir/modules/"
	"$top/scripts/vm" --smp 2 --mem 512M --timeout 120 --log "$dir/vm.log" --modules "$dir/modules" \
		--add "$dir/guest" -- sh /guest >"$dir/got"
}

prints_what_it_says() {
	diff "$dir/expected" <(sed 's/^\[ *[0-9.]*\] //' "$dir/got")
}

rm -rf "$dir"
mkdir -p "$dir"
check_quiet 'README.md has a module, its Kbuild, commands and their output' prepare
check_quiet 'the commands build slabmod' build slabmod 1
check_quiet 'and the module, without a warning' compiles_silently
check_quiet 'the module loads and unloads in a guest' runs
check_quiet 'the commands print what README.md says' prints_what_it_says
