"""The log of questions, in real files."""

import json
import logging
import os
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from indexer.errors import FundstelleError
from service.observability.audit_log import MAX_WAITING, AuditError, AuditLog, Mode, question_hash

QUESTION = "Welche Mängel gab es bei der Resolution 57?"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


Opened = Callable[..., AuditLog]


@pytest.fixture
def opened(path: Path) -> Iterator[Opened]:
    """Opens logs, and closes them after the test."""
    logs = []

    def open_(
        mode: Mode = "full",
        path: Path = path,
        megabytes: float = 1,
        files: int = 3,
        max_waiting: int = MAX_WAITING,
    ) -> AuditLog:
        logs.append(AuditLog.open(mode, path, megabytes, files, max_waiting))
        return logs[-1]

    yield open_
    for log in logs:
        log.close()


def write(log: AuditLog, *questions: str) -> None:
    for question in questions:
        log.write(
            call="ask",
            question=question,
            language="de",
            status="answered",
            key_id="anna1234",
            generation="20250317-1",
            request_id="r-1",
        )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


# What is written.


def test_off_writes_nothing_and_makes_no_file(opened: Opened, tmp_path: Path) -> None:
    log = opened("off", tmp_path / "no such folder" / "audit.jsonl")
    write(log, QUESTION)
    log.close()

    assert list(tmp_path.iterdir()) == []


def test_mode_full_writes_time_question_and_outcome(opened: Opened, path: Path) -> None:
    log = opened("full")
    write(log, QUESTION)
    log.close()

    [line] = lines(path)
    assert datetime.fromisoformat(str(line.pop("time"))).year >= 2025
    assert line == {
        "call": "ask",
        "question": QUESTION,
        "language": "de",
        "status": "answered",
        "key_id": "anna1234",
        "generation": "20250317-1",
        "request_id": "r-1",
    }


def test_hash_writes_no_word_of_the_question(opened: Opened, path: Path) -> None:
    log = opened("hash")
    write(log, QUESTION)
    log.close()

    [line] = lines(path)
    key = path.with_name("audit.jsonl.key").read_bytes()
    assert line["hash"] == question_hash(key, QUESTION)
    assert "question" not in line and "Mängel" not in path.read_text("utf-8")


def test_german_and_vietnamese_can_be_read_in_the_file(opened: Opened, path: Path) -> None:
    log = opened()
    write(log, "Mängel?", "Nghị quyết số 57?")
    log.close()

    assert "Mängel?" in path.read_text("utf-8") and "Nghị quyết số 57?" in path.read_text("utf-8")


@pytest.mark.parametrize("odd", ["a\nb", "a\rb", "a\u2028b", "a\x85b", "a\x1b[2Jb", "a\u202eb", "a\ud800b"])
def test_no_question_begins_a_line_or_sends_codes_to_a_terminal(opened: Opened, path: Path, odd: str) -> None:
    log = opened()
    write(log, odd)
    log.close()

    assert [line["question"] for line in lines(path)] == [odd]
    assert path.read_text("utf-8").removesuffix("\n").isprintable()


def test_lines_of_former_runs_stay(opened: Opened, path: Path) -> None:
    for question in ("first", "second"):
        log = opened()
        write(log, question)
        log.close()

    assert [line["question"] for line in lines(path)] == ["first", "second"]


def test_half_a_line_left_by_a_crash_does_not_spoil_the_next(opened: Opened, path: Path) -> None:
    path.write_text('{"call": "ask", "quest')
    log = opened()
    write(log, "next")
    log.close()

    rest, line = path.read_text().splitlines()
    assert (rest, json.loads(line)["question"]) == ('{"call": "ask", "quest', "next")


def test_closing_writes_what_waits(opened: Opened, path: Path) -> None:
    log = opened()
    write(log, *map(str, range(2000)))
    log.close()

    assert [line["question"] for line in lines(path)] == [str(number) for number in range(2000)]


def test_after_closing_questions_are_passed_over_and_closing_again_does_nothing(
    opened: Opened, path: Path
) -> None:
    log = opened()
    log.close()
    log.close()
    write(log, "late")

    assert path.read_text() == ""


# Hashes.


@pytest.mark.parametrize(
    "same",
    [
        "welche mängel gab es?",
        "  Welche\n Mängel\tgab  es? ",
        "WELCHE MÄNGEL GAB ES?",
        "Welche Ma\u0308ngel gab es?",
    ],
)
def test_the_same_question_written_otherwise_has_the_same_hash(same: str) -> None:
    assert question_hash(b"key", same) == question_hash(b"key", "Welche Mängel gab es?")


def test_another_question_or_another_key_gives_another_hash() -> None:
    hashes = {question_hash(key, question) for key in (b"k1", b"k2") for question in ("57", "157")}

    assert len(hashes) == 4


def test_the_hash_is_hmac_sha_256() -> None:
    # RFC 4231, test case 2; its text is in small letters already.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert question_hash(b"Jefe", "what do ya want for nothing?") == expected


