# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: drivers/block/null_blk
# kbuild: obj-m := null_blk.o
# kbuild: null_blk-y := main.o trace.o zoned.o
# kbuild: ccflags-y += -I$(src)
# load: null_blk
# needs: configfs
# parameters: nr_devices=0
# work: a pattern written over 2 disks of 24 MiB in memory (one with a write cache), half of the pages rewritten; compared; disks created and deleted 20 times

dir=/sys/kernel/config/nullb

# create NAME ATTRIBUTE=VALUE...
create() {
	mkdir $dir/"$1" || return
	at=$dir/$1
	shift
	for set; do
		echo "${set#*=}" >"$at/${set%=*}" || return
	done
	echo 1 >"$at/power"
}

delete() {
	echo 0 >$dir/"$1"/power && rmdir $dir/"$1"
}

often() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		create many size=64 submit_queues=$((i % 2 + 1)) memory_backed=$((i % 2)) queue_mode=$((i % 2 * 2)) &&
			delete many || return
	done
}

work() {
	mount -t configfs configfs /sys/kernel/config
	step "a disk" create nullb0 size=24 memory_backed=1
	step "a disk with a cache" create nullb1 size=24 memory_backed=1 cache_size=8
	for disk in 0 1; do
		step "disk $disk" /dropin/work device /dev/nullb$disk 24 $disk
	done
	for disk in 0 1; do
		step "disk $disk is the same" /dropin/work still /dev/nullb$disk 24 $disk
	done
	step "deletes them" delete nullb0
	step "deletes the other" delete nullb1
	step "20 disks" often
	umount /sys/kernel/config
}
