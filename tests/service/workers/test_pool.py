"""The worker pool, with stub workers."""

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from asgi_correlation_id.context import correlation_id
from pool_runner import PROGRAM, PoolRunner, alive, lines, refused, run, running, until

from indexer.errors import FundstelleError
from indexer.index.live_generation import set_live
from service.workers.client import WorkerClient
from service.workers.generation_follower import GenerationFollower

# Starting and stopping.


def test_start_returns_when_the_first_worker_is_ready(index: Path) -> None:
    (index / "start").write_text(json.dumps(["ready", "wait go"]))

    async def work() -> None:
        runner = PoolRunner(index, workers=2)
        assert not runner.pool.ready and runner.pool.generation is None
        await runner.pool.start()
        assert runner.pool.ready and runner.pool.generation == "old"
        assert len(runner.pids) == 1
        (index / "go").touch()
        await runner.workers(2)
        await runner.pool.stop()
        assert not runner.pool.ready

    run(work())


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        ("fail no index at index: build one", "no index at index: build one"),
        ("exit 3", "a worker ended with exit code 3 before it was ready"),
    ],
)
def test_a_worker_that_cannot_start_gives_the_reason(index: Path, instruction: str, message: str) -> None:
    (index / "start").write_text(json.dumps([instruction]))

    async def work() -> None:
        runner = PoolRunner(index)
        with pytest.raises(FundstelleError) as caught:
            await runner.pool.start()
        assert str(caught.value) == message
        assert not runner.pool.ready

    run(work())
    assert not any(alive(int(pid)) for pid in lines(index / "started"))


def test_a_program_that_cannot_be_started_is_reported(index: Path) -> None:
    async def work() -> None:
        runner = PoolRunner(index, program=("/nowhere/python",))
        with pytest.raises(FundstelleError, match="a worker cannot be started: No such file"):
            await runner.pool.start()

    run(work())


def test_the_pool_starts_where_one_of_two_workers_can(index: Path) -> None:
    (index / "start").write_text(json.dumps(["exit 137", "wait go"]))

    async def work() -> None:
        runner = PoolRunner(index, workers=2)
        starting = asyncio.create_task(runner.pool.start())
        await asyncio.sleep(0.3)
        (index / "go").touch()
        await starting
        assert runner.pids
        await runner.pool.stop()

    run(work())


def test_a_start_that_is_cancelled_leaves_no_process(index: Path) -> None:
    (index / "start").write_text(json.dumps(["wait forever"] * 2))

    async def work() -> None:
        starting = asyncio.create_task(PoolRunner(index, workers=2).pool.start())
        await until(lambda: len(lines(index / "started")) == 2)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    run(work())
    assert not any(alive(int(pid)) for pid in lines(index / "started"))


def test_stop_ends_all_processes(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=3) as runner:
            pids = await runner.workers(3)
            assert all(alive(pid) for pid in pids)
        assert not any(alive(pid) for pid in pids)

    run(work())


def test_stop_ends_workers_that_are_not_ready_yet_too(index: Path) -> None:
    (index / "start").write_text(json.dumps(["ready", "wait forever"]))

    async def work() -> None:
        runner = PoolRunner(index, workers=2)
        await runner.pool.start()
        await until(lambda: len(lines(index / "started")) == 2)
        await runner.pool.stop()

    run(work())
    assert not any(alive(int(pid)) for pid in lines(index / "started"))


def test_calls_that_are_being_answered_are_answered_when_the_pool_stops(index: Path) -> None:
    async def work() -> None:
        async with running(index) as runner:
            call = runner.calling("wait", until=str(index / "go"))
            await runner.in_flight(1)
            stopping = asyncio.create_task(runner.pool.stop())
            await asyncio.sleep(0.02)
            (index / "go").touch()
            assert (await call).status == 200
            await stopping

    run(work())


def test_the_command_line_has_nothing_but_a_number(index: Path) -> None:
    async def work() -> None:
        async with running(index, keys=index / "keys.json", model="some/model") as runner:
            [pid] = await runner.workers(1)
            *program, descriptor = psutil.Process(pid).cmdline()
            assert program == [*PROGRAM] and descriptor.isdigit()

    run(work())


