"""Log lines, as they come out of stderr."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from asgi_correlation_id.context import correlation_id

from service.observability import logs

UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Stderr:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    @property
    def text(self) -> str:
        """The text written since the last read."""
        return self._capsys.readouterr().err

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Stderr]:
    """The text written to stderr; the loggers are restored afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield Stderr(capsys)
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)
    for name in UVICORN:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def log() -> logging.Logger:
    return logging.getLogger("service.access")


def failing(message: str) -> None:
    try:
        raise ValueError(message)
    except ValueError:
        log().exception("it failed")


# JSON.


def test_a_json_line_holds_time_level_logger_message_and_the_extra_fields(stderr: Stderr) -> None:
    logs.configure("json")
    log().info("%s done", "request", extra={"status": 200, "path": "/v1/ask"})

    [line] = stderr.lines
    time = datetime.fromisoformat(str(line.pop("time")))
    assert abs((datetime.now(UTC) - time).total_seconds()) < 60
    assert line == {
        "level": "info",
        "logger": "service.access",
        "message": "request done",
        "status": 200,
        "path": "/v1/ask",
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1970-01-01T00:00:00.000Z"), (1_742_198_700.1209, "2025-03-17T08:05:00.120Z")],
)
def test_times_are_utc_with_milliseconds_also_on_the_full_second(seconds: float, text: str) -> None:
    assert logs.utc(seconds) == text


def test_a_record_of_a_request_carries_its_id(stderr: Stderr) -> None:
    logs.configure("json")
    token = correlation_id.set("r-1")
    log().info("inside")
    correlation_id.reset(token)
    log().info("outside")

    assert [line.get("request_id", "none") for line in stderr.lines] == ["r-1", "none"]


def test_no_extra_field_takes_the_place_of_one_that_every_line_has(stderr: Stderr) -> None:
    logs.configure("json")
    log().info("x", extra={"level": 7, "logger": "other", "time": 0.5})

    [line] = stderr.lines
    assert (line["level"], line["logger"]) == ("info", "service.access")
    assert str(line["time"]).endswith("Z")


def test_json_renders_an_exception_in_a_field_of_the_same_line(stderr: Stderr) -> None:
    logs.configure("json")
    failing("no such\nthing")

    [line] = stderr.lines
    assert str(line["exception"]).startswith("Traceback (most recent call last):\n")
    assert str(line["exception"]).endswith("ValueError: no such\nthing")


@pytest.mark.parametrize("separator", ["\n", "\r", "\x85", "\u2028", "\x0b", "\x00"])
def test_json_keeps_any_value_on_one_line_and_gives_it_back(stderr: Stderr, separator: str) -> None:
    logs.configure("json")
    log().info(f"a{separator}b", extra={"path": f"c{separator}d"})

    [line] = stderr.lines
    assert (line["message"], line["path"]) == (f"a{separator}b", f"c{separator}d")


def test_values_that_json_does_not_know_are_written_as_text(stderr: Stderr) -> None:
    logs.configure("json")
    log().info("x", extra={"file": io.SEEK_SET.__class__, "half": "\ud800", "at": datetime(2025, 3, 17)})

    [line] = stderr.lines
    assert (line["half"], line["at"]) == ("\ud800", "2025-03-17T00:00:00")


# Text.


def test_a_text_line_has_its_fields_last(stderr: Stderr) -> None:
    logs.configure("text")
    log().warning("request", extra={"status": 200, "path": "/v1/ask"})

    time, rest = stderr.text.split(" ", 1)
    assert datetime.fromisoformat(time).tzinfo == UTC
    assert rest == "warning service.access request status=200 path=/v1/ask\n"


def test_text_carries_the_id_of_the_request(stderr: Stderr) -> None:
    logs.configure("text")
    token = correlation_id.set("r-1")
    log().info("inside")
    correlation_id.reset(token)

    assert stderr.text.endswith("info    service.access inside request_id=r-1\n")


FORGED = "2025-03-17T08:05:00.120Z info service.access request"


@pytest.mark.parametrize(
    "separator", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
)
def test_text_lets_no_message_field_or_exception_begin_a_line(stderr: Stderr, separator: str) -> None:
    logs.configure("text")
    forged = f"x{separator}{FORGED}"
    log().info("%s", forged)
    log().info("request", extra={"path": forged})
    log().info("request", extra={forged: 1})
    failing(forged)

    lines = stderr.text.splitlines()
    assert sum(FORGED in line for line in lines) == 4
    assert not [line for line in lines if line.startswith(FORGED)]


def test_text_shows_a_traceback_in_marked_lines(stderr: Stderr) -> None:
    logs.configure("text")
    failing("no such thing")

    first, *further = stderr.text.splitlines()
    assert first.endswith("error   service.access it failed")
    assert further[0] == "  | Traceback (most recent call last):"
    assert further[-1] == "  | ValueError: no such thing"
    assert all(line.startswith("  | ") for line in further)


