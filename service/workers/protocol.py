"""Messages between front and worker: one socket, each message a JSON head and perhaps bytes.

::

    front → worker   {"config": {…}}                          once, first
                     {"id": 7, "call": "ask", "arguments": {…}, "request_id": "…"}
                     {"id": 8, "open": "generation"}
    worker → front   {"ready": "generation"} | {"failed": "why"}      once, first
                     {"id": 7, "status": 200, "facts": {…}, "detail": ""} + body
                     {"id": 8, "opened": true} | {"id": 8, "opened": false, "detail": "why"}
"""

from __future__ import annotations

import json
import struct
from asyncio import StreamReader
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("!II")
Message = tuple[dict[str, Any], bytes]


def packed(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A message as bytes: the two lengths, the head as JSON, the body."""
    text = json.dumps(head).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def read(stream: BinaryIO) -> Message:
    """The next message of a blocking stream.

    Raises:
        EOFError: the other side has closed it.
    """
    head, body = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    return json.loads(_exactly(stream, head)), _exactly(stream, body)


async def receive(reader: StreamReader) -> Message:
    """The next message of an asynchronous stream.

    Raises:
        EOFError, ConnectionError: the other side has closed it.
    """
    head, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    return json.loads(await reader.readexactly(head)), await reader.readexactly(body)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
