# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: fs/bfs
# kbuild: obj-m := bfs.o
# kbuild: bfs-y := inode.o file.o dir.o
# load: bfs
# needs: brd:rd_nr=1,rd_size=40960
# image: mkfs.bfs -N 512
# work: 2000 files, 400 at a time (it has one directory), created, changed, renamed, a third deleted; compared, also after remounts

# shellcheck source=trees.lib
. /dropin/trees.lib

work() {
	# shellcheck disable=SC2034 # of trees.lib
	flat=flat
	for _ in 1 2 3 4 5; do
		trees bfs 400
		fresh
	done
}
