# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: fs/bfs
# kbuild: obj-m := bfs.o
# kbuild: bfs-y := inode.o file.o dir.o
# load: bfs
# needs: brd:rd_nr=1,rd_size=40960
# image: mkfs.bfs -N 512
# work: 2000 files, 400 at a time (it has one directory), created, changed, renamed, a third deleted; compared, also after remounts

. /dropin/trees.lib

work() {
	flat=flat
	for round in 1 2 3 4 5; do
		trees bfs 400
		fresh
	done
}
