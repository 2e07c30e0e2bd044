"""Bind policy: without API keys the service listens on the loopback interface only."""

from __future__ import annotations

import ipaddress
import socket

from indexer.errors import FundstelleError


class ExposureError(FundstelleError):
    """The service would be open to everyone on the network."""


def require_keys(host: str, has_keys: bool, insecure: bool) -> None:
    """Refuse to listen beyond this machine where no key is required.

    Args:
        host: name or address to listen on.
        has_keys: a file of API keys is set.
        insecure: the operator has allowed access without keys.

    Raises:
        ExposureError: the service would be open to the network, or the host cannot be resolved.
    """
    if not has_keys and not insecure and not is_loopback(host):
        raise ExposureError(
            f"without keys the service listens on this machine only, not on {host}: make a key with "
            "`python -m service keys add NAME --keys keys.json` and serve with `--keys keys.json`, "
            "or let everyone on the network ask with `--insecure`"
        )


def is_loopback(host: str) -> bool:
    """True if every address that the name resolves to is a loopback address.

    Raises:
        ExposureError: the name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ExposureError(f"host {host!r}: {error.strerror}") from error
    return all(ipaddress.ip_address(str(address[4][0]).split("%")[0]).is_loopback for address in found)
