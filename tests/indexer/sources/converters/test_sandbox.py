"""The converter process and its limits."""

import contextlib
import gzip
import signal
import threading
import time
from pathlib import Path

import file_samples
import psutil
import pytest

pytest.importorskip("docx", reason="the extras are not installed")

from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter, ReadingLimits

PARAGRAPHS = ["Die Arbeitsgruppe besuchte zwölf Gemeinden."]


@pytest.fixture
def docx(tmp_path: Path) -> Path:
    file_samples.as_docx(tmp_path / "a.docx", "Bericht", PARAGRAPHS)
    return tmp_path / "a.docx"


def converter_process() -> psutil.Process:
    """The one converter process of this process."""
    [process] = [
        child for child in psutil.Process().children() if "indexer.sources.converters" in child.cmdline()
    ]
    return process


def test_after_a_file_that_takes_too_long_the_next_is_converted(docx: Path) -> None:
    with Converter(ReadingLimits(seconds=0.0)) as converter:
        with pytest.raises(ConversionError, match="takes over 0 seconds to read"):
            converter.convert("docx", docx)
        converter.limits = ReadingLimits()
        assert converter.convert("docx", docx).text.startswith("# Bericht")


def test_after_a_process_that_ended_the_next_file_is_converted(docx: Path) -> None:
    with Converter() as converter:
        converter.convert("docx", docx)
        process = converter_process()
        process.kill()
        process.wait()
        with pytest.raises(ConversionError, match="takes too much time or memory"):
            converter.convert("docx", docx)
        assert converter.convert("docx", docx).text


def test_the_process_ends_with_its_context(docx: Path) -> None:
    with Converter() as converter:
        converter.convert("docx", docx)
        process = converter_process()
    deadline = time.monotonic() + 10
    while process.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.is_running()


def test_a_file_that_takes_too_much_processor_time_is_left_out(tmp_path: Path, docx: Path) -> None:
    blank_lines = tmp_path / "a.jsonl.gz"
    blank_lines.write_bytes(gzip.compress(b"\n" * 200_000_000, 1))
    with Converter(ReadingLimits(processor_seconds=1)) as converter:
        with pytest.raises(ConversionError, match="takes over 1 seconds of processor time to read"):
            list(converter.rows(blank_lines))
        converter.limits = ReadingLimits()
        assert converter.convert("docx", docx).text


def test_a_file_that_waits_for_a_busy_machine_is_read(docx: Path) -> None:
    with Converter(ReadingLimits(processor_seconds=1)) as converter:
        converter.convert("docx", docx)
        process = converter_process()
        process.suspend()
        resume = threading.Timer(2.0, process.resume)
        resume.start()
        assert converter.convert("docx", docx).text
        resume.join()


def test_a_file_that_crashes_the_process_is_named_so(docx: Path) -> None:
    with Converter() as converter:
        converter.convert("docx", docx)
        converter_process().send_signal(signal.SIGSEGV)
        with pytest.raises(ConversionError, match=r"crashes its reader \(SIGSEGV\)"):
            converter.convert("docx", docx)


def test_files_sent_ahead_are_read_after_one_of_them_ended_the_process(tmp_path: Path) -> None:
    texts = [tmp_path / f"{number}.txt" for number in range(3)]
    for text in texts:
        text.write_text(text.name)
    with Converter() as converter:
        converter.prefetch([("plain_text", text) for text in texts])
        assert converter.convert("plain_text", texts[0]).text == "0.txt"
        process = converter_process()
        process.kill()
        process.wait()
        # What the process had written before it ended may still be read.
        outcomes = []
        for text in texts[1:]:
            with contextlib.suppress(ConversionError):
                outcomes.append(converter.convert("plain_text", text).text)
        assert outcomes[-1] == "2.txt"


def test_another_file_than_the_one_sent_ahead_gets_its_own_text(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(name)
    with Converter() as converter:
        converter.prefetch([("plain_text", tmp_path / "a.txt"), ("plain_text", tmp_path / "b.txt")])
        assert converter.convert("plain_text", tmp_path / "c.txt").text == "c.txt"
        assert converter.convert("plain_text", tmp_path / "b.txt").text == "b.txt"


def test_the_rows_that_are_not_read_do_not_disturb_the_next_file(tmp_path: Path) -> None:
    rows = tmp_path / "a.jsonl"
    rows.write_text('{"_id": "a", "text": "A."}\n' * 3)
    (tmp_path / "b.txt").write_text("B.")
    with Converter() as converter:
        stream = converter.rows(rows)
        assert next(stream)
        stream.close()
        assert converter.convert("plain_text", tmp_path / "b.txt").text == "B."
