"""The error tree of the whole project, as errors.py draws it."""

import ast
import re
from collections.abc import Iterator

import pytest
from paths import ROOT

from indexer import errors
from indexer.errors import FundstelleError, first_line

BASE = FundstelleError.__name__
#: A line of the drawing: its branches, the name, and the module of an error that is defined elsewhere.
DRAWN = re.compile(
    r"(?P<branches>(?:│   |    )*(?:[├└]── ))?(?P<name>\w+Error)\b.*?(?:\((?P<module>[\w.]+)\))?$"
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Name and syntax tree of every module; importing all of them would need optional libraries."""
    for package in ("indexer", "service", "eval"):
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), ast.parse(path.read_text("utf-8"))


def defined() -> dict[str, tuple[str, str]]:
    """Base and module of every class that derives from ``FundstelleError``, by name."""
    classes = {
        node.name: (ast.unparse(base), module)
        for module, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases[:1]
    }

    def derives(name: str) -> bool:
        return name == BASE or (name in classes and derives(classes[name][0]))

    return {name: where for name, where in classes.items() if name != BASE and derives(name)}


def drawn() -> dict[str, tuple[str, str]]:
    """The same, as the docstring of ``indexer.errors`` draws it."""
    lines = (errors.__doc__ or "").partition("::\n")[2].strip("\n").splitlines()
    found: dict[str, tuple[str, str]] = {}
    path: list[str] = []
    for line in lines:
        match = DRAWN.fullmatch(line[4:])
        assert match, line
        depth = len(match["branches"] or "") // 4
        path[depth:] = [match["name"]]
        if depth:
            found[match["name"]] = (path[depth - 1], match["module"] or "indexer.errors")
    return found


def test_every_error_is_drawn_below_its_base_with_its_module() -> None:
    assert drawn() == defined()


def test_no_bare_exception_is_raised() -> None:
    bare = [
        f"{module}:{node.lineno}"
        for module, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and node.exc is not None
        if isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) in ("Exception", "BaseException")
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("\n one\ntwo"), "one"),
        (ValueError(" \n"), "ValueError"),
        (KeyError(), "KeyError"),
    ],
)
def test_the_first_line_of_an_error_is_its_message_or_its_type(error: Exception, line: str) -> None:
    assert first_line(error) == line
