"""What locust runs, in a process of its own: clients that ask, and a line in a file for each reply.

``LOAD_QUESTIONS``: file with one JSON text a line. ``LOAD_RECORDS``: file for the lines. ``LOAD_AT_ONCE``:
set when every client is to ask once, all of them at the same moment.
"""

import json
import os
import time
from pathlib import Path
from typing import NoReturn

import gevent
from gevent.event import Event
from locust import FastHttpUser, constant, events, task
from locust.exception import StopUser

_QUESTIONS = iter(Path(os.environ["LOAD_QUESTIONS"]).read_text("utf-8").splitlines())
_RECORDS = Path(os.environ["LOAD_RECORDS"]).open("w", encoding="utf-8")  # noqa: SIM115 (open for the whole run)
_AT_ONCE = bool(os.environ.get("LOAD_AT_ONCE"))
_ALL_HERE = Event()


@events.spawning_complete.add_listener
def _release(**_: object) -> None:
    _ALL_HERE.set()


@events.quit.add_listener
def _finish(**_: object) -> None:
    _RECORDS.close()


class Client(FastHttpUser):
    """Asks one question after the other, without a pause."""

    wait_time = constant(0)
    connection_timeout = 10.0
    network_timeout = 60.0

    @task
    def ask(self) -> None:
        if _AT_ONCE:
            _ALL_HERE.wait()
        question = next(_QUESTIONS, None)
        if question is None:
            self.leave()
        began = time.time()
        with self.client.post(
            "/v1/ask",
            data=f'{{"question": {question}}}',
            headers={"Content-Type": "application/json"},
            catch_response=True,
        ) as reply:
            seconds = time.time() - began
            reply.success()  # judged from the records, not by locust
            body = reply.text or ""
            # None where there was no reply at all.
            status = reply.status_code or None
            headers = {name.lower(): value for name, value in (reply.headers or {}).items()}
            kept = ("content-type", "retry-after")
            record = {
                "at": began,
                "seconds": seconds,
                "status": status,
                "question": json.loads(question),
                "headers": {name: headers[name] for name in kept if name in headers},
                "reply": json.loads(body) if status and "json" in headers.get("content-type", "") else None,
                "error": None if status else str(reply.error),
            }
            _RECORDS.write(json.dumps(record) + "\n")
        if _AT_ONCE:
            self.leave()

    def leave(self) -> NoReturn:
        """Ask no more; the last one to leave ends the run."""
        runner = self.environment.runner
        if runner.user_count <= 1:
            # Not from here: it would end this very client before it has ended the run.
            gevent.spawn(runner.quit)
        raise StopUser
