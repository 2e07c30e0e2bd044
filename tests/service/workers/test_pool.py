"""The workers together, with a stub in place of a worker; and the messages between them and the front."""

import asyncio
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from asgi_correlation_id.context import correlation_id
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import SUPPORT

from indexer.errors import FundstelleError
from indexer.index.folder import set_live
from service.observability.metrics import Metrics
from service.settings import Settings
from service.workers import pool as pool_module
from service.workers import protocol
from service.workers.backend import BusyError, Call, Reply
from service.workers.client import WorkerClient
from service.workers.pool import WorkerPool

PROGRAM = (sys.executable, str(SUPPORT / "stub_worker.py"))
#: Seconds after which something has failed that takes a moment.
LONG = 30.0


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder with two generations, of which ``old`` is live."""
    for name in ("old", "new"):
        (tmp_path / "index" / "generations" / name).mkdir(parents=True)
    set_live(tmp_path / "index", "old")
    return tmp_path / "index"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that ended is started again soon; one that does not end by itself is soon made to."""
    monkeypatch.setattr(pool_module, "_LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(WorkerClient.end, "__defaults__", (0.2,))


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(LONG):
            await work

    asyncio.run(bounded())


class Running:
    """A pool and its metrics, with short words for what tests do."""

    def __init__(self, index: Path, **settings: object) -> None:
        self.index = index
        self.metrics = Metrics()
        usual = {"workers": 1, "poll_seconds": 0.02, "queue_seconds": LONG, "request_seconds": LONG}
        given = Settings(index=index, **(usual | settings))  # type: ignore[arg-type]
        self.pool = WorkerPool(given, self.metrics, PROGRAM)

    async def call(self, name: str, **arguments: object) -> Reply:
        return await self.pool.call(Call(name, arguments))

    def calling(self, name: str, **arguments: object) -> "asyncio.Task[Reply]":
        return asyncio.create_task(self.call(name, **arguments))

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"fundstelle_{name}", labels) or 0.0

    async def workers(self, number: int) -> list[int]:
        """Their process ids, when so many are ready."""
        await until(lambda: len(self.pool.pids) == number)
        return self.pool.pids

    async def in_flight(self, number: int) -> None:
        await until(lambda: self.metric("in_flight") == number)

    async def waiting(self, number: int) -> None:
        await until(lambda: self.metric("queue_length") == number)


@asynccontextmanager
async def running(index: Path, **settings: object) -> AsyncIterator[Running]:
    it = Running(index, **settings)
    await it.pool.start()
    try:
        await it.workers(it.pool._settings.workers)
        yield it
    finally:
        await it.pool.stop()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def refused(reply: Awaitable[Reply]) -> BusyError:
    with pytest.raises(BusyError) as caught:
        await reply
    return caught.value


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


# Starting and stopping.


def test_start_returns_when_the_first_worker_is_ready(index: Path) -> None:
    (index / "start").write_text(json.dumps(["ready", "wait go"]))

    async def work() -> None:
        it = Running(index, workers=2)
        assert not it.pool.ready and it.pool.generation is None
        await it.pool.start()
        assert it.pool.ready and it.pool.generation == "old"
        assert len(it.pool.pids) == 1
        (index / "go").touch()
        await it.workers(2)
        await it.pool.stop()
        assert not it.pool.ready

    run(work())


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        ("fail no index at index: build one", "no index at index: build one"),
        ("exit 3", "a worker ended with exit code 3 before it was ready"),
    ],
)
def test_a_worker_that_cannot_start_makes_start_say_why(index: Path, instruction: str, message: str) -> None:
    (index / "start").write_text(json.dumps([instruction]))

    async def work() -> None:
        it = Running(index)
        with pytest.raises(FundstelleError) as caught:
            await it.pool.start()
        assert str(caught.value) == message
        assert not it.pool.ready

    run(work())
    assert not any(alive(int(pid)) for pid in lines(index / "started"))


