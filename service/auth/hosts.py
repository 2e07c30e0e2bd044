"""Host names and addresses, as clients send them in the ``Host`` header (RFC 9110, section 7.2)."""

from __future__ import annotations

import re

#: Stands for every host in the setting.
ANY_HOST = "*"
#: Name or address, and port.
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?", re.ASCII)


def host_name(field: str) -> str:
    """The name or address in a field, in lower case, without port, brackets and final dot; empty if none."""
    match = _HOST.fullmatch(field.strip().lower())
    return match["name"].strip("[]").removesuffix(".") if match else ""


def validate_host(text: str) -> str:
    """Return the host as ``host_name`` gives it, or ``*``; names that are not ASCII are written as ``xn--…``.

    Raises:
        ValueError: the text is neither a name nor an address, or has a port.
    """
    if text == ANY_HOST:
        return text
    bare = text if text.startswith("[") or text.count(":") < 2 else f"[{text}]"
    name = host_name(bare)
    if not name or name != bare.strip("[]").lower().removesuffix("."):
        raise ValueError(f"{text!r} is not a host name or address without port, such as answers.example.org")
    return name
