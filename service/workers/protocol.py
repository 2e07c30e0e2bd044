"""Message format between front and worker: on one socket, messages of a JSON head and an optional body.

::

    front → worker   {"config": {…}}                          first, once
                     {"id": 7, "call": "ask", "arguments": {…}, "request_id": "…"}
                     {"id": 8, "open": "generation"}
    worker → front   {"ready": "generation"} | {"failed": "reason"}      first, once
                     {"id": 7, "status": 200, "facts": {…}, "detail": ""} + body
                     {"id": 8, "opened": true, "detail": ""} | {"id": 8, "opened": false, "detail": "reason"}
"""

from __future__ import annotations

import json
import struct
from asyncio import StreamReader
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("!II")
Message = tuple[dict[str, Any], bytes]


def pack(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A message as bytes: the lengths of head and body, the head as JSON, the body."""
    text = json.dumps(head).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def read(stream: BinaryIO) -> Message:
    """Read the next message of a blocking stream.

    Raises:
        EOFError: the other side has closed it.
    """
    head, body = _LENGTHS.unpack(_read_exactly(stream, _LENGTHS.size))
    return json.loads(_read_exactly(stream, head)), _read_exactly(stream, body)


async def receive(reader: StreamReader) -> Message:
    """Read the next message of an asynchronous stream.

    Raises:
        EOFError, ConnectionError: the other side has closed it.
    """
    head, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    return json.loads(await reader.readexactly(head)), await reader.readexactly(body)


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