def test_stop_ends_all_processes(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=3) as it:
            pids = await it.workers(3)
            assert all(alive(pid) for pid in pids)
        assert not any(alive(pid) for pid in pids)

    run(work())


def test_stop_ends_workers_that_are_not_ready_yet_too(index: Path) -> None:
    (index / "start").write_text(json.dumps(["ready", "wait forever"]))

    async def work() -> None:
        it = Running(index, workers=2)
        await it.pool.start()
        await until(lambda: len(lines(index / "started")) == 2)
        await it.pool.stop()

    run(work())
    assert not any(alive(int(pid)) for pid in lines(index / "started"))


def test_who_is_cancelled_while_starting_leaves_no_process(index: Path) -> None:
    (index / "start").write_text(json.dumps(["wait forever"] * 2))

    async def work() -> None:
        starting = asyncio.create_task(Running(index, workers=2).pool.start())
        await until(lambda: len(lines(index / "started")) == 2)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    run(work())
    assert not any(alive(int(pid)) for pid in lines(index / "started"))


def test_a_worker_that_does_not_end_by_itself_is_made_to(index: Path) -> None:
    (index / "stay").touch()

    async def work() -> None:
        worker = await WorkerClient.start(Running(index).pool._config(None), PROGRAM)
        await worker.end(patience=0.05)
        assert not alive(worker.pid)

    run(work())


def test_a_worker_ends_when_the_front_is_gone(index: Path) -> None:
    async def work() -> None:
        worker = await WorkerClient.start(Running(index).pool._config(None), PROGRAM)
        worker._writer.close()
        assert await worker.ended() == 0

    run(work())


def test_nothing_but_a_number_is_told_on_the_command_line(index: Path) -> None:
    async def work() -> None:
        async with running(index, keys=index / "keys.json", model="some/model") as it:
            [pid] = await it.workers(1)
            *program, descriptor = psutil.Process(pid).cmdline()
            assert program == [*PROGRAM] and descriptor.isdigit()

    run(work())


def test_the_threads_of_the_model_are_set_before_its_libraries_load(index: Path) -> None:
    async def work() -> None:
        async with running(index, threads=3) as it:
            [pid] = await it.workers(1)
            environment = psutil.Process(pid).environ()
            names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
            assert [environment[name] for name in names] == ["3"] * 3

    run(work())


# Calls.


