"""From files to raw documents: one module a format, chosen by the file's ending."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources import archives, jsonl, markdown, plain_text
from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter
from indexer.sources.encoding import has_controls
from indexer.sources.fetch_state import urls_by_file


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A file, or a row of one, that was left out, and why."""

    source: str
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.source}: {self.reason}")


_READERS: dict[str, Callable[[Path, str], Iterator[RawDocument]]] = {
    ".txt": plain_text.read,
    ".md": markdown.read,
}
#: Formats that are converted in a process of their own, and what parses them.
_CONVERTERS = {".html": "html", ".htm": "html", ".xhtml": "html", ".docx": "docx", ".pdf": "pdf"}
_JSONL = (".jsonl", ".jsonl.gz")
_KNOWN = ".txt .md .html .docx .pdf .jsonl .zip .tar"
#: Bytes that are read of one document. The longest books have a tenth of that.
LARGEST = 100_000_000
#: The documents of a folder in BEIR layout, beside which its questions and judgements stand.
_CORPUS = {"corpus.jsonl", "corpus.jsonl.gz"}
#: Notes about a folder, not documents of it.
_NOTES = ("readme.md", "readme.txt", "sources.toml")


def printable(text: str) -> str:
    """One line that any terminal and any UTF-8 file takes: file names may hold line breaks and odd bytes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def read_sources(sources: Sequence[Path], index: Path | None = None) -> Iterator[RawDocument | SourceProblem]:
    """Read every document below the given folders and files, in the order of their paths.

    Hidden files, READMEs, what stands beside the corpus of a BEIR folder, and the folder of the ``index``
    that is being built are passed over in silence. A file or folder that cannot be read, or a file of no
    known kind, yields a SourceProblem, and reading goes on.

    Raises:
        SourceError: a source does not exist.
    """
    for source in sources:
        try:
            source.stat()
        except OSError as error:
            raise SourceError(f"no file or folder at {source} ({error.strerror})") from error
    with Converter() as converter:
        for source in sources:
            if not source.is_dir():
                yield from _read_file(source, source, source.name, converter)
                continue
            unreadable: list[OSError] = []
            fetched = urls_by_file(source)
            for path in _files(source, unreadable, index):
                name = path.relative_to(source).as_posix()
                for item in _read_file(path, path, name, converter):
                    if isinstance(item, RawDocument) and name in fetched and "url" not in item.fields:
                        item = replace(item, fields={**item.fields, "url": fetched[name]})
                    yield item
            for fault in unreadable:
                yield SourceProblem(str(fault.filename), fault.strerror or str(fault))


def _files(source: Path, unreadable: list[OSError], index: Path | None) -> list[Path]:
    found: list[Path] = []
    own = index.resolve() if index else None
    for folder, folders, names in os.walk(source, onerror=unreadable.append):
        folders[:] = [
            name for name in folders if not name.startswith(".") and Path(folder, name).resolve() != own
        ]
        if _CORPUS.intersection(names) and "qrels.tsv" in names:
            # A question set: what is asked of the documents must not be found among them.
            names = [name for name in names if name in _CORPUS]
        found += [
            Path(folder, name) for name in names if not name.startswith(".") and name.lower() not in _NOTES
        ]
    return sorted(found)


def _read_file(
    path: Path, place: Path, document_id: str, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    """Documents of a file. ``place``: what it is called in problems, also where it was unpacked elsewhere."""
    try:
        yield from _read(path, place, document_id, converter)
    except (SourceError, ConversionError) as error:
        yield SourceProblem(str(place), str(error))
    except OSError as error:
        yield SourceProblem(str(place), error.strerror or str(error))


def _read(
    path: Path, place: Path, document_id: str, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    name = path.name.lower()
    if has_controls(document_id):
        raise SourceError("the file's name holds line breaks or bytes that are no UTF-8")
    # Of a link that leads nowhere or in a circle this says so.
    if not stat.S_ISREG(path.stat().st_mode):
        raise SourceError("a pipe, socket or device, no file")
    if name.endswith(archives.ENDINGS):
        yield from _read_archive(path, place, document_id, converter)
    elif name.endswith(_JSONL):
        for row in jsonl.read(path):
            yield (
                SourceProblem(row[0].replace(str(path), str(place), 1), row[1])
                if isinstance(row, tuple)
                else row
            )
    elif (kind := _CONVERTERS.get(path.suffix.lower())) is not None:
        _require_size(path)
        converted = converter.convert(kind, path)
        yield RawDocument(document_id, place, converted.text, "text/markdown", converted.fields)
    elif (reader := _READERS.get(path.suffix.lower())) is not None:
        _require_size(path)
        for document in reader(path, document_id):
            yield replace(document, source=place)
    else:
        raise SourceError(f"not of a known kind ({_KNOWN})")


def _read_archive(
    path: Path, place: Path, document_id: str, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    for member in archives.unpacked(path):
        inner = PurePosixPath(member.name).name.lower()
        if inner.startswith(".") or inner in _NOTES:
            continue
        within = f"{place}/{member.name}"
        if member.path is None:
            yield SourceProblem(within, member.reason)
        else:
            yield from _read_file(member.path, Path(within), f"{document_id}/{member.name}", converter)


def _require_size(path: Path) -> None:
    size = path.stat().st_size
    if size > LARGEST:
        raise SourceError(f"{size:,} bytes; at most {LARGEST:,} are read of one document")
