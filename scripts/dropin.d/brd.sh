# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: drivers/block/brd.c
# kbuild: obj-m := brd.o
# load: brd
# parameters: rd_nr=4 rd_size=24576
# work: a pattern written over 3 disks of 24 MiB, half of the pages rewritten; compared

work() {
	for disk in 0 1 2; do
		step "disk $disk" /dropin/work device /dev/ram$disk 24 $disk
	done
	for disk in 0 1 2; do
		step "disk $disk is the same" /dropin/work still /dev/ram$disk 24 $disk
	done
}
