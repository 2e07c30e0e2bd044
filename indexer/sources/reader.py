"""Reading of sources: folders, files and archives to raw documents, each file by the reader of its format."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources import archives, jsonl
from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter
from indexer.sources.encoding import has_controls
from indexer.sources.fetching.fetch_state import urls_by_file
from indexer.sources.folders import NOTES, DocumentFiles


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A file, or a row of one, that was left out, and the reason."""

    source: str
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.source}: {self.reason}")


#: The converter of each format.
_CONVERTERS = {
    ".txt": "plain_text",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".pdf": "pdf",
}
_JSONL_SUFFIXES = (".jsonl", ".jsonl.gz")
#: Files that their process may read ahead.
_PREFETCHED = 32
_SUPPORTED = ".txt .md .html .docx .pdf .jsonl .zip .tar"
#: Bytes of one document. The longest books have a tenth of that.
_MAX_BYTES = 100_000_000


def printable(text: str) -> str:
    """One line of printable characters: file names may have line breaks and bytes that are not UTF-8."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class _Processes:
    """The limited processes that files are read in; archives have one of their own.

    A file of an archive that ends the process for files must not end the unpacking of its archive.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.files = stack.enter_context(Converter())
        self.archives = stack.enter_context(Converter())


def read_sources(
    sources: Sequence[Path], index: Path | None = None, follow_links: bool = False
) -> Generator[RawDocument | SourceProblem]:
    """Read every document of the given folders and files, in the order of their paths.

    Skipped without a problem are hidden files, READMEs, the other files of a BEIR folder, and the folder
    ``index`` of the index that is being built. A file or folder that cannot be read yields a problem, and
    reading continues.

    Args:
        follow_links: also read what links in a folder lead to outside of it.

    Raises:
        SourceError: a source does not exist.
    """
    for source in sources:
        try:
            source.stat()
        except OSError as error:
            raise SourceError(f"no file or folder at {source} ({error.strerror})") from error
    with ExitStack() as stack:
        processes = _Processes(stack)
        for source in sources:
            if source.is_dir():
                yield from _read_folder(source, DocumentFiles(source, index, follow_links), processes)
            else:
                yield from _read_file(source, source, source.name, processes)


def _read_folder(
    folder: Path, files: DocumentFiles, processes: _Processes
) -> Iterator[RawDocument | SourceProblem]:
    try:
        urls = urls_by_file(folder)
    except SourceError as malformed:
        urls = {}
        yield SourceProblem(str(folder), str(malformed))
    for path in _sent_ahead(files.paths, processes.files):
        name = path.relative_to(folder).as_posix()
        for item in _read_file(path, path, name, processes):
            yield _with_url(item, urls.get(name))
    for path, reason in files.problems:
        yield SourceProblem(str(path), reason)


def _sent_ahead(paths: Sequence[Path], converter: Converter) -> Iterator[Path]:
    """The paths, in groups of which the process has begun to read the files."""
    for is_converted, group in itertools.groupby(paths, _is_converted):
        run = list(group)
        for number, path in enumerate(run):
            if is_converted and number % _PREFETCHED == 0:
                ahead = run[number : number + _PREFETCHED]
                converter.prefetch((_CONVERTERS[file.suffix.lower()], file) for file in ahead)
            yield path


def _is_converted(path: Path) -> bool:
    """True for a file that is going to be converted, unless it changes meanwhile."""
    try:
        _require_document(path, str(path))
        _require_size(path)
        return path.suffix.lower() in _CONVERTERS
    except (SourceError, OSError):
        return False


def _with_url(item: RawDocument | SourceProblem, url: str | None) -> RawDocument | SourceProblem:
    """A document with the URL that it was fetched from, unless the document itself has one."""
    if url is None or isinstance(item, SourceProblem) or "url" in item.fields:
        return item
    return replace(item, fields={**item.fields, "url": url})


def _read_file(
    path: Path, source: Path, document_id: str, processes: _Processes
) -> Iterator[RawDocument | SourceProblem]:
    """Read the documents of a file.

    Args:
        source: the file's name in documents and problems; not ``path`` if it was unpacked from an archive.
    """
    try:
        yield from _read_format(path, source, document_id, processes)
    except (SourceError, ConversionError) as error:
        yield SourceProblem(str(source), str(error))
    except OSError as error:
        yield SourceProblem(str(source), error.strerror or str(error))


def _read_format(
    path: Path, source: Path, document_id: str, processes: _Processes
) -> Iterator[RawDocument | SourceProblem]:
    name, suffix = path.name.lower(), path.suffix.lower()
    _require_document(path, document_id)
    if name.endswith(archives.SUFFIXES):
        yield from _read_archive(path, source, document_id, processes)
    elif name.endswith(_JSONL_SUFFIXES):
        yield from _read_jsonl(path, source, processes)
    elif suffix in _CONVERTERS:
        _require_size(path)
        converted = processes.files.convert(_CONVERTERS[suffix], path)
        media_type = "text/plain" if suffix == ".txt" else "text/markdown"
        yield RawDocument(document_id, source, converted.text, media_type, converted.fields)
    else:
        raise SourceError(f"unknown file type (supported: {_SUPPORTED})")


def _read_jsonl(path: Path, source: Path, processes: _Processes) -> Iterator[RawDocument | SourceProblem]:
    for row in processes.files.rows(path):
        if isinstance(row, jsonl.BadRow):
            line = "" if row.line is None else f":{row.line}"
            yield SourceProblem(f"{source}{line}", row.reason)
        else:
            yield RawDocument(row.document_id, source, row.text, "application/json", row.fields)


def _read_archive(
    path: Path, source: Path, document_id: str, processes: _Processes
) -> Iterator[RawDocument | SourceProblem]:
    for member in processes.archives.members(path):
        name = PurePosixPath(member.name).name.lower()
        if name.startswith(".") or name in NOTES:
            continue
        member_source = f"{source}/{member.name}"
        if member.path is None:
            yield SourceProblem(member_source, member.reason)
        else:
            yield from _read_file(member.path, Path(member_source), f"{document_id}/{member.name}", processes)


def _require_document(path: Path, document_id: str) -> None:
    if has_controls(document_id):
        raise SourceError("the file's name has line breaks or bytes that are not UTF-8")
    # Reports a link that leads nowhere or in a circle, too.
    if not stat.S_ISREG(path.stat().st_mode):
        raise SourceError("a pipe, socket or device, not a file")


def _require_size(path: Path) -> None:
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise SourceError(f"{size:,} bytes; a document may have {_MAX_BYTES:,}")
