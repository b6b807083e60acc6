# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # these variables are used by the scripts that source this file
#
# Functions of the scripts in this directory: paths, messages, progress of long steps.

shopt -s inherit_errexit
prog=${0##*/}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SLABMOD_CACHE:-${XDG_CACHE_HOME:-${HOME-}/.cache}/slabmod}

# A timeout is this many times the ample time on an idle machine. No verdict may depend on
# the load of the machine, so there are no other timeouts.
patience=${SLABMOD_PATIENCE:-10}

# Do not pass the options of a calling make to the make that these scripts run.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKEFILES

say() {
	printf '%s: %s\n' "$prog" "$*" >&2
}

die() {
	say "$@"
	exit 1
}

# The comment at the head of a script is its help.
help() {
	awk 'NR == 1 || /SPDX/ { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
	exit 0
}

# usage: bad_usage SENTENCE
bad_usage() {
	say "$* (see --help)"
	exit 2
}

# elapsed SINCE: print the time since a value of $SECONDS
elapsed() {
	printf '%d:%02d' $(((SECONDS - $1) / 60)) $(((SECONDS - $1) % 60))
}

# make cannot handle blanks and colons in the paths of caches and logs.
cache_dir() {
	case $cache in
	*[[:space:]:]*) die "the path '$cache' of the cache has a blank or a colon, where no kernel can be built; set SLABMOD_CACHE" ;;
	esac
	mkdir -p "$cache/$1"
	printf '%s\n' "$cache/$1"
}

# built_modules DIR: print the modules in DIR and below. Another step may run make there, which
# creates and removes directories to try the compiler; find would complain of those.
built_modules() (
	shopt -s globstar nullglob
	printf '%s\n' "$1"/**/*.ko | sed '/^$/d'
)

# program_options NAME: print the options of scripts/vm that add a program and its libraries
program_options() {
	local path file
	path=$(PATH=$PATH:/sbin:/usr/sbin command -v "$1") || die "there is no program '$1'"
	echo --add "$(realpath "$path"):/tools/$1"
	for file in $(ldd "$path" | grep -oE '/[^ ]+'); do
		echo --add "$(realpath "$file"):$file"
	done
}

# watched LABEL LOG PATTERN COMMAND...
# Run COMMAND with its output in LOG; print from time to time how many lines of it, or of
# the files progress_in, match PATTERN; on failure, show the end of LOG.
watched() {
	local label=$1 log=$2 pattern=$3 start=$SECONDS status=0 every=15 eol='\n' pid
	shift 3
	local progress_in=("${progress_in[@]:-$log}")
	[[ -t 2 ]] && every=1 eol='\r'
	: >"$log"
	"$@" >"$log" 2>&1 &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill $pid 2>/dev/null; exit 130" INT TERM
	local next=$((SECONDS + every))
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		((SECONDS >= next)) || continue
		next=$((SECONDS + every))
		# shellcheck disable=SC2059
		printf "%s: %s: %d done, %s$eol" "$prog" "$label" \
			"$(cat "${progress_in[@]}" 2>/dev/null | grep -cE "$pattern")" "$(elapsed "$start")" >&2
	done
	wait "$pid" || status=$?
	trap - INT TERM
	if ((status)); then
		say "$label failed after $(elapsed "$start"); the end of $log:"
		tail -n 45 "$log" >&2
	else
		say "$label: done in $(elapsed "$start")"
	fi
	return "$status"
}

# cross_compile ARCH: print CROSS_COMPILE for make; nothing if this machine's own compiler serves
cross_compile() {
	case $1-$(uname -m) in
	arm64-aarch64 | riscv-riscv64) ;;
	arm64-*) echo "${CROSS_COMPILE-aarch64-linux-gnu-}" ;;
	riscv-*) echo "${CROSS_COMPILE-riscv64-linux-gnu-}" ;;
	esac
}

# locked FILE: hold an exclusive lock on FILE until this shell ends
locked() {
	mkdir -p "${1%/*}"
	exec 9>"$1"
	flock -n 9 && return
	say "waiting for another run that holds ${1##*/}"
	flock 9
}

# Print the version of slabmod
version() {
	sed -n 's/^#define SLABMOD_VERSION_M[AI].OR\t//p; s/^#define SLABMOD_VERSION_PATCH\t//p' \
		"$top/include/slabmod/version.h" | paste -sd .
}

# sphinx SOURCE BUILDER OUT OPTION...: build the documents with the kernel-doc of a kernel's source
sphinx() {
	KDOC_WERROR=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$1/Documentation/sphinx \
		sphinx-build -q -W --keep-going -b "$2" -d "$3/.doctrees" \
		-D kerneldoc_bin="$1/scripts/kernel-doc" -D kerneldoc_srctree="$top" "${@:4}" \
		"$top/Documentation" "$3"
}

# kvm_works LOG OPTION...: with these options of scripts/vm
# Return true if KVM works. /dev/kvm does not prove it: boot a guest, and remember the
# result until the host reboots. On a machine too busy to boot one in time the answer is
# no, which makes guests slower and changes no verdict.
kvm_works() {
	[[ -w /dev/kvm ]] && guest_runs kvm "$1" --accel kvm "${@:2}"
}

# uml_works KERNEL LOG: whether this CPU runs that user-mode Linux. That of 6.1 cannot save the
# state of a CPU with tile registers.
uml_works() {
	"$top/scripts/kernel" "$1" >/dev/null && guest_runs "$1" "$2" --kernel "$1"
}

# guest_runs NAME LOG OPTION...: whether a guest with these options of scripts/vm runs here
guest_runs() {
	local known
	known=$(cache_dir probe)/$1-$(cat /proc/sys/kernel/random/boot_id)
	if [[ ! -e $known ]]; then
		say "testing whether $1 works (up to 60 s, only once)"
		if SLABMOD_PATIENCE=4 "$top/scripts/vm" "${@:3}" --timeout 15 --modules /nowhere \
			--log "$2" -- true >/dev/null 2>&1; then
			echo yes >"$known"
		else
			echo no >"$known"
		fi
	fi
	[[ $(cat "$known") == yes ]]
}
