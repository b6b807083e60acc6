#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Documentation/lab.rst has a place for each of the 332 items of the lecture, the files that it names exist, and
# no strategy is longer than 150 lines.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

items=332
longest=150
rst=$top/Documentation/lab.rst

# verdict NAME PROBLEMS
verdict() {
	if [[ $2 ]]; then
		printf '%s\n' "$2"
		echo "not ok $1"
	else
		echo "ok $1"
	fi
}

# Items 210 to 300 are the rows of a table that the document includes.
numbers() {
	sed -n 's/^(\([0-9]*\)) [^ ].*/\1/p' "$rst"
	sed -n 's/^\([0-9]*\),.*/\1/p' "$top/Documentation/lab/claims.csv"
}

wrong_numbers() {
	diff <(seq "$items") <(numbers | sort -n) | sed -n 's/^</missing: /p; s/^>/twice, or unknown: /p'
}

# The paths in ``, which have a slash and begin with a directory of the source
missing_files() {
	local path
	# shellcheck disable=SC2016 # these are quotes of the document
	grep -oE '``(mod|lab|kunit|scripts|include)/[A-Za-z0-9_./-]*``' "$rst" | tr -d '`' | sort -u |
		while read -r path; do
			[[ -e $top/$path ]] || echo "there is no $path"
		done
}

# The longest strategy is named with its number of lines.
long_files() {
	wc -l "$top"/mod/lab/strategies/*.c | awk -v most="$longest" '$2 != "total" && $1 > most { print $2 ": " $1 " lines" }'
}

verdict 'each item of the lecture has its place' "$(wrong_numbers)"
verdict 'files that the document names exist' "$(missing_files)"
verdict "no strategy has more than $longest lines" "$(long_files)"
