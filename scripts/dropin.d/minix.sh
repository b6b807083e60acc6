# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: fs/minix
# kbuild: obj-m := minix.o
# kbuild: minix-y := bitmap.o itree_v1.o itree_v2.o namei.o inode.o file.o dir.o
# load: minix
# needs: brd:rd_nr=1,rd_size=40960
# image: mkfs.minix -3 -i 3000
# work: 3000 files in 2 trees created, changed, renamed, a third deleted; compared, also after remounts

# shellcheck source=trees.lib
. /dropin/trees.lib

work() {
	trees minix 2000 1000
}
