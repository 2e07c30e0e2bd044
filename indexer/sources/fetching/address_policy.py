"""Addresses that pages may be fetched from: public ones, and the private networks that the user names."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.errors import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: IPv6 networks whose addresses contain an IPv4 address in their last 32 bits: NAT64 (RFC 6052, RFC 8215).
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
#: Answered within a cloud although `ipaddress` calls them public: the metadata services of Azure and Oracle.
_METADATA = tuple(map(ipaddress.IPv4Network, ("168.63.129.16/32", "192.0.0.0/24")))


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Decides on the address that is connected to, not on names: a name may resolve to anything at any time.

    Refused are loopback, private, link-local (with the metadata services of clouds), shared, reserved and
    multicast addresses, also those embedded in IPv6 ones.

    Args:
        networks: allowed although they are not public.
    """

    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Sequence[str]) -> AddressPolicy:
        """A policy that allows these networks or addresses, such as ``10.20.0.0/16``.

        Raises:
            SourceError: one is malformed.
        """
        try:
            return cls(tuple(ipaddress.ip_network(network) for network in networks))
        except ValueError as error:
            raise SourceError(f"not a network: {error}") from error

    def allows(self, address: str) -> bool:
        """True if this address may be connected to."""
        try:
            parsed = _embedded(ipaddress.ip_address(address))
        except ValueError:
            return False
        if _is_in(parsed, self.networks):
            return True
        return parsed.is_global and not parsed.is_multicast and not _is_in(parsed, _METADATA)


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    if inner:
        return inner
    if _is_in(address, _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
