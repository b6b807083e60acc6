#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every function of the kernel's headers for memory has a class in
# Documentation/dropin-functions.csv, in three series of kernels.
# host
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# Print where the headers of Linux 6.12 are; fetch them once. They are a package of the installed
# release, for another kernel than its own.
headers_612() {
	local dir package
	dir=$(cache_dir headers)
	package=$(find "$dir" -maxdepth 1 -name 'linux-headers-6.12*-common' | sort -V | tail -n 1)
	if [[ ! $package ]]; then
		package=$(apt-cache search --names-only '^linux-headers-6\.12\.[^-]*-common$' |
			cut -d' ' -f1 | sort -V | tail -n 1)
		[[ $package ]] || return
		rm -rf "$dir/tmp"
		mkdir "$dir/tmp"
		(
			cd "$dir/tmp"
			apt-get -q -o APT::Sandbox::User=root download "$package" >&2
			dpkg-deb -x ./*.deb .
		) || return
		mv "$dir/tmp/usr/src/$package" "$dir/"
		rm -rf "$dir/tmp"
		package=$dir/$package
	fi
	echo "$package"
}

trees=("$("$top/scripts/kernel" --source kunit)" "$("$top/scripts/kernel" --source kunit-7.2)")
if more=$(headers_612); then
	trees+=("$more")
else
	echo "ok the functions of Linux 6.12 are classified # SKIP no package with its headers"
fi
if "$top/scripts/dropin-functions" "${trees[@]}"; then
	echo "ok the functions of ${#trees[@]} kernels are classified"
else
	echo "not ok the functions of ${#trees[@]} kernels are classified"
fi
