"""Reading of sources: folders, files and archives to raw documents, each file by the reader of its format."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources import archives, jsonl, markdown, plain_text
from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter
from indexer.sources.encoding import has_controls
from indexer.sources.fetching.fetch_state import urls_by_file


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A file, or a row of one, that was left out, and the reason."""

    source: str
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.source}: {self.reason}")


#: Reads the documents of a file, given its path and document id.
SourceReader = Callable[[Path, str], Iterator[RawDocument]]
_READERS: dict[str, SourceReader] = {".txt": plain_text.read, ".md": markdown.read}
#: The converter of each format that is converted in a process of its own.
_CONVERTERS = {".html": "html", ".htm": "html", ".xhtml": "html", ".docx": "docx", ".pdf": "pdf"}
_JSONL_SUFFIXES = (".jsonl", ".jsonl.gz")
_SUPPORTED = ".txt .md .html .docx .pdf .jsonl .zip .tar"
#: Bytes of one document. The longest books have a tenth of that.
_MAX_BYTES = 100_000_000
#: The documents of a folder in BEIR layout, which also has questions and relevance judgements.
_BEIR_CORPUS = {"corpus.jsonl", "corpus.jsonl.gz"}
#: Files about a folder, not documents of it.
_NOTES = ("readme.md", "readme.txt", "sources.toml")


def printable(text: str) -> str:
    """One line of printable characters: file names may have line breaks and bytes that are not UTF-8."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def read_sources(sources: Sequence[Path], index: Path | None = None) -> Iterator[RawDocument | SourceProblem]:
    """Read every document of the given folders and files, in the order of their paths.

    Skipped without a problem are hidden files, READMEs, the other files of a BEIR folder, and the folder
    ``index`` of the index that is being built. A file or folder that cannot be read yields a problem, and
    reading continues.

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
            if source.is_dir():
                yield from _read_folder(source, index, converter)
            else:
                yield from _read_file(source, source, source.name, converter)


def _read_folder(
    folder: Path, index: Path | None, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    unreadable: list[OSError] = []
    try:
        urls = urls_by_file(folder)
    except SourceError as malformed:
        urls = {}
        yield SourceProblem(str(folder), str(malformed))
    for path in _document_files(folder, index, unreadable.append):
        name = path.relative_to(folder).as_posix()
        for item in _read_file(path, path, name, converter):
            yield _with_url(item, urls.get(name))
    for error in unreadable:
        yield SourceProblem(str(error.filename), error.strerror or str(error))


def _with_url(item: RawDocument | SourceProblem, url: str | None) -> RawDocument | SourceProblem:
    """A document with the URL that it was fetched from, unless the document itself has one."""
    if url is None or isinstance(item, SourceProblem) or "url" in item.fields:
        return item
    return replace(item, fields={**item.fields, "url": url})


def _document_files(folder: Path, index: Path | None, on_error: Callable[[OSError], None]) -> list[Path]:
    found: list[Path] = []
    index_folder = index.resolve() if index else None
    for parent, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and Path(parent, name).resolve() != index_folder
        ]
        found += [Path(parent, name) for name in _document_names(names)]
    return sorted(found)


def _document_names(names: Iterable[str]) -> Iterable[str]:
    """The names of a folder's files that hold documents."""
    if _BEIR_CORPUS.intersection(names) and "qrels.tsv" in names:
        # The questions of a question set must not be found among its documents.
        return _BEIR_CORPUS.intersection(names)
    return [name for name in names if not name.startswith(".") and name.lower() not in _NOTES]


def _read_file(
    path: Path, source: Path, document_id: str, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    """Read the documents of a file.

    Args:
        source: the file's name in documents and problems; not ``path`` if it was unpacked from an archive.
    """
    try:
        yield from _read_format(path, source, document_id, converter)
    except (SourceError, ConversionError) as error:
        yield SourceProblem(str(source), str(error))
    except OSError as error:
        yield SourceProblem(str(source), error.strerror or str(error))


def _read_format(
    path: Path, source: Path, document_id: str, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    name, suffix = path.name.lower(), path.suffix.lower()
    if has_controls(document_id):
        raise SourceError("the file's name has line breaks or bytes that are not UTF-8")
    # Reports a link that leads nowhere or in a circle, too.
    if not stat.S_ISREG(path.stat().st_mode):
        raise SourceError("a pipe, socket or device, not a file")
    if name.endswith(archives.SUFFIXES):
        yield from _read_archive(path, source, document_id, converter)
    elif name.endswith(_JSONL_SUFFIXES):
        yield from _read_jsonl(path, source)
    elif suffix in _CONVERTERS:
        _require_size(path)
        converted = converter.convert(_CONVERTERS[suffix], path)
        yield RawDocument(document_id, source, converted.text, "text/markdown", converted.fields)
    elif suffix in _READERS:
        _require_size(path)
        for document in _READERS[suffix](path, document_id):
            yield replace(document, source=source)
    else:
        raise SourceError(f"unknown file type (supported: {_SUPPORTED})")


def _read_jsonl(path: Path, source: Path) -> Iterator[RawDocument | SourceProblem]:
    for row in jsonl.read(path):
        if isinstance(row, jsonl.BadRow):
            line = "" if row.line is None else f":{row.line}"
            yield SourceProblem(f"{source}{line}", row.reason)
        else:
            yield row


def _read_archive(
    path: Path, source: Path, document_id: str, converter: Converter
) -> Iterator[RawDocument | SourceProblem]:
    for member in archives.unpack(path):
        name = PurePosixPath(member.name).name.lower()
        if name.startswith(".") or name in _NOTES:
            continue
        member_source = f"{source}/{member.name}"
        if member.path is None:
            yield SourceProblem(member_source, member.reason)
        else:
            yield from _read_file(member.path, Path(member_source), f"{document_id}/{member.name}", converter)


def _require_size(path: Path) -> None:
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise SourceError(f"{size:,} bytes; a document may have {_MAX_BYTES:,}")
