"""A worker without model and index, for tests of the pool: ``python stub_worker.py FD``.

Its calls control it, and files that a test puts into the index folder:

- ``start``: a JSON list with an instruction for each worker in the order of their start: ``ready``,
  ``fail REASON``, ``exit CODE``, ``wait FILE`` until the file exists, ``hang``. Further workers are ready.
- ``generations/NAME/refuse``: the reason why this generation is not opened. With ``die`` or ``hang`` in its
  place, opening it ends the worker, or never ends.
- ``stay``: workers do not end when the front closes the socket.

Waiting calls are answered before it ends. The worker appends its process id to ``started``, and each
generation that it is to open to ``offered``.
"""

import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from service.workers import protocol


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.005)


def hang() -> None:
    threading.Event().wait()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Stub:
    def __init__(self, connection: socket.socket, config: Mapping[str, Any]) -> None:
        self.connection = connection
        self.sending = threading.Lock()
        self.config = config
        self.index = Path(config["index"])
        self.generation = config["generation"] or (self.index / "CURRENT").read_text().strip()

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        with self.sending, suppress(OSError):
            self.connection.sendall(protocol.pack(head, body))

    def note(self, file: str, line: str) -> None:
        with (self.index / file).open("a") as stream:
            stream.write(line + "\n")

    def start(self) -> None:
        self.note("started", str(os.getpid()))
        what, _, how = self.instruction().partition(" ")
        if what == "fail":
            self.send({"failed": how})
            sys.exit()
        if what == "exit":
            sys.exit(int(how))
        if what == "hang":
            hang()
        if what == "wait":
            wait_for(self.index / how)
        self.send({"ready": self.generation})

    def instruction(self) -> str:
        """The next one that no other worker has taken."""
        with suppress(FileNotFoundError):
            for number, instruction in enumerate(json.loads((self.index / "start").read_text())):
                with suppress(FileExistsError):
                    (self.index / f"start.{number}").touch(exist_ok=False)
                    return str(instruction)
        return "ready"

    def answer(self, head: Mapping[str, Any]) -> None:
        name, arguments = head["call"], head["arguments"]
        status, body = 200, json.dumps(arguments).encode()
        if name == "wait":
            wait_for(Path(arguments["until"]))
        elif name == "hang":
            hang()
        elif name == "die":
            die()
        elif name == "die once":
            with suppress(FileExistsError):
                Path(arguments["mark"]).touch(exist_ok=False)
                die()
        elif name == "garbage once":
            with suppress(FileExistsError):
                Path(arguments["mark"]).touch(exist_ok=False)
                self.connection.sendall(struct.pack("!II", 3, 0) + b"{]}")
                return
        elif name == "fail":
            status, body = 503, b""
        elif name == "large":
            body = bytes(arguments["size"])
        facts = {"pid": os.getpid(), "generation": self.generation, "request_id": head["request_id"]}
        detail = arguments["why"] if name == "fail" else ""
        self.send({"id": head["id"], "status": status, "facts": facts, "detail": detail}, body)

    def open(self, head: Mapping[str, Any]) -> None:
        name, detail = head["open"], ""
        self.note("offered", name)
        folder = self.index / "generations" / name
        if (folder / "die").exists():
            die()
        if (folder / "hang").exists():
            hang()
        if not folder.exists():
            detail = "is gone"
        elif (folder / "refuse").exists():
            detail = (folder / "refuse").read_text()
        else:
            self.generation = name
        self.send({"id": head["id"], "opened": not detail, "detail": detail})

    def run(self) -> None:
        self.start()
        waiting = []
        with suppress(EOFError), self.connection.makefile("rb") as stream:
            while True:
                head, _ = protocol.read(stream)
                work = self.open if "open" in head else self.answer
                thread = threading.Thread(target=work, args=(head,), daemon=True)
                thread.start()
                if head.get("call") == "wait":
                    waiting.append(thread)
        for thread in waiting:
            thread.join()
        if (self.index / "stay").exists():
            hang()


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[-1]))
    with connection.makefile("rb", buffering=0) as stream:
        config = protocol.read(stream)[0]["config"]
    Stub(connection, config).run()
    # Threads that wait for something are left where they are.
    os._exit(0)


if __name__ == "__main__":
    main()
