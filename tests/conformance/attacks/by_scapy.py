"""Frames of attackers, made by scapy: its makers know nothing of ours, so what both of our sides believe wrongly is seen.

Arguments: the device, its station, the stack's station. Each line of the input is the name of a group and the ports of an
open connection, the stack's first; the group's frames are sent and their number is printed.
"""

import socket
import sys

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_SSRR
from scapy.layers.inet6 import (
    ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_Redirect, ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting, Jumbo, PadN)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

DEVICE, STATION, THEIRS = sys.argv[1:4]
PEER, STACK = "198.51.100.1", "198.51.100.2"
PEER_V6, STACK_V6 = "fd77::1", "fd77::2"
THIEF = "02:00:00:00:00:99"
ROUTER = "fe80::1234"
ALL_NODES = "ff02::1"

# What every version 6 packet of a group begins with, and version 4's.
V4 = IP(src=PEER, dst=STACK)
V6 = IPv6(src=PEER_V6, dst=STACK_V6)
PING_V6 = ICMPv6EchoRequest(id=0x1111, data=b"through?")

# Pieces of a datagram that overlap: the end within the first, the first within the end, one that begins earlier and ends
# later. Offset, whether more follow, length.
OVERLAPS = [[(0, 1, 32), (24, 0, 24)], [(24, 0, 24), (0, 1, 32)], [(32, 1, 8), (24, 1, 32)]]


def overlaps(_):
    """Teardrop and its kin (RFC 5722)."""
    for number, parts in enumerate(OVERLAPS):
        for offset, more, length in parts:
            data = Raw(bytes(length))
            yield IP(src=PEER, dst=STACK, id=900 + number, flags=more, frag=offset // 8, proto=17) / data
    for number, parts in enumerate(OVERLAPS):
        for offset, more, length in parts:
            yield V6 / IPv6ExtHdrFragment(nh=17, id=900 + number, m=more, offset=offset // 8) / Raw(bytes(length))


def impossible_pieces(_):
    """The ping of death, and TCP headers cut in pieces (RFC 1858, RFC 3128)."""
    yield IP(src=PEER, dst=STACK, id=990, frag=8191, proto=17) / Raw(bytes(600))
    yield IP(src=PEER, dst=STACK, id=991, frag=1, proto=6) / Raw(bytes(16))
    yield IP(src=PEER, dst=STACK, id=992, frag=1, flags="MF", proto=6) / Raw(bytes(16))


def source_routes(_):
    """RFC 7126; RFC 5095, RFC 6554, RFC 8754."""
    for option in (IPOption_LSRR, IPOption_SSRR):
        yield IP(src=PEER, dst=STACK, options=[option(routers=[PEER])]) / ICMP()
    for kind in (0, 3, 4, 77):
        yield V6 / IPv6ExtHdrRouting(type=kind, segleft=1, addresses=[PEER_V6]) / PING_V6


def chains(_):
    """RFC 8504, RFC 7112, RFC 2675: too many headers, a first piece without its last header, a jumbogram that is none."""
    long = V6
    for _ in range(100):
        long = long / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
    yield long / PING_V6
    yield V6 / IPv6ExtHdrFragment(nh=60, id=993, m=1) / Raw(bytes([58, 2, 1, 4, 0, 0, 0, 0]))
    yield V6 / IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=70_000)]) / PING_V6


def hop_by_hop_behind(_):
    """RFC 8200 section 4.1: nowhere but at the start."""
    yield V6 / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / IPv6ExtHdrHopByHop(
        options=[PadN(optdata=bytes(4))]) / PING_V6


def lies_of_neighbours(_):
    """RFC 4861 section 7.1: from far, about a group, asked for by everybody, by nobody who says where it is."""
    near, far = dict(hlim=255), dict(hlim=254)
    station = ICMPv6NDOptSrcLLAddr(lladdr=THIEF)
    yield IPv6(src=PEER_V6, dst=STACK_V6, **far) / ICMPv6ND_NA(tgt=PEER_V6, S=0, O=1)
    yield IPv6(src=PEER_V6, dst=STACK_V6, **far) / ICMPv6ND_NS(tgt=STACK_V6) / station
    yield IPv6(src=PEER_V6, dst=STACK_V6, **near) / ICMPv6ND_NS(tgt=ALL_NODES) / station
    yield IPv6(src=PEER_V6, dst=STACK_V6, **near) / ICMPv6ND_NS(tgt=STACK_V6, code=1) / station
    yield IPv6(src="::", dst=STACK_V6, **near) / ICMPv6ND_NS(tgt=STACK_V6) / station
    yield IPv6(src=PEER_V6, dst=ALL_NODES, **near) / ICMPv6ND_NA(tgt=PEER_V6, S=1, O=1)
    yield IPv6(src=PEER_V6, dst=STACK_V6, **near) / ICMPv6ND_NA(tgt=ALL_NODES)