def test_a_call_is_answered_with_what_the_worker_says(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            correlation_id.set("0123")
            reply = await it.call("echo", question="Nghị quyết 57 – Mängel?")
            assert (reply.status, json.loads(reply.body)) == (200, {"question": "Nghị quyết 57 – Mängel?"})
            assert reply.facts["generation"] == "old" and reply.facts["request_id"] == "0123"
            assert reply.facts["queue"] >= 0

    run(work())


def test_a_reply_that_is_no_answer_comes_with_its_detail(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            reply = await it.call("fail", why="the index cannot be read")
            assert (reply.status, reply.body, reply.detail) == (503, b"", "the index cannot be read")

    run(work())


def test_replies_of_megabytes_come_whole(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=3) as it:
            replies = await asyncio.gather(*(it.call("large", size=5_000_000) for _ in range(3)))
            assert [len(reply.body) for reply in replies] == [5_000_000] * 3

    run(work())


def test_replies_go_to_whom_they_belong_in_whatever_order_they_come(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=3) as it:
            files = [index / name for name in ("first", "second", "third")]
            calls = [it.calling("wait", until=str(file)) for file in files]
            await it.in_flight(3)
            for file, call in reversed(list(zip(files, calls, strict=True))):
                file.touch()
                assert json.loads((await call).body) == {"until": str(file)}

    run(work())


def test_calls_are_spread_to_the_least_busy(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2, worker_slots=3) as it:
            pids = await it.workers(2)
            calls = [it.calling("wait", until=str(index / "go")) for _ in range(6)]
            await it.in_flight(6)
            (index / "go").touch()
            answering = [reply.facts["pid"] for reply in await asyncio.gather(*calls)]
            assert sorted(answering) == sorted(pids * 3)
            assert set(answering[:2]) == set(answering[2:4]) == set(answering[4:]) == set(pids)

    run(work())


def test_a_worker_is_given_no_more_calls_than_it_has_slots(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2, worker_slots=2) as it:
            calls = [it.calling("wait", until=str(index / "go")) for _ in range(7)]
            await it.in_flight(4)
            await it.waiting(3)
            (index / "go").touch()
            await asyncio.gather(*calls)
            assert it.metric("in_flight") == it.metric("queue_length") == 0

    run(work())


def test_where_too_many_wait_one_more_is_refused_at_once(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1, queue=1) as it:
            calls = [it.calling("wait", until=str(index / "go")) for _ in range(2)]
            await it.waiting(1)
            busy = await refused(it.call("echo"))
            assert "too many questions are waiting" in str(busy) and busy.retry_after == 1
            (index / "go").touch()
            assert [reply.status for reply in await asyncio.gather(*calls)] == [200, 200]

    run(work())


def test_who_has_waited_too_long_is_refused(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1, queue_seconds=0.05) as it:
            call = it.calling("wait", until=str(index / "go"))
            await it.in_flight(1)
            busy = await refused(it.call("echo"))
            assert "no worker was free in time" in str(busy) and busy.retry_after == 2
            (index / "go").touch()
            assert (await call).status == 200
            assert it.metric("queue_length") == it.metric("in_flight") == 0
            assert (await it.call("echo")).status == 200

    run(work())


def test_calls_wait_in_the_order_they_came(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1) as it:
            first = it.calling("wait", until=str(index / "go"))
            answered: list[int] = []
            others = [it.calling("echo", number=number) for number in range(5)]
            for number, call in enumerate(others):
                call.add_done_callback(lambda _, number=number: answered.append(number))
            await it.waiting(5)
            (index / "go").touch()
            await asyncio.gather(first, *others)
            assert answered == [0, 1, 2, 3, 4]

    run(work())


def test_a_call_that_is_cancelled_while_it_waits_takes_no_slot_and_leaks_none(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1) as it:
            first = it.calling("wait", until=str(index / "go"))
            cancelled, last = it.calling("echo"), it.calling("echo")
            await it.waiting(2)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            assert cancelled.cancelled() and it.metric("queue_length") == 1
            (index / "go").touch()
            assert [(await call).status for call in (first, last)] == [200, 200]
            assert it.metric("in_flight") == 0
            assert (await it.call("echo")).status == 200

    run(work())


@pytest.mark.parametrize("first", ["cancelled", "given"])
def test_a_call_that_is_cancelled_in_the_moment_it_is_given_a_worker_leaks_no_slot(
    index: Path, first: str
) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1) as it:
            worker = await it.pool._slots.take()
            cancelled, last = it.calling("echo"), it.calling("echo")
            await it.waiting(2)
            steps = [cancelled.cancel, lambda: it.pool._slots.release(worker)]
            for step in steps if first == "cancelled" else reversed(steps):
                step()
            assert (await last).status == 200
            assert cancelled.cancelled() and it.metric("in_flight") == 0

    run(work())


def test_a_call_that_is_cancelled_in_the_moment_it_is_answered_harms_no_other(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            cancelled = it.calling("hang")
            await it.in_flight(1)
            [worker] = it.pool._workers
            [number] = worker._asked
            worker._reader.feed_data(
                protocol.packed({"id": number, "status": 200, "facts": {}, "detail": ""})
            )
            cancelled.cancel()
            await asyncio.wait([cancelled])
            assert cancelled.cancelled()
            assert (await it.call("echo")).status == 200

    run(work())


def test_the_reply_to_a_call_that_was_cancelled_is_nobody_elses(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=2) as it:
            cancelled = it.calling("wait", until=str(index / "go"))
            await it.in_flight(1)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            (index / "go").touch()
            for number in range(20):
                reply = await it.call("echo", number=number)
                assert json.loads(reply.body) == {"number": number}

    run(work())


# Workers that end.


def test_the_call_of_a_worker_that_was_killed_is_answered_by_another(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2) as it:
            calls = [it.calling("wait", until=str(index / "go")) for _ in range(2)]
            await it.in_flight(2)
            victim, other = it.pool.pids
            os.kill(victim, signal.SIGKILL)
            (index / "go").touch()
            assert [reply.facts["pid"] for reply in await asyncio.gather(*calls)] == [other] * 2

    run(work())


def test_no_call_is_refused_because_a_worker_ends_that_is_idle(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2) as it:
            victim, other = it.pool.pids
            os.kill(victim, signal.SIGKILL)
            while victim in it.pool.pids:
                assert (await it.call("echo")).facts["pid"] == other
                await asyncio.sleep(0)

    run(work())


def test_a_question_that_ends_workers_is_asked_of_two_only(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=3) as it:
            pids = it.pool.pids
            busy = await refused(it.call("die"))
            assert "ended twice" in str(busy) and busy.retry_after == 5
            await until(lambda: it.metric("workers_lost_total") == 2)
            [left] = set(pids) & set(it.pool.pids)
            assert alive(left)
            assert (await it.call("echo")).status == 200

    run(work())


def test_a_worker_that_ends_is_replaced_and_counted(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with running(index, workers=2) as it:
            pids = await it.workers(2)
            os.kill(pids[0], signal.SIGKILL)
            await until(lambda: pids[0] not in it.pool.pids)
            assert pids[0] not in await it.workers(2)
            assert it.metric("workers_lost_total") == 1 and it.metric("workers") == 2
            [record] = [record for record in caplog.records if "worker ended" in record.message]
            assert (record.pid, record.exit_code) == (pids[0], -signal.SIGKILL)  # type: ignore[attr-defined]

    run(work())


def test_a_worker_that_cannot_be_started_again_is_tried_again(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (index / "start").write_text(json.dumps(["ready", "fail the disk is gone", "exit 1", "ready"]))

    async def work() -> None:
        async with running(index) as it:
            [pid] = await it.workers(1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: it.pool.pids not in ([], [pid]))
            assert (await it.call("echo")).status == 200
            assert "a worker could not be started: the disk is gone" in caplog.messages

    run(work())


def test_a_call_waits_for_the_worker_that_replaces_the_last_one(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            [pid] = await it.workers(1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not it.pool.pids)
            assert not it.pool.ready
            reply = await it.call("echo")
            assert reply.status == 200 and reply.facts["pid"] != pid

    run(work())


def test_without_any_worker_calls_are_refused_after_the_longest_wait(index: Path) -> None:
    (index / "start").write_text(json.dumps(["ready", "hang"]))

    async def work() -> None:
        async with running(index, queue_seconds=0.1) as it:
            [pid] = await it.workers(1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not it.pool.pids)
            await refused(it.call("echo"))
            assert it.metric("queue_length") == 0

    run(work())


def test_a_worker_that_is_stuck_is_killed(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with running(index, request_seconds=0.1) as it:
            [pid] = await it.workers(1)
            stuck = it.calling("hang")
            await until(lambda: pid not in it.pool.pids)
            assert "worker stuck, ended" in caplog.messages
            stuck.cancel()

    run(work())


# Generations.


def test_a_new_live_generation_is_served_by_all_workers(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=3) as it:
            set_live(index, "new")
            await until(lambda: {worker.generation for worker in it.pool._workers} == {"new"})
            assert it.pool.generation == "new"
            assert (await it.call("echo")).facts["generation"] == "new"
            assert it.metric("index_generation", generation="new") == 1
            assert it.metric("index_generation", generation="old") == 0
            assert it.metric("generations_total", result="served") == 2

    run(work())


def test_a_refused_generation_is_not_served_nor_offered_again_until_it_is_made_live_again(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = index / "generations" / "new" / "refuse"
    refusal.write_text("generation damaged, not served: new/documents.sqlite")

    async def work() -> None:
        async with running(index, workers=2) as it:
            set_live(index, "new")
            await until(lambda: it.metric("generations_total", result="refused") == 1)
            [record] = [record for record in caplog.records if record.message == "generation refused"]
            assert (record.generation, record.why) == ("new", refusal.read_text())  # type: ignore[attr-defined]
            await polls(it, 5)
            assert lines(index / "offered") == ["new"]
            assert it.pool.generation == "old"
            assert (await it.call("echo")).facts["generation"] == "old"

            refusal.unlink()
            await polls(it, 5)
            assert it.pool.generation == "old"
            set_live(index, "new")
            await until(lambda: {worker.generation for worker in it.pool._workers} == {"new"})

    run(work())


async def polls(it: Running, number: int) -> None:
    """Return when the pool has looked at the index so many times more."""
    looked = 0
    news = it.pool._following._watch.news

    def counted() -> str | None:
        nonlocal looked
        looked += 1
        return news()

    it.pool._following._watch.news = counted  # type: ignore[method-assign]
    await until(lambda: looked > number)
    it.pool._following._watch.news = news  # type: ignore[method-assign]


def test_going_back_to_the_former_generation_is_news_too(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            for name in ("new", "old"):
                set_live(index, name)
                await until(lambda name=name: it.pool.generation == name)
            assert (await it.call("echo")).facts["generation"] == "old"

    run(work())


@pytest.mark.parametrize("content", [b"", b"nowhere\n", b"\xff\n", None])
def test_an_index_that_cannot_be_read_leaves_what_is_served(index: Path, content: bytes | None) -> None:
    async def work() -> None:
        async with running(index) as it:
            if content is None:
                (index / "CURRENT").unlink()
            else:
                (index / "CURRENT").write_bytes(content)
            await polls(it, 3)
            assert (await it.call("echo")).facts["generation"] == "old"
            set_live(index, "new")
            await until(lambda: it.pool.generation == "new")

    run(work())


def test_a_worker_that_is_replaced_opens_what_the_others_serve(index: Path) -> None:
    (index / "generations" / "new" / "refuse").write_text("damaged")

    async def work() -> None:
        async with running(index, workers=2) as it:
            set_live(index, "new")
            await until(lambda: it.metric("generations_total", result="refused") == 1)
            first, _ = await it.workers(2)
            os.kill(first, signal.SIGKILL)
            await until(lambda: first not in it.pool.pids and len(it.pool.pids) == 2)
            assert [worker.generation for worker in it.pool._workers] == ["old", "old"]

    run(work())


def test_a_worker_that_cannot_follow_the_others_is_replaced(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with running(index, workers=2) as it:
            [_, second] = it.pool._workers
            refuse_once(second)
            set_live(index, "new")
            await until(lambda: second.pid not in it.pool.pids and len(it.pool.pids) == 2)
            assert "worker cannot follow, ended" in caplog.messages
            assert [worker.generation for worker in it.pool._workers] == ["new", "new"]

    def refuse_once(worker: WorkerClient) -> None:
        async def open_(_: str) -> str:
            return "too many open files"

        worker.open = open_  # type: ignore[method-assign]

    run(work())


def test_answering_goes_on_while_a_generation_is_opened(index: Path) -> None:
    (index / "generations" / "new" / "hang").touch()

    async def work() -> None:
        async with running(index) as it:
            set_live(index, "new")
            await until(lambda: lines(index / "offered") == ["new"])
            assert (await it.call("echo")).facts["generation"] == "old"

    run(work())


# Messages.

HEADS = st.dictionaries(
    st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(HEADS, st.binary()), max_size=5))
def test_messages_are_read_as_they_were_packed(messages: list[protocol.Message]) -> None:
    stream = io.BytesIO(b"".join(protocol.packed(head, body) for head, body in messages))
    assert [protocol.read(stream) for _ in messages] == messages
    with pytest.raises(EOFError):
        protocol.read(stream)


def test_messages_are_received_as_they_were_packed_however_they_are_cut() -> None:
    messages: list[protocol.Message] = [
        ({"question": "Nghị quyết 57 – „Mängel“? 🏔"}, b""),
        ({"id": 7, "facts": {"seconds": 0.25}, "detail": "\ud800"}, bytes(range(256)) * 20_000),
        ({}, b"\x00"),
    ]
    data = b"".join(protocol.packed(head, body) for head, body in messages)

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
    whole = protocol.packed({"id": 1}, b"body")

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


# What goes wrong.


def test_a_worker_whose_callers_have_all_given_up_is_still_found_stuck(index: Path) -> None:
    async def work() -> None:
        async with running(index, request_seconds=0.1, worker_slots=2) as it:
            [pid] = await it.workers(1)
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await it.call("hang")
            await until(lambda: pid not in it.pool.pids)

    run(work())


def test_a_call_that_nobody_waits_for_keeps_its_slot_while_the_worker_is_at_it(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1) as it:
            cancelled = it.calling("wait", until=str(index / "go"))
            await it.in_flight(1)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            assert it.metric("in_flight") == 1
            (index / "go").touch()
            await it.in_flight(0)

    run(work())


def test_a_worker_that_cannot_be_started_is_said_so(index: Path) -> None:
    async def work() -> None:
        it = Running(index)
        it.pool._program = ("/nowhere/python",)
        with pytest.raises(FundstelleError, match="a worker cannot be started: No such file"):
            await it.pool.start()

    run(work())


def test_a_worker_that_could_not_be_started_for_want_of_memory_is_started_later(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with running(index) as it:
            [pid] = await it.workers(1)
            start, failures = asyncio.create_subprocess_exec, [OSError(12, "Cannot allocate memory")]

            async def failing_once(*program: Any, **options: Any) -> asyncio.subprocess.Process:
                if failures:
                    raise failures.pop()
                return await start(*program, **options)

            monkeypatch.setattr(asyncio, "create_subprocess_exec", failing_once)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not failures)
            await it.workers(1)

    run(work())


def test_calls_that_are_being_answered_are_answered_when_the_pool_stops(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            call = it.calling("wait", until=str(index / "go"))
            await it.in_flight(1)
            stopping = asyncio.create_task(it.pool.stop())
            await asyncio.sleep(0.02)
            (index / "go").touch()
            assert (await call).status == 200
            await stopping

    run(work())


def test_a_generation_whose_opening_ends_workers_is_refused_after_the_second(index: Path) -> None:
    (index / "generations" / "new" / "die").touch()

    async def work() -> None:
        async with running(index, workers=2) as it:
            set_live(index, "new")
            await until(lambda: it.metric("generations_total", result="refused") == 1)
            assert it.pool.generation == "old"
            assert lines(index / "offered") == ["new", "new"]

    run(work())


def test_a_worker_may_end_once_while_it_opens_a_generation(index: Path) -> None:
    (index / "generations" / "new" / "die").touch()

    async def work() -> None:
        async with running(index) as it:
            set_live(index, "new")
            await until(lambda: lines(index / "offered") == ["new"])
            (index / "generations" / "new" / "die").unlink()
            await until(lambda: it.pool.generation == "new")

    run(work())


def test_stuck_workers_are_found_while_another_opens_a_generation(index: Path) -> None:
    (index / "generations" / "new" / "hang").touch()

    async def work() -> None:
        async with running(index, workers=2, request_seconds=0.1) as it:
            set_live(index, "new")
            await until(lambda: lines(index / "offered") == ["new"])
            pids = set(await it.workers(2))
            calls = [it.calling("hang") for _ in range(2)]
            await until(lambda: not pids <= set(it.pool.pids))
            for call in calls:
                call.cancel()

    run(work())


def test_a_worker_that_never_ends_opening_is_ended(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_STUCK_OPENING", 0.05)
    (index / "generations" / "new" / "hang").touch()

    async def work() -> None:
        async with running(index) as it:
            set_live(index, "new")
            await until(lambda: it.metric("generations_total", result="refused") == 1)
            assert it.pool.generation == "old"

    run(work())


def test_where_the_served_generation_is_gone_a_new_worker_serves_the_live_one(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = WorkerClient.start

    async def with_the_live_one(config: dict[str, Any], program: Any) -> WorkerClient:
        # As a worker does that finds the wanted one gone.
        return await start(config | {"generation": None}, program)

    async def work() -> None:
        async with running(index, poll_seconds=0.2) as it:
            [pid] = await it.workers(1)
            monkeypatch.setattr(WorkerClient, "start", with_the_live_one)
            shutil.rmtree(index / "generations" / "old")
            set_live(index, "new")
            os.kill(pid, signal.SIGKILL)
            await until(lambda: it.pool.generation == "new" and len(it.pool.pids) == 1)
            # The next looks at the index find nothing to do.
            await asyncio.sleep(0.5)
            assert it.metric("workers_lost_total") == 1

    run(work())


def test_an_error_of_the_file_system_does_not_end_the_following(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with running(index) as it:
            follow, failures = it.pool._following.follow, [OSError(116, "Stale file handle")]

            async def failing_once() -> None:
                if failures:
                    raise failures.pop()
                await follow()

            monkeypatch.setattr(it.pool._following, "follow", failing_once)
            await until(lambda: not failures)
            set_live(index, "new")
            await until(lambda: it.pool.generation == "new")

    run(work())


def test_the_pool_starts_where_one_of_two_workers_can(index: Path) -> None:
    (index / "start").write_text(json.dumps(["exit 137", "wait go"]))

    async def work() -> None:
        it = Running(index, workers=2)
        starting = asyncio.create_task(it.pool.start())
        await asyncio.sleep(0.3)
        (index / "go").touch()
        await starting
        await it.pool.stop()

    run(work())


def test_the_socket_of_a_worker_that_ended_is_closed(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            [worker] = it.pool._workers
            os.kill(worker.pid, signal.SIGKILL)
            await until(lambda: bool(it.pool.pids) and worker.pid not in it.pool.pids)
            assert worker._writer.transport.is_closing()

    run(work())


def test_a_start_that_is_cancelled_leaves_no_process(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = asyncio.create_subprocess_exec
    pids: list[int] = []

    async def noted(*program: Any, **options: Any) -> asyncio.subprocess.Process:
        process = await start(*program, **options)
        pids.append(process.pid)
        return process

    async def never(**_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    monkeypatch.setattr(asyncio, "open_connection", never)

    async def work() -> None:
        starting = asyncio.create_task(Running(index).pool.start())
        await until(lambda: bool(pids))
        starting.cancel()
        await asyncio.wait([starting])
        assert not alive(pids[0])

    run(work())


def test_a_reply_that_cannot_be_read_ends_the_worker_and_its_calls_go_to_another(index: Path) -> None:
    async def work() -> None:
        async with running(index) as it:
            [worker] = it.pool._workers
            call = it.calling("wait", until=str(index / "go"))
            await it.in_flight(1)
            worker._reader.feed_data(protocol._LENGTHS.pack(3, 0) + b"{]}")
            (index / "go").touch()
            assert (await call).facts["pid"] != worker.pid

    run(work())


def test_a_generation_made_live_again_while_it_is_refused_is_opened_again(index: Path) -> None:
    (index / "generations" / "new" / "refuse").write_text("damaged")

    async def work() -> None:
        async with running(index) as it:
            [worker] = it.pool._workers
            open_ = worker.open

            async def repaired_meanwhile(name: str) -> str:
                why = await open_(name)
                (index / "generations" / "new" / "refuse").unlink(missing_ok=True)
                set_live(index, "new")
                return why

            worker.open = repaired_meanwhile  # type: ignore[method-assign]
            set_live(index, "new")
            await until(lambda: it.pool.generation == "new")

    run(work())
