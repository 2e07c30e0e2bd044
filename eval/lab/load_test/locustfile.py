"""The clients of a load, run by locust in a process of its own.

``LOAD_QUESTIONS``: file with a JSON string in each line. ``LOAD_RECORDS``: file for a line of JSON for each
request. ``LOAD_AT_ONCE``: set if every client asks once, all at the same moment.
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
_ALL_SPAWNED = Event()


@events.spawning_complete.add_listener
def _release(**_: object) -> None:
    _ALL_SPAWNED.set()


@events.quit.add_listener
def _finish(**_: object) -> None:
    _RECORDS.close()


class Client(FastHttpUser):
    """Asks one question after the other without a pause."""

    wait_time = constant(0)
    connection_timeout = 10.0
    network_timeout = 60.0

    @task
    def ask(self) -> None:
        if _AT_ONCE:
            _ALL_SPAWNED.wait()
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
            reply.success()  # The records are evaluated, not the statistics of locust.
            body = reply.text or ""
            # None without a reply.
            status = reply.status_code or None
            headers = {name.lower(): value for name, value in (reply.headers or {}).items()}
            recorded = ("content-type", "retry-after")
            record = {
                "at": began,
                "seconds": seconds,
                "status": status,
                "question": json.loads(question),
                "headers": {name: headers[name] for name in recorded if name in headers},
                "reply": json.loads(body) if status and "json" in headers.get("content-type", "") else None,
                "error": None if status else str(reply.error),
            }
            _RECORDS.write(json.dumps(record) + "\n")
        if _AT_ONCE:
            self.leave()

    def leave(self) -> NoReturn:
        """Stop asking; the last client to leave ends the run."""
        runner = self.environment.runner
        if runner.user_count <= 1:
            # In a greenlet of its own: quitting here would end this client before the run.
            gevent.spawn(runner.quit)
        raise StopUser