def test_the_threads_of_the_model_are_set_before_its_libraries_load(index: Path) -> None:
    async def work() -> None:
        async with running(index, threads=3) as runner:
            [pid] = await runner.workers(1)
            environment = psutil.Process(pid).environ()
            names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
            assert [environment[name] for name in names] == ["3"] * 3

    run(work())


# Calls.


def test_a_call_gets_the_reply_of_the_worker(index: Path) -> None:
    async def work() -> None:
        async with running(index) as runner:
            correlation_id.set("0123")
            reply = await runner.call("echo", question="Nghị quyết 57 – Mängel?")
            assert (reply.status, json.loads(reply.body)) == (200, {"question": "Nghị quyết 57 – Mängel?"})
            assert reply.facts["generation"] == "old" and reply.facts["request_id"] == "0123"
            assert reply.facts["queue"] >= 0

    run(work())


def test_an_error_reply_has_its_detail(index: Path) -> None:
    async def work() -> None:
        async with running(index) as runner:
            reply = await runner.call("fail", why="the index cannot be read")
            assert (reply.status, reply.body, reply.detail) == (503, b"", "the index cannot be read")

    run(work())


def test_replies_of_megabytes_arrive_whole(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=3) as runner:
            replies = await asyncio.gather(*(runner.call("large", size=5_000_000) for _ in range(3)))
            assert [len(reply.body) for reply in replies] == [5_000_000] * 3

    run(work())


def test_replies_in_any_order_reach_their_calls(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=3) as runner:
            files = [index / name for name in ("first", "second", "third")]
            calls = [runner.calling("wait", until=str(file)) for file in files]
            await runner.in_flight(3)
            for file, call in reversed(list(zip(files, calls, strict=True))):
                file.touch()
                assert json.loads((await call).body) == {"until": str(file)}

    run(work())


def test_a_worker_is_given_no_more_calls_than_it_has_slots(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2, worker_slots=2) as runner:
            calls = [runner.calling("wait", until=str(index / "go")) for _ in range(7)]
            await runner.in_flight(4)
            await runner.waiting(3)
            (index / "go").touch()
            await asyncio.gather(*calls)
            assert runner.metric("in_flight") == runner.metric("queue_length") == 0

    run(work())


def test_a_call_that_is_cancelled_while_it_waits_takes_no_slot(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1) as runner:
            first = runner.calling("wait", until=str(index / "go"))
            cancelled, last = runner.calling("echo"), runner.calling("echo")
            await runner.waiting(2)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            assert cancelled.cancelled() and runner.metric("queue_length") == 1
            (index / "go").touch()
            assert [(await call).status for call in (first, last)] == [200, 200]
            assert runner.metric("in_flight") == 0
            assert (await runner.call("echo")).status == 200

    run(work())


def test_the_reply_to_a_cancelled_call_reaches_no_other(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=2) as runner:
            cancelled = runner.calling("wait", until=str(index / "go"))
            await runner.in_flight(1)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            (index / "go").touch()
            for number in range(20):
                reply = await runner.call("echo", number=number)
                assert json.loads(reply.body) == {"number": number}

    run(work())


def test_a_cancelled_call_keeps_its_slot_until_the_worker_has_replied(index: Path) -> None:
    async def work() -> None:
        async with running(index, worker_slots=1) as runner:
            cancelled = runner.calling("wait", until=str(index / "go"))
            await runner.in_flight(1)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            assert runner.metric("in_flight") == 1
            (index / "go").touch()
            await runner.in_flight(0)

    run(work())


# Workers that end.


def test_the_call_of_a_worker_that_was_killed_is_answered_by_another(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2) as runner:
            calls = [runner.calling("wait", until=str(index / "go")) for _ in range(2)]
            await runner.in_flight(2)
            victim, other = runner.pids
            os.kill(victim, signal.SIGKILL)
            (index / "go").touch()
            assert [reply.facts["pid"] for reply in await asyncio.gather(*calls)] == [other] * 2

    run(work())


def test_no_call_is_refused_because_a_worker_ends_that_is_idle(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=2) as runner:
            victim, other = runner.pids
            os.kill(victim, signal.SIGKILL)
            while victim in runner.pids:
                assert (await runner.call("echo")).facts["pid"] == other
                await asyncio.sleep(0)

    run(work())


