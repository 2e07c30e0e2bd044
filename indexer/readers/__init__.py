"""From files to raw documents: one module a format, chosen by the file's ending."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.readers import jsonl, markdown, plain
from indexer.readers.encoding import has_controls


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or a row of one, that was left out, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.place}: {self.reason}")


_READERS: dict[str, Callable[[Path, str], Iterator[RawDocument]]] = {
    ".txt": plain.read,
    ".md": markdown.read,
}
_JSONL = (".jsonl", ".jsonl.gz")
#: The documents of a folder in BEIR layout, beside which its questions and judgements stand.
_CORPUS = {"corpus.jsonl", "corpus.jsonl.gz"}
#: Notes about a folder, not documents of it.
_NOTES = ("readme.md", "readme.txt")


def printable(text: str) -> str:
    """One line that any terminal and any UTF-8 file takes: file names may hold line breaks and odd bytes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def read_sources(sources: Sequence[Path]) -> Iterator[RawDocument | Problem]:
    """Read every document below the given folders and files, in the order of their paths.

    Hidden files, READMEs and what stands beside the corpus of a BEIR folder are passed over in silence. A
    file or folder that cannot be read, or a file of no known kind, yields a Problem, and reading goes on.

    Raises:
        SourceError: a source does not exist.
    """
    for source in sources:
        try:
            source.stat()
        except OSError as error:
            raise SourceError(f"no file or folder at {source} ({error.strerror})") from error
    for source in sources:
        if not source.is_dir():
            yield from _read_file(source, Path(source.name))
            continue
        unreadable: list[OSError] = []
        for path in _files(source, unreadable):
            yield from _read_file(path, path.relative_to(source))
        for fault in unreadable:
            yield Problem(str(fault.filename), fault.strerror or str(fault))


def _files(source: Path, unreadable: list[OSError]) -> list[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(source, onerror=unreadable.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if _CORPUS.intersection(names) and "qrels.tsv" in names:
            # A question set: what is asked of the documents must not be found among them.
            names = [name for name in names if name in _CORPUS]
        found += [
            path
            for name in names
            if not name.startswith(".") and name.lower() not in _NOTES
            # A link to nothing is named when it is read; a pipe would never end.
            if (path := Path(folder, name)).is_file() or path.is_symlink()
        ]
    return sorted(found)


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
        document_id = relative.as_posix()
        if has_controls(document_id):
            raise SourceError("the file's name holds line breaks or bytes that are no UTF-8")
        yield from reader(path, document_id)
    except SourceError as error:
        yield Problem(str(path), str(error))
    except OSError as error:
        yield Problem(str(path), error.strerror or str(error))
