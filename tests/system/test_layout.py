"""The layout check of ``make check``, on small repositories with one fault each."""

import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

DOCUMENTED = '"""A module."""\n'


def violations(repository: Path, files: dict[str, str]) -> list[str]:
    """The lines that the check prints for a repository of these files."""
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    command = [sys.executable, str(ROOT / ".ci" / "check_layout.py"), str(repository)]
    result = subprocess.run(command, capture_output=True, text=True)
    lines = result.stdout.splitlines()
    assert result.returncode == bool(lines)
    return lines


def test_a_repository_without_faults_has_no_violations(tmp_path: Path) -> None:
    assert violations(tmp_path, {"indexer/a.py": DOCUMENTED, "README.md": ""}) == []


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"notes.txt": ""}, "notes.txt: not allowed at the top level"),
        (
            {"service/long.py": DOCUMENTED + "x = 1\n" * 250},
            "service/long.py: 251 lines, at most 250 are allowed",
        ),
        ({"eval/a.py": ""}, "eval/a.py:1: the module has no docstring"),
        (
            {"eval/a.py": '"""What it does."""\n'},
            "eval/a.py:1: the docstring of the module begins with 'What'",
        ),
        ({"eval/a.py": DOCUMENTED + "def f(): ...\n"}, "eval/a.py:2: f has no docstring"),
        (
            {
                "eval/a.py": DOCUMENTED
                + 'class C:\n    """A class."""\n    def f(self):\n        """How."""\n'
            },
            "eval/a.py:4: the docstring of C.f begins with 'How.'",
        ),
        (
            {f"indexer/text/m{number}.py": DOCUMENTED for number in range(11)},
            "indexer/text: 11 modules, at most 10 are allowed",
        ),
    ],
)
def test_a_fault_is_named(tmp_path: Path, files: dict[str, str], line: str) -> None:
    assert violations(tmp_path, files) == [line]


def test_private_names_and_command_functions_need_no_docstring(tmp_path: Path) -> None:
    text = DOCUMENTED + "def _f(): ...\ndef main(): ...\n"

    assert violations(tmp_path, {"eval/a.py": text}) == []
