"""From files to raw documents: one module a format, chosen by the file's ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.readers import jsonl, markdown, plain

Reader = Callable[[Path, str], Iterator["RawDocument | Problem"]]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or a row of one, that was left out, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


_READERS: dict[str, Callable[[Path, str], Iterator[RawDocument]]] = {
    ".txt": plain.read,
    ".md": markdown.read,
}
_JSONL = (".jsonl", ".jsonl.gz")
#: Notes about a folder, not documents of it.
_NOTES = ("readme.md", "readme.txt")


def read_sources(sources: Sequence[Path]) -> Iterator[RawDocument | Problem]:
    """Read every document below the given folders and files, in the order of their paths.

    Hidden files and READMEs are passed over in silence; a file that cannot be read, or is of no known
    kind, yields a Problem, and reading goes on.

    Raises:
        SourceError: a source does not exist.
    """
    for source in sources:
        if not source.exists():
            raise SourceError(f"no file or folder at {source}")
    for source in sources:
        for path in _files(source):
            yield from _read_file(path, path.relative_to(source if source.is_dir() else source.parent))


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return sorted(
        path
        for path in source.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
        and path.name.lower() not in _NOTES
    )


def _read_file(path: Path, relative: Path) -> Iterator[RawDocument | Problem]:
    name = path.name.lower()
    if name.endswith(_JSONL):
        for row in jsonl.read(path):
            yield Problem(row[0], row[1]) if isinstance(row, tuple) else row
        return
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = " ".join([*_READERS, *_JSONL])
        yield Problem(str(path), f"not of a known kind ({known})")
        return
    try:
        yield from reader(path, relative.as_posix())
    except SourceError as error:
        yield Problem(str(path), str(error))
    except OSError as error:
        yield Problem(str(path), error.strerror or str(error))
