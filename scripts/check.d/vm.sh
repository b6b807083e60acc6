#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/vm, which all other steps rely on: what a guest says and how it ends is passed on, and a
# kernel that scripts/kernel does not know is booted.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

dir=$top/build/check/vm
log=$dir/log

# ends NAME STATUS TEXT OPTION...: a guest ends with this status, after a line with this text
ends() {
	local status=0
	"$top/scripts/vm" --smp 1 --mem 256M --log "$dir/guest.log" "${@:4}" >"$log" 2>&1 || status=$?
	if ((status == $2)) && grep -qF -e "$3" "$log"; then
		echo "ok $1"
	else
		sed 's/^/| /' "$log"
		echo "not ok $1: status $status"
	fi
}

rm -rf "$dir"
mkdir -p "$dir"
"$top/scripts/build" --quiet debian
image=$("$top/scripts/kernel" --image debian)
cp "$image" "$dir/unknown"
none=(--modules /nowhere)
ends 'what the command prints and its status' 7 'said' "${none[@]}" -- 'echo said; exit 7'
ends 'a warning in the log' 240 'WARNING: made up' "${none[@]}" -- \
	'echo "WARNING: made up" >/dev/kmsg'
ends 'an expected warning' 0 'said' "${none[@]}" --expect 'made up' -- \
	'echo "WARNING: made up" >/dev/kmsg; echo said'
ends 'a panic' 242 'panicked' "${none[@]}" -- 'echo c >/proc/sysrq-trigger'
ends 'another kernel, without modules' 0 '0 modules' --image "$dir/unknown" -- \
	'ls /modules | wc -l | sed "s/$/ modules/"'
ends 'another kernel, with modules' 0 'slabmod' --image "$dir/unknown" \
	--modules "$top/build/debian" -- 'insmod /modules/slabmod.ko && cat /proc/modules'
ends 'a kernel that does not exist' 2 "no file '$dir/none'" --image "$dir/none" -- true
ends 'a file that is no kernel' 245 'could not be started' --image "$0" -- true
