"""Validation of web origins (RFC 6454), as browsers send them in the ``Origin`` header."""

from __future__ import annotations

import re

#: Origin of pages that were opened from a file.
NO_HOST = "null"
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9]\d{0,4}))?"
)
_DEFAULT_PORTS = (("http", "80"), ("https", "443"))


def validate_origin(text: str) -> str:
    """Return the text if it is an origin: scheme and host, optionally a port, nothing after.

    Hosts that are not ASCII are written as ``xn--…``, default ports are left out. ``null`` is what pages send
    that have no host, such as those opened from a file.

    Raises:
        ValueError: the text is not an origin.
    """
    if text == NO_HOST:
        return text
    match = _ORIGIN.fullmatch(text)
    if match is None or (match["scheme"], match["port"]) in _DEFAULT_PORTS:
        raise ValueError(f"{text!r} is not an origin as browsers send it, such as https://intranet.example")
    return text