def test_the_key_is_made_once_and_kept(opened: Opened, path: Path) -> None:
    for _ in range(2):
        log = opened("hash")
        write(log, QUESTION)
        log.close()

    first, second = lines(path)
    assert first["hash"] == second["hash"]
    assert len(path.with_name("audit.jsonl.key").read_bytes()) == 32


def test_two_logs_have_different_keys(opened: Opened, tmp_path: Path) -> None:
    for name in ("a", "b"):
        opened("hash", tmp_path / name)

    assert (tmp_path / "a.key").read_bytes() != (tmp_path / "b.key").read_bytes()


def test_full_makes_no_key(opened: Opened, tmp_path: Path) -> None:
    opened("full")

    assert [found.name for found in tmp_path.iterdir()] == ["audit.jsonl"]


def test_a_damaged_key_is_named_and_not_replaced(opened: Opened, path: Path) -> None:
    key = path.with_name("audit.jsonl.key")
    key.write_bytes(b"short")

    with pytest.raises(AuditError, match=r"audit\.jsonl\.key: 5 bytes, not 32"):
        opened("hash")
    assert key.read_bytes() == b"short"


# Files.


def test_only_the_owner_may_read_log_and_key_also_those_that_were_there(opened: Opened, path: Path) -> None:
    path.touch(0o666)
    path.chmod(0o666)
    opened("hash")

    assert (mode(path), mode(path.with_name("audit.jsonl.key"))) == ("0o600", "0o600")


def test_a_full_file_is_renamed_and_only_so_many_are_kept(opened: Opened, path: Path) -> None:
    log = opened(megabytes=0.001, files=2)
    write(log, *map(str, range(50)))
    log.close()

    assert sorted(found.name for found in path.parent.iterdir()) == [
        "audit.jsonl",
        "audit.jsonl.1",
        "audit.jsonl.2",
    ]
    for found in path.parent.iterdir():
        assert found.stat().st_size <= 1000
        assert mode(found) == "0o600"
    assert lines(path)[-1]["question"] == "49"


def test_a_pipe_is_written_to_as_it_is(opened: Opened, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = opened(path=pipe, megabytes=0.000001)
    write(log, "one", "two")
    log.close()
    written = os.read(reader, 10_000).decode()
    os.close(reader)

    assert [json.loads(line)["question"] for line in written.splitlines()] == ["one", "two"]
    assert mode(pipe) == "0o644"


# What goes wrong.


@pytest.mark.parametrize("place", ["no such folder/audit.jsonl", "a file/audit.jsonl", "a folder"])
def test_a_file_that_cannot_be_written_is_named_when_it_is_opened(
    opened: Opened, tmp_path: Path, place: str
) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "a folder").mkdir()

    with pytest.raises(FundstelleError, match=f"audit log {tmp_path / place}: "):
        opened(path=tmp_path / place)


def test_a_full_disk_is_an_error_when_the_log_is_opened(opened: Opened, path: Path) -> None:
    with no_file_may_grow(), pytest.raises(AuditError, match=f"audit log {path}: File too large"):
        opened()


def test_a_disk_that_fills_up_later_is_reported_once_and_stops_no_request(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened(path=Path("/dev/full"))
    write(log, "one", "two", "three")
    log.close()

    assert [record.getMessage() for record in caplog.records] == [
        "audit log /dev/full cannot be written: [Errno 28] No space left on device",
        "audit log /dev/full: 3 questions are missing",
    ]


def test_when_the_file_is_writable_again_the_log_continues_and_reports_the_missing_lines(
    opened: Opened, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.symlink_to("/dev/full")
    log = opened()
    write(log, "one", "two")
    until(lambda: log.missing == 2)
    path.unlink()
    write(log, "three", "four")
    log.close()

    assert [line["question"] for line in lines(path)] == ["three", "four"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert caplog.messages[1] == f"audit log {path}: 2 questions are missing"


def test_each_outage_is_reported(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    log = opened()
    for _ in range(2):
        with no_file_may_grow():
            write(log, "lost")
            until(lambda: log.missing == 1)
        write(log, "written")
        until(lambda: log.missing == 0)

    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING] * 2


def test_a_disk_that_hangs_neither_stops_requests_nor_fills_the_memory(
    opened: Opened, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = opened(path=pipe, max_waiting=5)
    first = "a" * 200_000  # more than a pipe takes while nobody reads
    write(log, first)
    until(lambda: log.waiting == 0)
    write(log, *"abcdefgh")
    with ThreadPoolExecutor(1) as pool:
        os.set_blocking(reader, True)
        written = pool.submit(read_all, reader)
        log.close()
        questions = [json.loads(line)["question"] for line in written.result().splitlines()]

    assert questions == [first, *"abcde"]
    assert caplog.messages == [
        f"audit log {pipe} cannot be written: 5 lines wait to be written",
        f"audit log {pipe}: 3 questions are missing",
    ]


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """As on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def read_all(descriptor: int) -> str:
    with open(descriptor, "rb") as stream:
        return stream.read().decode()


def until(true: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(1000):
        if true():
            return
        waiting.wait(0.005)
    raise AssertionError("it did not come about")
