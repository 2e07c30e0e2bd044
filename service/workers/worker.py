"""The worker process, which holds model and index and answers over a socket.

It is started as ``python -m service.workers.worker FD`` and ends when the front closes the socket, for any
reason. Signals are left to the front: Ctrl-C and a service manager's SIGTERM reach the whole process group,
and running questions are to be answered first.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from asgi_correlation_id.context import correlation_id

from indexer.errors import FundstelleError
from indexer.index.generation import Generation, open_generation
from service.observability import logs
from service.workers import protocol
from service.workers.backend import Call, Reply
from service.workers.batching_embedder import BatchingEmbedder
from service.workers.engine_holder import EngineHolder
from service.workers.handlers import ANSWER_SECONDS, FAILED, answer

_log = logging.getLogger(__name__)
#: Seconds that running calls have when the front has closed the socket.
SHUTDOWN_GRACE = 5.0


class Worker:
    """Answers calls from a socket in a thread for each slot, and opens generations in one more."""

    def __init__(
        self,
        connection: socket.socket,
        holder: EngineHolder,
        embedder: BatchingEmbedder,
        grace: float = SHUTDOWN_GRACE,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._holder = holder
        self._embedder = embedder
        self._grace = grace
        self._answer_seconds = answer_seconds

    def run(self, stream: BinaryIO, slots: int) -> None:
        """Answer until the front closes the socket; running calls then have ``grace`` seconds."""
        self.send({"ready": self._holder.generation})
        # Generations are opened in a thread of their own, so that answering goes on meanwhile.
        with ThreadPoolExecutor(slots) as answering, ThreadPoolExecutor(1) as opening:
            with contextlib.suppress(EOFError, ConnectionError):
                while True:
                    head, _ = protocol.read(stream)
                    if "open" in head:
                        opening.submit(self._replace, head)
                    else:
                        answering.submit(self._answer, head)
            _exit_after(self._grace)

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        data = protocol.pack(head, body)
        # Without a front nobody waits for this message any more.
        with self._sending, contextlib.suppress(OSError):
            self._connection.sendall(data)

    def _answer(self, head: Mapping[str, Any]) -> None:
        correlation_id.set(head["request_id"])
        try:
            reply = answer(
                Call(head["call"], head["arguments"]), self._holder, self._embedder, self._answer_seconds
            )
        # A library may raise a BaseException; the caller needs a reply all the same.
        except BaseException:
            _log.exception("%s failed", head["call"])
            reply = Reply(500, b"", {"generation": self._holder.generation}, FAILED)
        facts = {"status": reply.status, "facts": reply.facts, "detail": reply.detail}
        self.send({"id": head["id"], **facts}, reply.body)

    def _replace(self, head: Mapping[str, Any]) -> None:
        detail = ""
        try:
            self._holder.replace(head["open"])
        except FundstelleError as error:
            detail = str(error)
        except Exception as error:  # whatever is wrong with the new generation, the old one stays
            _log.exception("a generation could not be opened", exc_info=error)
            detail = f"{type(error).__name__}: {error}"
        self.send({"id": head["id"], "opened": not detail, "detail": detail})


def _exit_after(seconds: float) -> None:
    """End this process after some seconds, whatever its threads are doing."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _open(config: Mapping[str, Any]) -> tuple[EngineHolder, BatchingEmbedder]:
    # The index is opened and verified first, so that a faulty one is reported before the model has loaded.
    index = Path(config["index"])
    generation = _generation(index, config["generation"])
    from service.engine import Engine, load_models
    from service.reranking.loading import load_cross_encoder

    loaded = load_models(config["model"])
    cross_encoder = load_cross_encoder(config["reader"], loaded)
    embedder = BatchingEmbedder(loaded, config["patience"])
    engine = Engine.compose(generation, embedder, cross_encoder)
    return EngineHolder(index, embedder, engine, cross_encoder), embedder


def _generation(index: Path, requested: str | None) -> Generation:
    """The requested generation, which the other workers serve; the live one if it was removed."""
    if requested is not None:
        with contextlib.suppress(FundstelleError):
            return open_generation(index, requested)
    return open_generation(index)


def main(descriptor: int) -> None:
    """Serve the front over the socket inherited as ``descriptor``."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    with connection, connection.makefile("rb") as stream:
        config = protocol.read(stream)[0]["config"]
        logs.configure(config["log_format"], config["log_level"])
        try:
            holder, embedder = _open(config)
        except FundstelleError as error:
            connection.sendall(protocol.pack({"failed": str(error)}))
            return
        # Everything loaded so far stays: the garbage collector need not examine it again.
        gc.collect()
        gc.freeze()
        Worker(connection, holder, embedder, answer_seconds=config["answer_seconds"]).run(
            stream, config["slots"]
        )
    # Threads of libraries would only delay the end; they hold no data.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
