"""A worker: ``python -m service.workers.worker FD``. Holds model and index, and answers over a socket.

It ends when the front closes the socket, however that came about, and leaves signals to the front: Ctrl-C
and a service manager's SIGTERM reach the whole group, and running questions are to be answered first.
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
from service.workers.handlers import FAILED, answer

_log = logging.getLogger(__name__)
#: Seconds for what is being answered when the front has closed the socket.
SHUTDOWN_GRACE = 5.0


class Worker:
    """Answers what comes over a socket, in as many threads as it has slots, and exchanges generations."""

    def __init__(
        self,
        connection: socket.socket,
        holder: EngineHolder,
        embedder: BatchingEmbedder,
        grace: float = SHUTDOWN_GRACE,
    ) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._holder = holder
        self._embedder = embedder
        self._grace = grace

    def run(self, stream: BinaryIO, slots: int) -> None:
        """Answer until the front closes the socket; then what is being answered is given a moment."""
        self.send({"ready": self._holder.generation})
        # One thread more exchanges generations: answering goes on beside it.
        with ThreadPoolExecutor(slots) as answering, ThreadPoolExecutor(1) as opening:
            with contextlib.suppress(EOFError, ConnectionError):
                while True:
                    head, _ = protocol.read(stream)
                    if "open" in head:
                        opening.submit(self._replace, head)
                    else:
                        answering.submit(self._answer, head)
            _end_in(self._grace)

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        data = protocol.packed(head, body)
        # Where the front is gone, nobody waits for this any more.
        with self._sending, contextlib.suppress(OSError):
            self._connection.sendall(data)

    def _answer(self, head: Mapping[str, Any]) -> None:
        correlation_id.set(head["request_id"])
        try:
            reply = answer(Call(head["call"], head["arguments"]), self._holder, self._embedder)
        # A library may raise what is no Exception; who asked is to hear of it all the same.
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
        except Exception as error:  # whatever is wrong with a new generation, the old one goes on
            _log.exception("a generation could not be opened", exc_info=error)
            detail = f"{type(error).__name__}: {error}"
        self.send({"id": head["id"], "opened": not detail, "detail": detail})


def _end_in(seconds: float) -> None:
    """End this process after some seconds, whatever its threads do then."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _open(config: Mapping[str, Any]) -> tuple[EngineHolder, BatchingEmbedder]:
    # The index is opened and verified first: what is wrong with it is told before the model has loaded.
    index = Path(config["index"])
    generation = _generation(index, config["generation"])
    from service.engine import Engine, load_models
    from service.reranking.loading import load_cross_encoder

    loaded = load_models(config["model"])
    cross_encoder = load_cross_encoder(config["reader"], loaded)
    embedder = BatchingEmbedder(loaded, config["patience"])
    engine = Engine.compose(generation, embedder, cross_encoder)
    return EngineHolder(index, embedder, engine, cross_encoder), embedder


def _generation(index: Path, wanted: str | None) -> Generation:
    """The generation that the others serve; the live one where that is gone by now."""
    if wanted is not None:
        with contextlib.suppress(FundstelleError):
            return open_generation(index, wanted)
    return open_generation(index)


def main(descriptor: int) -> None:
    """Serve the front at the other end of a socket inherited as ``descriptor``."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    with connection, connection.makefile("rb") as stream:
        config = protocol.read(stream)[0]["config"]
        logs.configure(config["log_format"], config["log_level"])
        try:
            holder, embedder = _open(config)
        except FundstelleError as error:
            connection.sendall(protocol.packed({"failed": str(error)}))
            return
        # What is loaded stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        Worker(connection, holder, embedder).run(stream, config["slots"])
    # Threads of the libraries would only delay the end: they hold nothing.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