def test_a_call_that_ends_workers_is_passed_to_two_only(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=3) as runner:
            pids = runner.pids
            busy = await refused(runner.call("die"))
            assert "ended twice" in str(busy) and busy.retry_after == 5
            await until(lambda: runner.metric("workers_lost_total") == 2)
            [left] = set(pids) & set(runner.pids)
            assert alive(left)
            assert (await runner.call("echo")).status == 200

    run(work())


def test_a_worker_that_ends_is_replaced_and_counted(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with running(index, workers=2) as runner:
            pids = await runner.workers(2)
            os.kill(pids[0], signal.SIGKILL)
            await until(lambda: pids[0] not in runner.pids)
            assert pids[0] not in await runner.workers(2)
            assert runner.metric("workers_lost_total") == 1 and runner.metric("workers") == 2
            [record] = [record for record in caplog.records if "worker ended" in record.message]
            assert (record.pid, record.exit_code) == (pids[0], -signal.SIGKILL)  # type: ignore[attr-defined]

    run(work())


def test_a_worker_that_cannot_be_started_again_is_tried_again(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (index / "start").write_text(json.dumps(["ready", "fail the disk is gone", "exit 1", "ready"]))

    async def work() -> None:
        async with running(index) as runner:
            [pid] = await runner.workers(1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: runner.pids not in ([], [pid]))
            assert (await runner.call("echo")).status == 200
            assert "a worker could not be started: the disk is gone" in caplog.messages

    run(work())


def test_a_worker_that_could_not_be_started_without_memory_is_started_later(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with running(index) as runner:
            [pid] = await runner.workers(1)
            start, failures = asyncio.create_subprocess_exec, [OSError(12, "Cannot allocate memory")]

            async def failing_once(*program: Any, **options: Any) -> asyncio.subprocess.Process:
                if failures:
                    raise failures.pop()
                return await start(*program, **options)

            monkeypatch.setattr(asyncio, "create_subprocess_exec", failing_once)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not failures)
            await runner.workers(1)

    run(work())


def test_a_call_waits_for_the_worker_that_replaces_the_last_one(index: Path) -> None:
    async def work() -> None:
        async with running(index) as runner:
            [pid] = await runner.workers(1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not runner.pids)
            assert not runner.pool.ready
            reply = await runner.call("echo")
            assert reply.status == 200 and reply.facts["pid"] != pid

    run(work())


def test_without_any_worker_calls_are_refused_after_the_longest_wait(index: Path) -> None:
    (index / "start").write_text(json.dumps(["ready", "hang"]))

    async def work() -> None:
        async with running(index, queue_seconds=0.1) as runner:
            [pid] = await runner.workers(1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not runner.pids)
            await refused(runner.call("echo"))
            assert runner.metric("queue_length") == 0

    run(work())


def test_a_worker_that_is_stuck_is_killed(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with running(index, request_seconds=0.1) as runner:
            [pid] = await runner.workers(1)
            stuck = runner.calling("hang")
            await until(lambda: pid not in runner.pids)
            assert "worker stuck, ended" in caplog.messages
            stuck.cancel()

    run(work())


def test_a_worker_whose_callers_have_all_given_up_is_still_found_stuck(index: Path) -> None:
    async def work() -> None:
        async with running(index, request_seconds=0.1, worker_slots=2) as runner:
            [pid] = await runner.workers(1)
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await runner.call("hang")
            await until(lambda: pid not in runner.pids)

    run(work())


def test_a_reply_that_cannot_be_read_ends_the_worker_and_its_calls_go_to_another(index: Path) -> None:
    async def work() -> None:
        async with running(index) as runner:
            [pid] = runner.pids
            waiting = runner.calling("wait", until=str(index / "go"))
            await runner.in_flight(1)
            spoiling = runner.calling("garbage once", mark=str(index / "spoiled"))
            await until(lambda: pid not in runner.pids)
            (index / "go").touch()
            assert (await waiting).facts["pid"] != pid and (await spoiling).facts["pid"] != pid

    run(work())


def test_the_socket_of_a_worker_that_ended_is_closed(index: Path) -> None:
    def sockets() -> int:
        return len(psutil.Process().net_connections("unix"))

    async def work() -> None:
        async with running(index) as runner:
            before, [pid] = sockets(), runner.pids
            os.kill(pid, signal.SIGKILL)
            await until(lambda: bool(runner.pids) and pid not in runner.pids)
            assert sockets() == before

    run(work())


# Generations.


def test_a_new_live_generation_is_served_by_all_workers(index: Path) -> None:
    async def work() -> None:
        async with running(index, workers=3) as runner:
            set_live(index, "new")
            await until(lambda: set(runner.generations) == {"new"})
            assert runner.pool.generation == "new"
            assert (await runner.call("echo")).facts["generation"] == "new"
            assert runner.metric("index_generation", generation="new") == 1
            assert runner.metric("index_generation", generation="old") == 0
            assert runner.metric("generations_total", result="served") == 2

    run(work())


def test_a_worker_that_is_replaced_opens_what_the_others_serve(index: Path) -> None:
    (index / "generations" / "new" / "refuse").write_text("damaged")

    async def work() -> None:
        async with running(index, workers=2) as runner:
            set_live(index, "new")
            await until(lambda: runner.metric("generations_total", result="refused") == 1)
            first, _ = await runner.workers(2)
            os.kill(first, signal.SIGKILL)
            await until(lambda: first not in runner.pids and len(runner.pids) == 2)
            assert runner.generations == ["old", "old"]

    run(work())


def test_answering_goes_on_while_a_generation_is_opened(index: Path) -> None:
    (index / "generations" / "new" / "hang").touch()

    async def work() -> None:
        async with running(index) as runner:
            set_live(index, "new")
            await until(lambda: lines(index / "offered") == ["new"])
            assert (await runner.call("echo")).facts["generation"] == "old"

    run(work())


def test_stuck_workers_are_found_while_another_opens_a_generation(index: Path) -> None:
    (index / "generations" / "new" / "hang").touch()

    async def work() -> None:
        async with running(index, workers=2, request_seconds=0.1) as runner:
            set_live(index, "new")
            await until(lambda: lines(index / "offered") == ["new"])
            pids = set(await runner.workers(2))
            calls = [runner.calling("hang") for _ in range(2)]
            await until(lambda: not pids <= set(runner.pids))
            for call in calls:
                call.cancel()

    run(work())


def test_a_worker_that_never_ends_opening_is_ended(index: Path) -> None:
    (index / "generations" / "new" / "hang").touch()

    async def work() -> None:
        async with running(index, stuck_opening=0.05) as runner:
            set_live(index, "new")
            await until(lambda: runner.metric("generations_total", result="refused") == 1)
            assert runner.pool.generation == "old"

    run(work())


def test_if_the_served_generation_was_removed_a_new_worker_serves_the_live_one(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = WorkerClient.start

    async def with_the_live_one(config: dict[str, Any], program: Any) -> WorkerClient:
        # As a worker does that finds the wanted one gone.
        return await start(config | {"generation": None}, program)

    async def work() -> None:
        async with running(index, poll_seconds=0.2) as runner:
            [pid] = await runner.workers(1)
            monkeypatch.setattr(WorkerClient, "start", with_the_live_one)
            shutil.rmtree(index / "generations" / "old")
            set_live(index, "new")
            os.kill(pid, signal.SIGKILL)
            await until(lambda: runner.pool.generation == "new" and len(runner.pids) == 1)
            # The next looks at the index find nothing to do.
            await asyncio.sleep(0.5)
            assert runner.metric("workers_lost_total") == 1

    run(work())


def test_an_error_of_the_file_system_does_not_end_the_following(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with running(index) as runner:
            follow, failures = GenerationFollower.follow, [OSError(116, "Stale file handle")]

            async def failing_once(follower: GenerationFollower) -> None:
                if failures:
                    raise failures.pop()
                await follow(follower)

            monkeypatch.setattr(GenerationFollower, "follow", failing_once)
            await until(lambda: not failures)
            set_live(index, "new")
            await until(lambda: runner.pool.generation == "new")

    run(work())
