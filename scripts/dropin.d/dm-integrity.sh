# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: drivers/md/dm-bufio.c drivers/md/dm-integrity.c drivers/md/dm-bio-record.h drivers/md/dm-audit.h
# kbuild: obj-m := dm-bufio.o dm-integrity.o
# load: dm-bufio dm-integrity
# needs: brd:rd_nr=1,rd_size=20480 dm-mod xor async_tx async_xor crc32c_generic
# tool: dmsetup
# work: dm-bufio below dm-integrity: formatted, with a journal and with a bitmap: a pattern written over all of 20 MiB, half of the pages rewritten; compared, also after a second activation; no checksum differs

disk=/dev/ram0

# map SECTORS MODE [OPTION]
map() {
	dmsetup create sums --table "0 $1 integrity $disk 0 - $2 $((2 - (${#3} == 0))) internal_hash:crc32c $3"
	[ -e /dev/mapper/sums ] || dmsetup mknodes
}

format() {
	dd if=/dev/zero of=$disk bs=64k count=1 && map 8 "$@" && dmsetup remove sums
}

sectors() {
	od -An -tu8 -j16 -N8 $disk | tr -d ' '
}

# The first number of the status counts differing checksums.
no_mismatch() {
	dmsetup status sums
	[ "$(dmsetup status sums | awk '{ print $4 }')" = 0 ]
}

modes() {
	how=$1
	step "formats, mode $how" format "$@"
	step "begins, mode $how" map "$(sectors)" "$@"
	step "a pattern" /dropin/work device /dev/mapper/sums 0 1
	step "no checksum differs" no_mismatch
	step "ends" dmsetup remove sums
	step "begins again" map "$(sectors)" "$@"
	step "the pattern is the same" /dropin/work still /dev/mapper/sums 0 1
	step "no checksum differs" no_mismatch
	step "ends" dmsetup remove sums
}

work() {
	modes J
	modes B
	modes J buffer_sectors:8
}
