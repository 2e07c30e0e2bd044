"""TODO docstring."""

from __future__ import annotations

import re

#: Origin of pages that were opened from a file.
NO_HOST = "null"
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9]\d{0,4}))?"
)


def origin(text: str) -> str:
    """The text, if it is an origin as browsers send it: scheme and host, perhaps a port, nothing after.

    Hosts that are not ASCII are sent as ``xn--…``, the usual ports not at all. ``null`` is what pages send
    that have no host: those opened from a file.

    Raises:
        ValueError: it is none.
    """
    if text == NO_HOST:
        return text
    found = _ORIGIN.fullmatch(text)
    if found is None or (found["scheme"], found["port"]) in (("http", "80"), ("https", "443")):
        raise ValueError(f"{text!r} is no origin as browsers send it, such as https://intranet.example")
    return text
