"""A worker's process at the other end of its socket, without model and index."""

import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest
from paths import ROOT

from service.workers import protocol

#: A worker whose engine does what ``lease`` says, in one slot.
PROGRAM = """
    import os, socket, sys, threading
    from service.workers.worker import Worker

    class Holder:
        generation = "village"
        def lease(self):
            {lease}

    connection = socket.socket(fileno=int(sys.argv[1]))
    with connection, connection.makefile("rb") as stream:
        Worker(connection, Holder(), None, grace=0.2).run(stream, 1)
    os._exit(0)
"""
ASK = {"id": 7, "call": "ask", "arguments": {}, "request_id": "of-this-test"}


@contextmanager
def worker(lease: str) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket, BinaryIO]]:
    """Its process, the front's end of the socket, and the same to read from; ready."""
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM).format(lease=lease), str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
    try:
        with ours, ours.makefile("rb") as stream:
            assert protocol.read(stream) == ({"ready": "village"}, b"")
            yield process, ours, stream
    finally:
        process.kill()
        process.wait()


def test_a_worker_with_a_question_that_never_ends_ends_after_the_front() -> None:
    with worker("threading.Event().wait()") as (process, ours, _):
        ours.sendall(protocol.pack(ASK))
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(30) == 1


def test_a_running_call_gets_its_reply_when_the_front_closes_the_socket() -> None:
    with worker("raise RuntimeError") as (process, ours, stream):
        ours.sendall(protocol.pack(ASK))
        ours.shutdown(socket.SHUT_WR)
        assert protocol.read(stream)[0]["id"] == 7
        assert process.wait(30) == 0


@pytest.mark.parametrize("error", ["RuntimeError", "BaseException", "SystemExit"])
def test_a_question_is_replied_to_whatever_it_raises(error: str) -> None:
    with worker(f"raise {error}('/secret')") as (_, ours, stream):
        for _ in range(2):
            ours.sendall(protocol.pack(ASK))
            head, body = protocol.read(stream)
            assert (head["id"], head["status"], body) == (7, 500, b"")
            assert head["detail"] == "the service failed on this request; its log says why"
