# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: drivers/net/veth.c
# kbuild: obj-m := veth.o
# load: veth
# tool: ip
# work: 200 pairs created and deleted; between two namespaces 8000 UDP packets each way and 8 MiB over TCP, compared and counted

# shellcheck source=net.lib
. /dropin/net.lib

many() {
	for i in $(seq 1 100); do
		echo "link add a$i numtxqueues $((i % 4 + 1)) numrxqueues $((i % 4 + 1)) type veth peer name b$i"
	done | ip -batch - || return
	for i in $(seq 1 100); do
		echo "link del a$i"
	done | ip -batch -
}

stream() {
	seq 1 1200000 | head -c 8388608 >/tmp/sent
	# An end of input would end both.
	mkfifo /tmp/open
	$far nc -l -p 99 </tmp/open >/tmp/got &
	nc=$!
	exec 5>/tmp/open
	sleep 1
	nc 10.1.1.2 99 </tmp/sent
	wait $nc
	exec 5>&-
	cmp /tmp/sent /tmp/got
}

work() {
	step "100 pairs" many
	step "100 pairs again" many
	step "two namespaces" pair
	step "8000 packets" packets 10.1.1.2 8000 50
	step "8000 packets to the other" packets_back 8000 50
	step "8 MiB over TCP" stream
	step "counts what it has sent" counters_agree
	step "ends" unpair
}
