# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: net/sched/sch_fq.c
# kbuild: obj-m := sch_fq.o
# load: sch_fq
# needs: veth
# tool: ip tc
# work: 8000 UDP packets in 1000 flows, compared and counted, with two sizes of its table; created and deleted 100 times

# shellcheck source=net.lib
. /dropin/net.lib

often() {
	for i in $(seq 1 100); do
		echo "qdisc replace dev v0 root handle $i: fq buckets $((1 << (i % 8 + 3)))"
		echo "qdisc del dev v0 root"
	done >/tmp/batch
	tc -batch /tmp/batch
}

counted() {
	tc -s qdisc show dev v0 | awk '
		/ fq / { fq = 1 } fq && /Sent/ { n = $4; fq = 0 }
		END { print n " packets"; exit !(n >= 8000) }'
}

work() {
	step "two namespaces" pair
	step "fq" tc qdisc replace dev v0 root fq
	step "8000 packets" packets 10.1.1.2 8000 1000
	step "counts them" counted
	step "a smaller table" tc qdisc change dev v0 root fq buckets 64
	step "8000 packets again" packets 10.1.1.2 8000 1000
	step "ends" tc qdisc del dev v0 root
	step "100 of them" often
	step "ends" unpair
}
