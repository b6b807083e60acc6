#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Invalid input: random calls of the API, junk written to every file of debugfs, and invalid
# parameters. The seed is printed; SEED= repeats a run.
# vm: --kernel kunit --smp 2 --nodes 2 --mem 1G --timeout 900 --allow-reports
# vm: --add $top/fuzz/seeds:/seeds

. /check.lib

debug=/sys/kernel/debug/slabmod
fuzz=/sys/kernel/debug/slabmod_fuzz
seed=${SEED:-$(hexdump -n 3 -e '"%u"' /dev/urandom)}
echo "# SEED=$seed"

load() {
	insmod /modules/slabmod.ko kmemleak=0 "$@"
}

# numbers N MAX: print N random numbers from 0 to MAX
numbers() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	awk -v seed="$seed" -v n="$1" -v max="$2" '
		BEGIN { srand(seed); while (n--) print int(rand() * (max + 1)) }'
}

# junk N: print N random bytes
junk() {
	# shellcheck disable=SC2059 # they are escapes
	printf "$(numbers "$1" 255 | awk '{ printf "\\%03o", $1 }')"
}

valid() {
	for each in "$debug"/validate "$debug"/pools/*/validate; do
		[ ! -e "$each" ] || echo 1 >"$each" || return
	done
}

# ---- calls

run_seeds() {
	for each in /seeds/*; do
		dd if="$each" of=$fuzz/input bs=64k 2>/dev/null || { echo "by $each"; return 1; }
	done
}

run_random() {
	echo "$(numbers 1 1000000000) $1" >$fuzz/random && cat $fuzz/runs
}

# Too long, too short, and not at the beginning
run_odd() {
	! dd if=/dev/zero of=$fuzz/input bs=65537 count=1 2>/dev/null &&
		junk 3 >$fuzz/input && junk 100 | dd of=$fuzz/input bs=9 seek=1000 2>/dev/null
}

# ---- files

# Writes may be accepted or refused. There are hundreds of files, so no process for each.
write_junk() {
	find $debug -type f >/tmp/files
	junk 300 >/tmp/junk
	text=$(tr -d '\000' </tmp/junk)
	while read -r file; do
		{ echo "$text" >"$file"; } 2>/dev/null
	done </tmp/files
	[ -s /tmp/files ] && echo "# files: $(wc -l </tmp/files)"
}

# Read some files at random offsets in pieces of random length
read_and_write_pieces() {
	lines=$(wc -l </tmp/files)
	numbers 25 $((lines - 1)) >/tmp/chosen
	numbers 25 5000 >/tmp/places
	numbers 25 3000 >/tmp/sizes
	paste /tmp/chosen /tmp/places /tmp/sizes | while read -r n place size; do
		file=$(sed -n "$((n + 1))p" /tmp/files)
		dd if="$file" bs=$((size + 1)) skip="$place" count=2 2>/dev/null | wc -c
		dd if="$file" bs=1 skip="$place" count=20 2>/dev/null | wc -c
		dd if=/tmp/junk of="$file" bs=$((size + 1)) seek="$place" conv=notrunc 2>/dev/null
		tail -c "$size" "$file" 2>/dev/null | wc -c
	done >/tmp/read
	[ -s /tmp/read ]
}

# Only the owner has access, and no file can be created
is_closed() {
	! mkdir $debug/new 2>/dev/null && ! rm $debug/summary 2>/dev/null &&
		! find $debug -type f -perm /077 | grep .
}

# ---- parameters

# slabmod loads and unloads, or refuses with a message.
load_with() {
	dmesg -c >/dev/null
	if load "$1" 2>/dev/null; then
		rmmod slabmod
		return
	fi
	[ ! -d /sys/module/slabmod ] &&
		dmesg | grep -qa -e "slabmod: ${1%%=*}=.* is out of range" \
			-e 'slabmod: .*invalid for parameter' -e 'slabmod: unknown parameter'
}

# Numbers that are more likely to be in range than random ones
load_with_all() {
	for value in '' -1 0 1 64 18446744073709551615 99999999999999999999 0x400 1e3 \
		'%s%n' $(numbers 2 11) $(numbers 2 2000000000); do
		load_with "$1=$value" || { echo "$1=$value: neither loaded nor refused"; return 1; }
	done
	for value in "$(random_text)" "$(random_text)"; do
		load_with "$1=$value" || { echo "$1: $value: neither loaded nor refused"; return 1; }
	done
}

# Up to 40 bytes of any value but 0, which ends a parameter. The kernel takes text after
# blanks and quotes for other parameters.
random_text() {
	# shellcheck disable=SC2046,SC2059 # they are numbers; they are escapes
	printf "$(printf '\\%03o' $(numbers $(($(numbers 1 39) + 1)) 254 | awk '{ print $1 + 1 }'))"
}

# The first run makes the kernel allocate memory it keeps.
rehearse() {
	load && insmod /modules/slabmod_fuzz.ko && run_random 3 && write_junk &&
		rmmod slabmod_fuzz slabmod
}

with_debug() {
	load debug=1 quarantine_kb=64 && insmod /modules/slabmod_fuzz.ko && run_seeds &&
		run_random 10 && valid && write_junk && rmmod slabmod_fuzz slabmod
}

gives_back() {
	rm -f /tmp/*
	pages_back "$free" 256
}

check 'loads, runs, unloads' rehearse
rm -f /tmp/*
free=$(free_pages)
check 'loads' load
params=$(ls /sys/module/slabmod/parameters)
check 'the fuzzer loads' insmod /modules/slabmod_fuzz.ko
check 'the seeds of the corpus' run_seeds
check 'random calls' run_random 25
check 'invalid input' run_odd
check 'validates' valid
check 'junk in every file' write_junk
check 'at any offset, in pieces of any length' read_and_write_pieces
check 'files are accessible to root only' is_closed
check 'validates after that' valid
check 'and serves' run_random 5
check 'unloads' rmmod slabmod_fuzz slabmod
check 'the same with debug=1' with_debug
for param in $params; do
	check "any $param" load_with_all "$param"
done
check 'frees every page' gives_back
