"""The command line: what `ask` and `search` print. The example corpus or small texts, a fake model."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from asking import asked
from typer.testing import CliRunner, Result

from service.cli.commands import app
from service.engine import Engine

TEXTS = {
    "a.md": "---\ntitle: Dialoge\nplace: Hà Giang\ndate: 2025-03-17\n---\n"
    "Die Provinz führte 1.088 Dialoge, davon 5 oben, 128 in den Kreisen und 960 in den Gemeinden.",
    "b.md": "---\ntitle: Netz\n---\nBei der Resolution 57 ist das Internet noch begrenzt.",
}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with asked(TEXTS) as engine:
        monkeypatch.setattr(Engine, "open", lambda *_: engine)
        yield engine


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--index", "anywhere"])


def test_ask_prints_the_answer_its_sources_and_its_notes_once(engine: Engine) -> None:
    lines = run("ask", "Wie viele Dialoge führte die Provinz?").stdout.splitlines()
    text = TEXTS["a.md"].split("---\n")[2]
    assert lines[0] == "1 Aussage in 1 Bericht:"
    assert lines[1] == f"{text} [1]"
    assert [line.startswith("Die Teile ergeben nicht die Summe") for line in lines].count(True) == 1
    assert lines[3] == f"[1] Dialoge · Hà Giang, 2025-03-17 · a.md:0-{len(text)}"
    assert lines[4].startswith("confidence ")
    assert len(lines) == 5


def test_ask_prints_why_there_is_no_answer(engine: Engine) -> None:
    lines = run("ask", "Mängel der Resolution 157?").stdout.splitlines()
    assert lines == [
        "Resolution Nr. 157: kommt in den Dokumenten nicht vor. Bekannt sind: Resolution Nr. 57.",
        "confidence 0.00",
    ]


def test_ask_prints_json_with_notes_beside_the_answer(engine: Engine) -> None:
    reply = json.loads(run("ask", "Wie viele Dialoge führte die Provinz?", "--json").stdout)
    assert reply["status"] == "answered"
    (note,) = reply["notes"]
    assert reply["answer"].endswith(f"\n{note}")
    assert [statement["text"] for statement in reply["statements"]] == [
        citation["quote"] for citation in reply["citations"]
    ]


def test_ask_takes_the_language_and_the_number_of_citations(engine: Engine) -> None:
    result = run("ask", "Resolution 57: Internet?", "--language", "en", "--max-citations", "1")
    assert result.stdout.splitlines()[0] == "1 statement on Resolution No. 57 in 1 report:"


def test_search_prints_passages_best_first(engine: Engine) -> None:
    lines = run("search", "Dialoge der Provinz", "--top-k", "1").stdout.splitlines()
    assert lines[0].startswith("1  ") and lines[0].endswith("Dialoge · Hà Giang · 2025-03-17")


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_of_nothing_is_an_error_of_one_line(command: str) -> None:
    result = run(command, "  ")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_an_index_that_is_not_there_is_an_error_of_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ask", "Dialoge?", "--index", str(tmp_path / "none")])
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_a_document_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with asked(TEXTS) as engine:
        answer = engine.ask("Wie viele Dialoge führte die Provinz?")
        documents = [
            dataclasses.replace(citation.document, url="https://a.vn/\x1b[2J\u202e")
            for citation in answer.citations
        ]
        citations = map(lambda c, d: dataclasses.replace(c, document=d), answer.citations, documents)
        reply = dataclasses.replace(answer, citations=tuple(citations))
        answering = SimpleNamespace(ask=lambda *_: reply, generation=engine.generation)
        monkeypatch.setattr(Engine, "open", lambda *_: answering)
        output = run("ask", "Wie viele Dialoge führte die Provinz?").stdout
    assert "https://a.vn/\\x1b[2J\\u202e" in output
    assert "\x1b" not in output and "\u202e" not in output
