# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: net/netfilter/nf_tables_core.c net/netfilter/nf_tables_api.c net/netfilter/nf_tables_trace.c net/netfilter/nf_tables_offload.c net/netfilter/nft_chain_filter.c net/netfilter/nft_immediate.c net/netfilter/nft_cmp.c net/netfilter/nft_range.c net/netfilter/nft_bitwise.c net/netfilter/nft_byteorder.c net/netfilter/nft_payload.c net/netfilter/nft_lookup.c net/netfilter/nft_dynset.c net/netfilter/nft_meta.c net/netfilter/nft_rt.c net/netfilter/nft_exthdr.c net/netfilter/nft_last.c net/netfilter/nft_counter.c net/netfilter/nft_chain_route.c net/netfilter/nft_set_hash.c net/netfilter/nft_set_bitmap.c net/netfilter/nft_set_rbtree.c net/netfilter/nft_set_pipapo.c net/netfilter/nft_set_pipapo_avx2.c net/netfilter/nft_set_pipapo.h net/netfilter/nft_set_pipapo_avx2.h
# kbuild: obj-m := nf_tables.o
# kbuild: nf_tables-y := nf_tables_core.o nf_tables_api.o nft_chain_filter.o nf_tables_trace.o
# kbuild: nf_tables-y += nft_immediate.o nft_cmp.o nft_range.o nft_bitwise.o nft_byteorder.o nft_payload.o
# kbuild: nf_tables-y += nft_lookup.o nft_dynset.o nft_meta.o nft_rt.o nft_exthdr.o nft_last.o nft_counter.o
# kbuild: nf_tables-y += nft_chain_route.o nf_tables_offload.o nft_set_hash.o nft_set_bitmap.o
# kbuild: nf_tables-y += nft_set_rbtree.o nft_set_pipapo.o nft_set_pipapo_avx2.o
# load: nf_tables
# needs: crc32c_generic libcrc32c nfnetlink
# tool: nft ip
# work: 1000 rules, sets of 4000 addresses and 1000 ranges; 4000 UDP packets pass them and are counted; a third of the elements deleted and the rest compared; twice

range() {
	awk -v first="$1" -v last="$2" -v step="$3" -v format="$4" 'BEGIN {
		for (i = first; i <= last; i++)
			if (!step || i % step)
				printf "%s" format, n++ ? ", " : "", i / 256, i % 256 }'
}

rules() {
	echo 'table ip t {'
	echo "	set addresses { type ipv4_addr; elements = { $(range 1 4000 0 10.9.%d.%d) }; }"
	echo "	set ranges { type ipv4_addr; flags interval; elements = { $(range 1 1000 0 11.%d.%d.0/25) }; }"
	echo '	chain in { type filter hook input priority 0;'
	echo '		udp dport 77 counter'
	echo '		ip saddr @addresses drop'
	echo '		ip saddr @ranges drop'
	seq 1 1000 | awk '{ print "\t\tudp dport " 2000 + $1 " counter drop comment \"rule " $1 "\"" }'
	echo '	}'
	echo '}'
}

fill() {
	rules >/tmp/rules
	nft -f /tmp/rules
}

numbers() {
	nft list set ip t "$1" | grep -oE '1[01]\.[0-9.]+(/25)?' | sort
}

has() {
	range 1 4000 "$1" 10.9.%d.%d | tr -s ', ' '\n' | sort >/tmp/expected
	numbers addresses >/tmp/seen
	cmp /tmp/expected /tmp/seen || return
	range 1 1000 "$1" 11.%d.%d.0/25 | tr -s ', ' '\n' | sort >/tmp/expected
	numbers ranges >/tmp/seen
	cmp /tmp/expected /tmp/seen && [ "$(nft list chain ip t in | grep -c 'comment "rule ')" = 1000 ]
}

fewer() {
	{
		seq 3 3 4000 | awk '{ printf "%s10.9.%d.%d", n++ ? ", " : "delete element ip t addresses { ", $1 / 256, $1 % 256 }'
		echo ' }'
		seq 3 3 1000 | awk '{ printf "%s11.%d.%d.0/25", n++ ? ", " : "delete element ip t ranges { ", $1 / 256, $1 % 256 }'
		echo ' }'
	} >/tmp/rules
	nft -f /tmp/rules
}

pass() {
	: >/tmp/heard
	/dropin/work receive 77 4000 >>/tmp/heard 2>&1 &
	# shellcheck disable=SC2034 # of net.lib
	receiver=$!
	heard /dropin/work send 127.0.0.1 77 4000 20
}

counted() {
	nft list chain ip t in | grep -m1 'dport 77 counter'
	nft list chain ip t in | grep -q 'dport 77 counter packets 4000 '
}

# shellcheck source=net.lib
. /dropin/net.lib

work() {
	ip link set lo up
	for _ in 1 2; do
		step "rules and sets" fill
		step "they are listed" has 0
		step "4000 packets" pass
		step "are counted" counted
		step "a third less" fewer
		step "the rest is listed" has 3
		step "without them" nft flush ruleset
	done
}
