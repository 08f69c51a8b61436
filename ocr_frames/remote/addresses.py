"""Which addresses are in the open, and which are this machine's, its network's or its cloud's."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an IP address is reachable for everybody.

    An IPv4 address inside of an IPv6 one counts as what it is.
    """
    address: Address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        address = _inner(address)
    return address.is_global and not address.is_multicast


def is_address(host: str) -> bool:
    """Whether a host is an address already, so that no name is resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _inner(address: ipaddress.IPv6Address) -> Address:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
