#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Other kernels. Debian's own, of several series and flavours, from its packages, with the compiler of
# each: the modules build without a warning, slabmod is loaded, used and unloaded (the step stock),
# source for the kernel's allocators runs on it (dropin-sample), all suites pass, with KUnit as a
# module, and 300,000 random operations of stress. Kernels built here with KUnit and checkers, of
# other series, compilers and architectures: likewise, without the two steps. $KERNELS names the
# kernels, with commas (all).
# host
# long
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

out=$top/build/check/kernels
ops=300000
mkdir -p "$out"

builds() {
	"$top/scripts/build" --w1 --quiet "$1" >"$out/$1-build.log" 2>&1 && return
	cat "$out/$1-build.log"
	return 1
}

# Print options for scripts/vm. Blocks of many large pages need more memory. Guests of riscv64
# have one node.
machine() {
	case $1 in
	arm64-*k*) echo --mem 6G ;;
	riscv64*) echo --nodes 1 ;;
	esac
}

# passes KERNEL STEP [OPTION...]: run a step of scripts/check in a guest with another kernel
passes() {
	local kernel=$1 script=$top/scripts/check.d/$2.sh said=$out/$1-$2.said options status=0
	eval "options=($(sed -n 's/^# vm: *//p' "$script") $(machine "$kernel"))"
	"$top/scripts/check" --in-guest "$script" "$said" "$out/$kernel-$2.log" "${options[@]}" \
		--kernel "$kernel" "${@:3}" || status=$?
	grep -q '^ok ' "$said" || status=1
	! grep -q '^not ok ' "$said" || status=1
	((!status)) || cat "$said"
	return "$status"
}

# What the table says of a step
ran() {
	echo "$(grep -c '^ok ' "$out/$1-$2.said") of $(grep -cE '^(not )?ok ' "$out/$1-$2.said")"
}

# suites KERNEL: run all, and set counts to what the table says of them
suites() {
	local status=0 passed failed skipped with=()
	if [[ $1 == debian* ]]; then
		"$top/scripts/build" --quiet --suites "$1" || return
		with=(--modules "$top/build/$1-suites" --no-build)
	fi
	passes "$1" kunit "${with[@]}" || status=$?
	"$top/scripts/check" --ktap "$out/$1-kunit.log" >"$out/$1-suites.said" || status=$?
	read -r passed failed skipped < <(tail -n 1 "$out/$1-suites.said")
	counts="$passed passed; $failed failed; $skipped skipped"
	((!status && passed && !failed)) && return
	grep -E 'FAILED|CRASHED|ERROR|cannot' "$out/$1-suites.said"
	return 1
}

stress() {
	"$top/scripts/stress" "KERNELS=$1" "OPS=$ops" >"$out/$1-stress.said" 2>&1 && return
	cat "$out/$1-stress.said"
	return 1
}

# Print the size of a page in KiB
page_size() {
	local of
	of=$(sed -n 's/^CONFIG_ARM64_\([0-9]*\)K_PAGES=y/\1/p' \
		"$("$top/scripts/kernel" --build "$1")/include/config/auto.conf")
	echo "${of:-4}"
}

# Print the compiler of the modules, without the distribution's numbers
compiler() {
	readelf -p .comment "$top/build/$1-w1/slabmod.ko" |
		sed -nE 's/.*(clang version|GCC:) (\([^)]*\) )?([0-9.]+).*/\1 \3/p' |
		sed 's/ version//; s/GCC:/gcc/' | head -n 1
}

# column NAME COMMAND...: do what a column of the table is about
column() {
	if "${@:2}"; then
		echo "ok $kernel: $1"
	else
		echo "not ok $kernel: $1"
		return 1
	fi
}

# steps KERNEL STEP...: run them
steps() {
	local step
	for step in "${@:2}"; do
		column "$step" passes "$1" "$step" || true
		line+=",$(ran "$1" "$step")"
	done
}

try() {
	local kernel=$1 release line kib counts
	rm -f "$out/$kernel.csv"
	if ! release=$("$top/scripts/kernel" --release "$kernel"); then
		echo "not ok $kernel: it cannot be fetched or built"
		return
	fi
	kib=$(page_size "$kernel")
	line="$kernel,$release,$("$top/scripts/kernel" --arch "$kernel"),$kib"
	column "builds without a warning ($release)" builds "$kernel" &&
		line+=",$(compiler "$kernel")" || line+=,failed
	if [[ $kernel == debian* ]]; then
		steps "$kernel" stock dropin-sample
	else
		line+=',-,-'
	fi
	column 'all suites' suites "$kernel" || true
	line+=",${counts:-failed}"
	column "$ops operations of stress" stress "$kernel" && line+=",$ops" || line+=,failed
	echo "$line" >"$out/$kernel.csv"
}

# table KERNEL...: print it, and leave it in table.csv
table() {
	local columns='kernel,release,arch,KiB,compiler,stock,dropin-sample,suites,stress'
	(cd "$out" && echo "$columns" && cat "${@/%/.csv}" 2>/dev/null) >"$out/table.csv" || true
	awk -F, '{ printf "table: %-16s %-26s %-7s %-4s %-13s %-9s %-14s %-36s %s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9 }' \
		"$out/table.csv"
}

# Those for other purposes are coverage, benchmarks, the checkers of other steps, and user-mode Linux.
all_kernels() {
	"$top/scripts/kernel" --list | grep -E '^(debian|kunit|clang|rt|arm64|riscv64)'
}

# Wait for a kernel
ended() {
	wait -n || status=$?
	running=$((running - 1))
}

# Several at a time, and one more than there are CPUs: a guest rarely needs a whole CPU all the time.
main() {
	local kernel kernels=${KERNELS-} running=0 status=0
	[[ $kernels ]] || kernels=$(all_kernels | paste -sd,)
	for kernel in ${kernels//,/ }; do
		((running <= $(nproc))) || ended
		try "$kernel" &
		running=$((running + 1))
	done
	while ((running)); do
		ended
	done
	# shellcheck disable=SC2086
	table ${kernels//,/ }
	return "$status"
}

main
