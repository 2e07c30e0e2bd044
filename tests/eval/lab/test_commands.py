"""Commands of the lab: registered, and clear about missing libraries."""

from pathlib import Path

import pytest
import typer
from eval_command import run_eval
from typer.testing import CliRunner

from eval.lab.commands import add_command


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command("other")(lambda: None)
    return app


def test_all_commands_are_there() -> None:
    listed = run_eval("--help").stdout

    names = ("run", "report", "compare", "calibrate", "fit", "metric", "aspects")
    lab = (
        "ablate",
        "attacks",
        "build-rate",
        "chunking",
        "crash",
        "faces",
        "fuzz",
        "latency",
        "load",
        "probe",
        "reader",
        "replies",
    )
    for name in (*names, *lab, "replies", "scale", "segmentation", "startup"):
        assert f" {name} " in listed
    assert all(f" {name} " in run_eval("reader", "--help").stdout for name in ("train", "measure", "effort"))


def test_a_command_without_its_library_names_the_extra(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacking.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    add_command(app, "lacking", "lacking")
    result = CliRunner().invoke(app, ["lacking", "argument", "--option", "1"])

    assert result.exit_code == 1
    assert result.stderr == "error: eval lacking needs no_such_library: pip install '.[lab]'\n"


def test_a_missing_module_of_the_project_is_an_error(app: typer.Typer) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"eval\.lab\.no_such_module"):
        add_command(app, "broken", "eval.lab.no_such_module")
