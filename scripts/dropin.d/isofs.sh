# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: fs/isofs
# kbuild: obj-m := isofs.o
# kbuild: isofs-y := namei.o inode.o dir.o util.o rock.o export.o joliet.o compress.o
# load: isofs
# needs: cdrom brd:rd_nr=1,rd_size=40960
# image: iso
# work: 2000 files and links of an image compared, twice, with Rock Ridge names; the tree is listed with Joliet names

# shellcheck source=trees.lib
. /dropin/trees.lib

# Joliet has no links; they may be left out, or be empty files.
listed() {
	listed=$(find /mnt -type f | wc -l)
	echo "$listed files"
	[ "$listed" -ge 1800 ]
}

work() {
	for _ in 1 2; do
		step "mounts" mounted iso9660 "$disk"
		step "2000 files are the same" /dropin/work same /mnt 2000 1
		step "unmounts" umount /mnt
	done
	step "mounts with Joliet names" mount -t iso9660 -o norock "$disk" /mnt
	step "lists 1800 files" listed
	step "unmounts" umount /mnt
}
