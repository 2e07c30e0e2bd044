"""Whom the service would be reachable by, and that it is not without keys by more than this machine."""

from __future__ import annotations

import ipaddress
import socket

from indexer.errors import FundstelleError
from service.settings import Settings


class ExposureError(FundstelleError):
    """The service would be open to everyone on the network."""


def require_keys(settings: Settings) -> None:
    """Refuse to listen beyond this machine where no key is asked for.

    Raises:
        ExposureError: it would; the message says what to do. Or the address is none of this machine.
    """
    if settings.keys is None and not settings.insecure and not is_loopback(settings.host):
        raise ExposureError(
            f"without keys the service listens on this machine only, not on {settings.host}: make a key with "
            "`python -m service keys add NAME --keys keys.json` and serve with `--keys keys.json`, "
            "or let everyone on the network ask with `--insecure`"
        )


def is_loopback(host: str) -> bool:
    """Whether every address that a name stands for is of this machine's loopback."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ExposureError(f"host {host!r}: {error.strerror}") from error
    return all(ipaddress.ip_address(str(address[4][0]).split("%")[0]).is_loopback for address in found)
