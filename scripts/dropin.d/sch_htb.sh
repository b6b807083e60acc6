# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: net/sched/sch_htb.c
# kbuild: obj-m := sch_htb.o
# load: sch_htb
# needs: veth
# tool: ip tc
# work: 1000 classes created twice, a third deleted; 8000 UDP packets through 500 of them, compared; the classes count as many

# shellcheck source=net.lib
. /dropin/net.lib

classes() {
	{
		echo "qdisc add dev v0 root handle 1: htb default 1"
		seq 1 1000 | awk '{ printf "class add dev v0 parent 1: classid 1:%x htb rate 100mbit ceil 1gbit\n", $1 }'
	} >/tmp/batch
	tc -batch /tmp/batch
}

fewer() {
	seq 501 1000 | awk '$1 % 3 == 0 { printf "class del dev v0 classid 1:%x\n", $1 }' >/tmp/batch
	tc -batch /tmp/batch
}

# Each of the 500 classes has sent 16 packets.
counted() {
	tc -s class show dev v0 | awk '
		/^class htb 1:1 / { default_class = 1 }
		/^ Sent/ { if (!default_class && $4) { n += $4; k++ } ; default_class = 0 }
		END { print k " classes, " n " packets"; exit !(k == 499 && n == 499 * 16) }'
}

work() {
	step "two namespaces" pair
	step "1000 classes" classes
	step "without them" tc qdisc del dev v0 root
	step "1000 classes again" classes
	step "a third of the second half less" fewer
	step "8000 packets" packets 10.1.1.2 8000 100 500
	step "the classes count them" counted
	step "without classes" tc qdisc del dev v0 root
	step "ends" unpair
}
