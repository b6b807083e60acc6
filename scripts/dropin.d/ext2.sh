# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: fs/ext2
# kbuild: obj-m := ext2.o
# kbuild: ext2-y := balloc.o dir.o file.o ialloc.o inode.o ioctl.o namei.o super.o symlink.o
# load: ext2
# needs: brd:rd_nr=1,rd_size=40960
# image: mke2fs -q -F -t ext2 -b 1024 -N 4000
# work: 3000 files in 2 trees created, changed, renamed, a third deleted; compared, also after remounts

# shellcheck source=trees.lib
. /dropin/trees.lib

work() {
	trees ext2 2000 1000
}
