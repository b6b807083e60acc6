# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: net/netfilter/ipset/ip_set_core.c net/netfilter/ipset/ip_set_getport.c net/netfilter/ipset/pfxlen.c net/netfilter/ipset/ip_set_hash_ip.c net/netfilter/ipset/ip_set_hash_net.c net/netfilter/ipset/ip_set_hash_gen.h
# kbuild: obj-m := ip_set.o ip_set_hash_ip.o ip_set_hash_net.o
# kbuild: ip_set-y := ip_set_core.o ip_set_getport.o pfxlen.o
# load: ip_set ip_set_hash_ip ip_set_hash_net
# needs: nfnetlink
# tool: ipset
# work: ip_set with hash:ip and hash:net: 12000 elements with comments and counters added, listed, a third deleted, and compared; swapped, flushed, destroyed; twice

# Elements as a list of adds; $1 selects those that remain
elements() {
	seq 1 8000 | awk -v only="$1" '!only || $1 % 3 {
		printf "add ips 10.%d.%d.%d packets %d bytes 0 comment \"number %d\"\n",
			$1 / 65536, $1 / 256 % 256, $1 % 256, $1, $1 }'
	seq 1 4000 | awk -v only="$1" '!only || $1 % 3 {
		printf "add nets 11.%d.%d.0/24 comment \"net %d\"\n", $1 / 256, $1 % 256, $1 }'
}

fill() {
	{
		echo 'create ips hash:ip counters comment'
		echo 'create nets hash:net comment'
		elements
	} | ipset restore
}

less() {
	{
		seq 1 8000 | awk '$1 % 3 == 0 { printf "del ips 10.%d.%d.%d\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }'
		seq 1 4000 | awk '$1 % 3 == 0 { printf "del nets 11.%d.%d.0/24\n", $1 / 256, $1 % 256 }'
	} | ipset restore
}

same() {
	ipset save | grep ^add | sort >/tmp/seen
	elements "$1" | sort >/tmp/expected
	wc -l </tmp/seen
	cmp /tmp/seen /tmp/expected
}

ends() {
	ipset create spare hash:ip counters comment && ipset swap ips spare && ipset flush spare &&
		ipset destroy
}

work() {
	for _ in 1 2; do
		step "12000 elements" fill
		step "they are listed" same
		step "a third less" less
		step "the rest is listed" same rest
		step "without sets" ends
	done
}
