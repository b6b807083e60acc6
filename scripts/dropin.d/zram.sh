# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: drivers/block/zram
# kbuild: obj-m := zram.o
# kbuild: zram-y := zcomp.o zram_drv.o
# load: zram
# needs: zsmalloc
# parameters: num_devices=2
# work: a pattern written over 2 disks of 24 MiB, half of the pages rewritten; compared; reset and once more

sized() {
	for disk in 0 1; do
		echo 24M >/sys/block/zram$disk/disksize || return
	done
}

reset() {
	for disk in 0 1; do
		echo 1 >/sys/block/zram$disk/reset || return
	done
}

work() {
	for _ in 1 2; do
		step "gets a size" sized
		for disk in 0 1; do
			step "disk $disk" /dropin/work device /dev/zram$disk 24 $disk
		done
		for disk in 0 1; do
			step "disk $disk is the same" /dropin/work still /dev/zram$disk 24 $disk
		done
		step "is reset" reset
	done
}
