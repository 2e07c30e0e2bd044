"""Messages between front and worker."""

import asyncio
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_runner import run

from service.workers import protocol

HEADS = st.dictionaries(
    st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(HEADS, st.binary()), max_size=5))
def test_messages_are_read_as_they_were_packed(messages: list[protocol.Message]) -> None:
    stream = io.BytesIO(b"".join(protocol.pack(head, body) for head, body in messages))
    assert [protocol.read(stream) for _ in messages] == messages
    with pytest.raises(EOFError):
        protocol.read(stream)


def test_messages_are_received_as_they_were_packed_however_they_are_cut() -> None:
    messages: list[protocol.Message] = [
        ({"question": "Nghị quyết 57 – „Mängel“? 🏔"}, b""),
        ({"id": 7, "facts": {"seconds": 0.25}, "detail": "\ud800"}, bytes(range(256)) * 20_000),
        ({}, b"\x00"),
    ]
    data = b"".join(protocol.pack(head, body) for head, body in messages)

    async def work() -> None:
        reader = asyncio.StreamReader()

        async def feed() -> None:
            for start in range(0, len(data), 99_991):
                reader.feed_data(data[start : start + 99_991])
                await asyncio.sleep(0)
            reader.feed_eof()

        feeding = asyncio.create_task(feed())
        assert [await protocol.receive(reader) for _ in messages] == messages
        with pytest.raises(EOFError):
            await protocol.receive(reader)
        await feeding

    run(work())


def test_a_message_that_ends_too_soon_is_the_end() -> None:
    whole = protocol.pack({"id": 1}, b"body")

    async def received(data: bytes) -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        with pytest.raises(EOFError):
            await protocol.receive(reader)

    for size in range(len(whole)):
        with pytest.raises(EOFError):
            protocol.read(io.BytesIO(whole[:size]))
        run(received(whole[:size]))