def lies_of_routers(_):
    """RFC 4861 section 6.1.2, 8.1: from far, from no link-local address, an option without length."""
    prefix = ICMPv6NDOptPrefixInfo(prefix="2001:db8:bad::", prefixlen=64)
    yield IPv6(src=ROUTER, dst=ALL_NODES, hlim=64) / ICMPv6ND_RA() / prefix
    yield IPv6(src=PEER_V6, dst=ALL_NODES, hlim=255) / ICMPv6ND_RA() / prefix
    yield IPv6(src=ROUTER, dst=ALL_NODES, hlim=255) / ICMPv6ND_RA(code=1) / prefix
    yield IPv6(src=ROUTER, dst=ALL_NODES, hlim=255) / ICMPv6ND_RA() / ICMPv6NDOptPrefixInfo(
        prefix="2001:db8:bad::", len=0)
    yield IPv6(src=ROUTER, dst=STACK_V6, hlim=64) / ICMPv6ND_Redirect(tgt=ROUTER, dst="2001:db8::1")
    yield IPv6(src=PEER_V6, dst=STACK_V6, hlim=255) / ICMPv6ND_Redirect(tgt=ROUTER, dst="2001:db8::1")


def lies_of_arp(_):
    """Peers that have everybody's station, a group's, or ours."""
    for sender in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", THEIRS):
        yield ARP(op=2, hwsrc=sender, psrc=PEER, hwdst=THEIRS, pdst=STACK)
    yield ARP(op=1, hwsrc=THIEF, psrc="255.255.255.255", pdst=STACK)


def land(_):
    """From the stack to itself."""
    yield IP(src=STACK, dst=STACK) / TCP(sport=7, dport=7, flags="S")


def land_v6(_):
    """The same over IPv6."""
    yield IPv6(src=STACK_V6, dst=STACK_V6) / TCP(sport=7, dport=7, flags="S")


def martians(_):
    """Senders that nobody can be."""
    for source in ("127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"):
        yield IP(src=source, dst=STACK) / UDP(sport=9, dport=9)


def martians_v6(_):
    """Senders that nobody can be."""
    for source in ("::1", "ff02::1", "::ffff:127.0.0.1"):
        yield IPv6(src=source, dst=STACK_V6) / UDP(sport=9, dport=9)


def forged_errors(ports):
    """RFC 5927: about bytes of an open connection that are not on their way."""
    segment = TCP(sport=ports[0], dport=ports[1], seq=0xDEADBEEF, flags="A")
    quoted, quoted_v6 = IP(src=STACK, dst=PEER) / segment, IPv6(src=STACK_V6, dst=PEER_V6) / segment
    for code in (0, 1, 3):
        yield V4 / ICMP(type=3, code=code) / quoted
    for mtu in (68, 552, 1400):
        yield V4 / ICMP(type=3, code=4, nexthopmtu=mtu) / quoted


def forged_errors_v6(_):
    """RFC 8201 section 4: no link of IPv6 carries less than 1280 bytes."""
    quoted = IPv6(src=STACK_V6, dst=PEER_V6) / TCP(sport=7, dport=9, flags="A")
    for mtu in (0, 68, 1279):
        yield V6 / ICMPv6PacketTooBig(mtu=mtu) / quoted


def short_packets(_):
    """Headers that promise more than there is."""
    yield IP(src=PEER, dst=STACK, len=200) / ICMP()


def short_packets_v6(_):
    """The same over IPv6."""
    yield IPv6(src=PEER_V6, dst=STACK_V6, plen=200) / PING_V6


def wrong_headers(_):
    """A header of 16 bytes, and version 5."""
    yield IP(src=PEER, dst=STACK, ihl=4) / ICMP()
    yield IP(src=PEER, dst=STACK, version=5) / ICMP()


def wrong_udp(_):
    """More bytes than there are, and less than a header."""
    yield V4 / UDP(sport=9, dport=7, len=100) / Raw(b"short")
    yield V6 / UDP(sport=9, dport=7, len=7) / Raw(b"short")


def wrong_tcp(_):
    """Headers longer than the segment, and shorter than any."""
    yield V4 / TCP(sport=9, dport=7, dataofs=15)
    yield V6 / TCP(sport=9, dport=7, dataofs=4)


def naked_udp(_):
    """RFC 8200 section 8.1: no checksum."""
    yield V6 / UDP(sport=9, dport=7, chksum=0) / Raw(b"naked")


GROUPS = {group.__name__: group for group in (
    overlaps, impossible_pieces, source_routes, chains, hop_by_hop_behind, lies_of_neighbours, lies_of_routers,
    lies_of_arp, land, land_v6, martians, martians_v6, forged_errors, forged_errors_v6, short_packets,
    short_packets_v6, wrong_headers, wrong_udp, wrong_tcp, naked_udp)}


def main():
    """Sends the groups that are asked for."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((DEVICE, 0))
    for line in sys.stdin:
        name, *numbers = line.split()
        sent = 0
        for packet in GROUPS[name]([int(number) for number in numbers]):
            link.send(bytes(Ether(src=STATION, dst=THEIRS) / packet))
            sent += 1
        print(name, sent, flush=True)


main()
