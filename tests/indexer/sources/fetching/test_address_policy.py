"""Addresses that pages may be fetched from."""

import pytest

from indexer.errors import SourceError
from indexer.sources.fetching.address_policy import AddressPolicy


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert AddressPolicy().allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
        "192.0.0.192", "100.100.100.200", "168.63.129.16", "224.0.0.1", "239.255.255.250", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%lo", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::",
        "kein", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not AddressPolicy().allows(address)


def test_a_named_network_is_allowed_and_no_other() -> None:
    policy = AddressPolicy.of(["10.20.0.0/16", "fd00::/8"])
    assert [policy.allows(a) for a in ("10.20.3.4", "::ffff:10.20.3.4", "fd12::1")] == [True, True, True]
    assert [policy.allows(a) for a in ("10.21.0.1", "127.0.0.1", "169.254.169.254")] == [False, False, False]


def test_a_malformed_network_is_named() -> None:
    with pytest.raises(SourceError, match=r"10\.20\.0\.1/16"):
        AddressPolicy.of(["10.20.0.1/16"])