def test_text_shows_where_it_was_logged_if_asked(stderr: Stderr) -> None:
    logs.configure("text")
    log().info("here", stack_info=True)

    assert stderr.text.splitlines()[1] == "  | Stack (most recent call last):"


def test_text_sends_no_codes_to_a_terminal_and_does_not_turn_its_direction(stderr: Stderr) -> None:
    logs.configure("text")
    log().info("a\x1b[2Jb\x9bc\u202ed", extra={"agent": "e\x1b]0;f\x07"})

    assert stderr.text.endswith(r'a\u001b[2Jb\u009bc\u202ed agent="e\u001b]0;f\u0007"' + "\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("/v1/ask", "/v1/ask"),
        ("Hà Giang", '"Hà Giang"'),
        ("", '""'),
        ("/x status=200", '"/x status=200"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        (None, "None"),
        (1.5, "1.5"),
    ],
)
def test_a_field_that_could_be_taken_for_several_is_quoted(stderr: Stderr, value: object, text: str) -> None:
    logs.configure("text")
    log().info("request", extra={"value": value})

    assert stderr.text.endswith(f" request value={text}\n")


def test_german_and_vietnamese_stay_readable() -> None:
    assert logs.printable("Mängel – Nghị quyết số 57") == "Mängel – Nghị quyết số 57"


def test_escaped_json_is_the_same_json() -> None:
    text = json.dumps({"q": "a\u2028b\x9b\u202e\U000e0001\n"}, ensure_ascii=False)

    assert logs.printable(text).isprintable()
    assert json.loads(logs.printable(text)) == json.loads(text)


# What is set up.


def test_auto_is_text_on_a_terminal_and_json_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    firsts = []
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure("auto")
        log().info("x")
        firsts.append(stream.getvalue()[0])

    assert firsts == ["2", "{"]


def test_records_below_the_level_are_left_out(stderr: Stderr) -> None:
    logs.configure("json", "warning")
    log().info("left out")
    log().warning("said")

    assert [line["message"] for line in stderr.lines] == ["said"]


def test_set_up_twice_each_line_comes_once(stderr: Stderr) -> None:
    logs.configure("json")
    logs.configure("json")
    log().info("once")

    assert len(stderr.lines) == 1


def test_handlers_that_others_had_set_up_are_replaced(stderr: Stderr) -> None:
    logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
    logs.configure("json")
    log().info("once")

    assert len(stderr.lines) == 1


def test_uvicorn_speaks_through_the_same_handler_once_and_without_colours(stderr: Stderr) -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(sys.stderr))
    logging.getLogger("uvicorn").propagate = False
    logs.configure("json")
    logging.getLogger("uvicorn.error").info("Started [%d]", 7, extra={"color_message": "\x1b[36mStarted"})

    [line] = stderr.lines
    del line["time"]
    assert line == {"level": "info", "logger": "uvicorn.error", "message": "Started [7]"}


def test_uvicorns_own_access_lines_are_not_even_made(stderr: Stderr) -> None:
    access = logging.getLogger("uvicorn.access")
    access.addHandler(logging.StreamHandler(sys.stderr))
    logs.configure("json")
    access.info("GET /v1/ask")

    assert not access.hasHandlers()  # what uvicorn looks at before it makes a line
    assert stderr.text == ""


def test_warnings_become_log_lines(stderr: Stderr) -> None:
    logs.configure("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old habit", DeprecationWarning, stacklevel=1)

    [line] = stderr.lines
    assert line["logger"] == "py.warnings" and "old habit" in str(line["message"])


# Floods.


def test_floods_of_warnings_are_thinned_out_and_counted(stderr: Stderr) -> None:
    logs.configure("json", "info")
    for number in range(logs.BURST + 500):
        log().warning("refused %d", number)
    assert [line["message"] for line in stderr.lines] == [f"refused {number}" for number in range(logs.BURST)]


def test_the_line_after_a_flood_has_the_number_of_those_left_out() -> None:
    times = iter([0.0, 1.0, 2.0, 3.0, 10.0, 11.0])
    thinned = logs.BurstFilter(most=2, seconds=10, now=lambda: next(times))
    lines = [logging.LogRecord("any", logging.WARNING, "a.py", 7, "refused", None, None) for _ in range(6)]
    assert [thinned.filter(line) for line in lines] == [True, True, False, False, True, True]
    assert [vars(line).get("left_out") for line in lines] == [None, None, None, None, 2, None]


def test_lines_from_other_places_and_below_warnings_are_not_held_back() -> None:
    thinned = logs.BurstFilter(most=1, now=lambda: 0.0)
    lines = [
        logging.LogRecord("any", level, "a.py", number, "text", None, None)
        for level, number in [(logging.ERROR, 1), (logging.ERROR, 2), *[(logging.INFO, 3)] * 50]
    ]
    assert all(thinned.filter(line) for line in lines)
