"""The converter process and its limits."""

import time
from pathlib import Path

import file_samples
import psutil
import pytest

pytest.importorskip("docx", reason="the extras are not installed")

from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter

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
    with Converter(timeout=0.0) as converter:
        with pytest.raises(ConversionError, match="takes over 0 seconds to read"):
            converter.convert("docx", docx)
        converter.timeout = 60.0
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
