import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from paths import ROOT
from typer.testing import CliRunner, Result

from indexer.cli.commands import app
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import ModelError
from indexer.index.live_generation import generation_names, live_name
from indexer.sources import watcher


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(model: str | None = None) -> FakeEmbedder:
        if model == "missing/model":
            raise ModelError("cannot load the model 'missing/model'")
        return FakeEmbedder(model or "fake")

    monkeypatch.setattr(SentenceTransformerEmbedder, "load", load)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_text("Die Resolution Nr. 57 gilt. Sie gilt sehr.")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_build_makes_an_index_and_prints_a_summary(source: Path, tmp_path: Path) -> None:
    result = run("build", source, "--index", tmp_path / "index")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "1 documents, 1 passages, 2 sentences; 3 texts embedded, the others cached; "
        f"generation {live_name(tmp_path / 'index')} is live\n"
    )


def test_build_takes_several_sources_and_options(source: Path, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Noch ein Text.")
    for _ in range(3):
        result = run(
            "build", source, tmp_path / "b.txt", "--index", tmp_path / "i", "--model", "m", "--keep", 2
        )
    assert result.stdout.startswith("2 documents,")
    assert len(generation_names(tmp_path / "i")) == 2


def test_the_summary_lists_what_was_left_out(source: Path, tmp_path: Path) -> None:
    (source / "b.odt").write_bytes(b"%PDF")
    (source / "c.jsonl").write_text("{}\n")
    result = run("build", source, "--index", tmp_path / "index")
    assert result.exit_code == 0
    shown = result.stderr.splitlines()[-3:]
    assert shown[0].endswith(
        "b.odt: unknown file type (supported: .txt .md .html .docx .pdf .jsonl .zip .tar)"
    )
    assert shown[1:] == [f'left out: {source}/c.jsonl:1: field "_id" is missing', "2 left out in total"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["build", "gone", "--index", "index"],
            "error: no file or folder at gone (No such file or directory)",
        ),
        (["build", "empty", "--index", "index"], "error: nothing to index in empty: no files"),
        (
            ["build", "source", "--index", "index", "--model", "missing/model"],
            "error: cannot load the model 'missing/model'",
        ),
        (["build", "source", "bad", "--strict", "--index", "index"], "error: bad/a.txt: empty"),
        (["build", "source", "--index", "source/a.txt"], "error: cannot write the index source/a.txt: "),
        (["status", "--index", "empty"], "error: no index at empty: build one with "),
        (["status", "--json", "--index", "empty"], "error: no index at empty: build one with "),
        (["verify", "--index", "empty"], "error: no index at empty: build one with "),
    ],
)
def test_a_failure_is_one_line_on_stderr_and_exit_code_1(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "bad"):
        (tmp_path / name).mkdir()
    (tmp_path / "bad" / "a.txt").write_bytes(b"")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith(message)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["build"],
        ["build", "a"],
        ["build", "--index", "i"],
        ["build", "a", "--index", "i", "--passage-size", "1"],
        ["build", "a", "--index", "i", "--keep", "0"],
        ["status"],
        ["verify"],
        ["unknown"],
        ["status", "--index", "i", "--unknown"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_status_shows_the_generations(built_index: Path) -> None:
    result = run("status", "--index", built_index)
    assert result.exit_code == 0
    heading, row = result.stdout.splitlines()
    assert heading.split()[:3] == ["generation", "live", "documents"]
    name, live, documents, *_, model, digest = row.split()
    assert (name, live, documents) == (live_name(built_index), "*", "5")
    assert (model, digest) == ("fake", FakeEmbedder().digest[:12])


def test_status_as_json_is_one_document(built_index: Path, source: Path) -> None:
    (source / "Größe.odt").write_bytes(b"")
    run("build", source, "--index", built_index)
    result = run("status", "--index", built_index, "--json")
    assert result.stderr == ""
    status = json.loads(result.stdout)
    live, first = status["generations"]
    assert status["live"] == live["name"] == live_name(built_index)
    assert [live["live"], first["live"]] == [True, False]
    assert [live["counts"]["documents"], first["counts"]["documents"]] == [1, 5]
    assert live["model"] == {"name": "fake", "digest": FakeEmbedder().digest, "dimension": 64}
    assert live["left_out"] == [
        f"{source}/Größe.odt: unknown file type (supported: .txt .md .html .docx .pdf .jsonl .zip .tar)"
    ]
    assert live["sources"] == [str(source)]
    assert live["bytes"] > 10_000


def test_status_names_a_damaged_generation(built_index: Path, source: Path) -> None:
    old = live_name(built_index)
    run("build", source, "--index", built_index)
    (built_index / "generations" / old / "manifest.json").unlink()
    result = run("status", "--index", built_index, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["generations"][1] == {
        "name": old,
        "live": False,
        "damage": f"{old}/manifest.json: No such file or directory",
    }
    assert run("status", "--index", built_index).exit_code == 0


def test_verify_says_that_an_index_is_intact(built_index: Path) -> None:
    result = run("verify", "--index", built_index)
    assert (result.exit_code, result.stdout) == (0, f"{live_name(built_index)}: intact\n")


def test_verify_names_every_damaged_file(built_index: Path) -> None:
    name = live_name(built_index)
    (built_index / "generations" / name / "passages.faiss").unlink()
    (built_index / "generations" / name / "sentences.faiss").unlink()
    result = run("verify", "--index", built_index)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"damaged: {name}/passages.faiss: No such file or directory",
        f"damaged: {name}/sentences.faiss: No such file or directory",
    ]


def test_verify_checks_a_generation_by_name(built_index: Path, source: Path) -> None:
    old = live_name(built_index)
    run("build", source, "--index", built_index)
    assert run("verify", "--index", built_index, "--generation", old).stdout == f"{old}: intact\n"
    result = run("verify", "--index", built_index, "--generation", "gone")
    assert (result.exit_code, result.stderr) == (
        1,
        "damaged: gone/manifest.json: No such file or directory\n",
    )


def test_an_interruption_leaves_the_index_and_exits_with_130(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "indexer.embedding.sentence_transformer.SentenceTransformerEmbedder.load",
        lambda _: FakeEmbedder(fail_after=0, error=KeyboardInterrupt()),
    )
    result = run("build", source, "--index", tmp_path / "index")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "interrupted; the index is unchanged"


def module(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "indexer", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        # A terminal of another encoding must not break the output.
        env=os.environ | {"PYTHONIOENCODING": "ascii:backslashreplace", "PYTHONPATH": str(ROOT)},
    )


def test_the_module_runs_as_a_program(built_index: Path, tmp_path: Path) -> None:
    status = module("status", "--index", built_index, "--json")
    assert (status.returncode, status.stderr) == (0, "")
    assert json.loads(status.stdout)["live"] == live_name(built_index)
    gone = module("verify", "--index", tmp_path / "gone")
    assert (gone.returncode, gone.stdout, gone.stderr.count("\n")) == (1, "", 1)


def test_watch_rebuilds_on_changes_and_reports_a_failed_build(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changes(_sources: object, index: Path) -> Iterator[int]:
        (source / "a.txt").unlink()
        yield 1
        assert len(generation_names(index)) == 1
        (source / "a.txt").write_text("Ein anderer Satz.")
        yield 2

    monkeypatch.setattr(watcher, "changes", changes)
    result = run("build", source, "--index", tmp_path / "index", "--watch")
    assert result.exit_code == 0, result.output
    assert "1 files changed\n" in result.stderr and "2 files changed\n" in result.stderr
    assert "the index is unchanged" in result.stderr
    assert len(generation_names(tmp_path / "index")) == 2


def test_watch_survives_hostile_files_and_unexpected_errors(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changes(_sources: object, index: Path) -> Iterator[int]:
        (source / "b.md").write_text("---\ndate: !!timestamp gestern\n---\nText.")
        (source / "c.md").write_text(f"---\nx: {'[' * 100_000}\n---\nText.")
        yield 1
        assert len(generation_names(index)) == 2
        with monkeypatch.context() as patch:
            patch.setattr("indexer.cli.commands.build_index", lambda *_, **__: 1 // 0)
            yield 2
        (source / "b.md").unlink()
        yield 3

    monkeypatch.setattr(watcher, "changes", changes)
    result = run("build", source, "--index", tmp_path / "index", "--watch")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("left out: ") == 3
    assert (
        "error: ZeroDivisionError: integer division or modulo by zero; the index is unchanged"
        in result.stderr
    )
    assert len(generation_names(tmp_path / "index")) == 3


def test_a_broken_current_is_repaired_by_naming_a_generation(built_index: Path) -> None:
    live = live_name(built_index)
    (built_index / "CURRENT").write_text("")
    refused = run("status", "--index", built_index)
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"error: {built_index / 'CURRENT'}: is empty; `python -m indexer rollback --index {built_index} "
        f"--to {live}` makes the newest one live\n",
    )
    assert run("rollback", "--index", built_index).exit_code == 1
    assert (
        run("rollback", "--index", built_index, "--to", live).stdout == f"{live} is live in place of none\n"
    )
    assert live_name(built_index) == live


def test_an_error_cannot_steer_the_terminal(tmp_path: Path) -> None:
    result = run("verify", "--index", tmp_path / "a\x1b[2J\u202eb")
    assert "a\\x1b[2J\\u202eb" in result.stderr
