"""Public names of the packages, and imports that keep to them."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT

TOP = ("indexer", "service", "eval")
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts) for top in TOP for path in (ROOT / top).rglob("__init__.py")
)
#: The Python API: what a program that embeds Fundstelle imports.
PUBLIC = {
    "indexer": {
        "BuildSummary",
        "Chunking",
        "FundstelleError",
        "Generation",
        "Manifest",
        "SentenceTransformerEmbedder",
        "build_index",
        "open_generation",
        "read_sources",
        "verify",
    },
    "service": {"Answer", "Engine", "Settings", "create_app"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Dotted name and syntax tree of every module."""
    for top in TOP:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text("utf-8"))


def imports() -> Iterator[tuple[str, str, str]]:
    """Importing module, module imported from, and name, of all imports within the three packages."""
    for importer, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in TOP:
                for alias in node.names:
                    yield importer, node.module, alias.name


def is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_of_a_package_is_there(package: str) -> None:
    exported = importlib.import_module(package).__all__
    assert list(exported) == sorted(exported)
    for name in exported:
        if not is_module(f"{package}.{name}"):
            assert getattr(importlib.import_module(package), name) is not None


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_the_python_api_is_as_documented(package: str) -> None:
    assert set(importlib.import_module(package).__all__) == PUBLIC[package]


def test_other_packages_import_only_public_modules() -> None:
    wrong = []
    for importer, module, name in imports():
        target = f"{module}.{name}" if is_module(f"{module}.{name}") else module
        package, _, short = target.rpartition(".")
        inside = importer == package or importer.startswith(f"{package}.")
        if package in PUBLIC or not package or inside or is_package(target):
            continue
        if short not in importlib.import_module(package).__all__:
            wrong.append(f"{importer} imports {target}")
    assert wrong == []


def is_package(name: str) -> bool:
    return (ROOT / Path(*name.split(".")) / "__init__.py").is_file()


def test_no_module_imports_a_private_name_of_another() -> None:
    assert [row for row in imports() if row[2].startswith("_") and row[2] != "__version__"] == []


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = importlib.import_module(package).nothing_like_this
