"""Check the layout of the repository: sizes of packages and modules, docstrings, top level.

    python .ci/check_layout.py [FOLDER]

Prints one line for each violation and exits with 1 if there are any.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("indexer", "service", "eval")
MAX_MODULES = 10
MAX_LINES = 250
#: Modules that a package may have besides its own.
NOT_COUNTED = ("__init__.py", "__main__.py")
#: A docstring says what is returned or done. These words begin a question.
QUESTION = re.compile(r"(?:What|Which|Whether|Who|Whom|Whose|How|Where)\b")
TOP_LEVEL = {
    *(".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE"),
    *("Makefile", "README.de.md", "README.md", "constraints.txt", "corpus", "docs", "eval", "indexer"),
    *("pyproject.toml", "service", "tests"),
}

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def violations(root: Path) -> Iterator[str]:
    """All violations, one line each."""
    files = tracked_files(root)
    yield from (f"{name}: not allowed at the top level" for name in unknown_names(files))
    for path in files:
        if path.suffix == ".py" and path.parts[0] in PACKAGES:
            yield from module_violations(root, path)
    yield from package_violations(files)


def tracked_files(root: Path) -> list[Path]:
    """The files of the repository, relative to its root."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(Path(name) for name in set(listed.stdout.split("\0")) if name and (root / name).is_file())


def unknown_names(files: list[Path]) -> list[str]:
    """Names at the top level that are not allowed there."""
    return sorted({path.parts[0] for path in files} - TOP_LEVEL)


def package_violations(files: list[Path]) -> Iterator[str]:
    """Packages with too many modules of their own."""
    modules: dict[Path, list[Path]] = {}
    for path in files:
        if path.suffix == ".py" and path.parts[0] in PACKAGES and path.name not in NOT_COUNTED:
            modules.setdefault(path.parent, []).append(path)
    for package, own in sorted(modules.items()):
        if len(own) > MAX_MODULES:
            yield f"{package}: {len(own)} modules, at most {MAX_MODULES} are allowed"


def module_violations(root: Path, path: Path) -> Iterator[str]:
    """Faults of a module: its length, and its docstrings."""
    text = (root / path).read_text("utf-8")
    lines = text.count("\n")
    if lines > MAX_LINES:
        yield f"{path}: {lines} lines, at most {MAX_LINES} are allowed"
    for name, node, required in documented(ast.parse(text)):
        place = f"{path}:{getattr(node, 'lineno', 1)}"
        docstring = ast.get_docstring(node)
        if docstring is None:
            if required:
                yield f"{place}: {name} has no docstring"
        elif QUESTION.match(docstring):
            yield f"{place}: the docstring of {name} begins with {docstring.split()[0]!r}"
        elif "TODO" in docstring:
            yield f"{place}: the docstring of {name} is a placeholder"


def documented(module: ast.Module) -> Iterator[tuple[str, Documented, bool]]:
    """Name and node of the module, its public classes, functions and methods, and if they need a docstring.

    Methods may do without: many implement a protocol or say by their name what they return. So may decorated
    functions: the docstring of a route would become part of the HTTP contract.
    """
    yield "the module", module, True
    for name, node in _public(module):
        yield name, node, name != "main" and (isinstance(node, ast.ClassDef) or not node.decorator_list)
        if isinstance(node, ast.ClassDef):
            yield from ((f"{name}.{method}", inner, False) for method, inner in _public(node))


def _public(parent: ast.Module | ast.ClassDef) -> Iterator[tuple[str, Documented]]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            yield node.name, node


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    found = list(violations(root))
    for line in found:
        print(line)
    if found:
        sys.exit(f"{len(found)} violations of the layout")


if __name__ == "__main__":
    main()
