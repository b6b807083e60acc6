#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian's own kernels, of several series and flavours, from its packages: the modules build without a
# warning, slabmod is loaded, used and unloaded (the step stock), source for the kernel's allocators
# runs on it (dropin-sample), and 300,000 random operations of stress pass. $KERNELS names the
# kernels, with commas (all).
# host
# long
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

out=$top/build/check/kernels
ops=300000
mkdir -p "$out"

# result NAME STATUS: print it
result() {
	if (($2)); then
		echo "not ok $1"
	else
		echo "ok $1"
	fi
}

builds() {
	"$top/scripts/build" --w1 --quiet "$1" >"$out/$1-build.log" 2>&1 && return
	cat "$out/$1-build.log"
	return 1
}

# passes KERNEL STEP: run a step of scripts/check in a guest with another kernel
passes() {
	local kernel=$1 script=$top/scripts/check.d/$2.sh said=$out/$1-$2.said options status=0
	eval "options=($(sed -n 's/^# vm: *//p' "$script"))"
	"$top/scripts/check" --in-guest "$script" "$said" "$out/$kernel-$2.log" "${options[@]}" \
		--kernel "$kernel" || status=$?
	grep -q '^ok ' "$said" || status=1
	! grep -q '^not ok ' "$said" || status=1
	((!status)) || cat "$said"
	return "$status"
}

# What the table says of a step
ran() {
	echo "$(grep -c '^ok ' "$out/$1-$2.said") of $(grep -cE '^(not )?ok ' "$out/$1-$2.said")"
}

stress() {
	"$top/scripts/stress" "KERNELS=$1" "OPS=$ops" >"$out/$1-stress.said" 2>&1 && return
	cat "$out/$1-stress.said"
	return 1
}

try() {
	local kernel=$1 release status line
	if ! release=$("$top/scripts/kernel" --release "$kernel"); then
		echo "not ok $kernel: it cannot be fetched"
		return
	fi
	status=0; builds "$kernel" || status=$?
	result "$kernel: builds without a warning ($release)" "$status"
	line="$kernel,$release,$( ((status)) && echo no || echo yes)"
	for step in stock dropin-sample; do
		status=0; passes "$kernel" "$step" || status=$?
		result "$kernel: $step" "$status"
		line+=",$(ran "$kernel" "$step")"
	done
	status=0; stress "$kernel" || status=$?
	result "$kernel: $ops operations of stress" "$status"
	line+=",$( ((status)) && echo failed || echo "$ops")"
	echo "$line" >>"$out/table.csv"
}

table() {
	awk -F, '{ printf "table: %-18s %-26s %-8s %-10s %-14s %s\n", $1, $2, $3, $4, $5, $6 }' "$out/table.csv"
}

main() {
	local kernel kernels=${KERNELS-}
	[[ $kernels ]] || kernels=$("$top/scripts/kernel" --list | grep '^debian' | paste -sd,)
	echo 'kernel,release,builds,stock,dropin-sample,stress' >"$out/table.csv"
	for kernel in ${kernels//,/ }; do
		try "$kernel"
	done
	table
}

main
