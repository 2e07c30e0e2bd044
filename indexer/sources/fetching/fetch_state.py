"""State of a folder of fetched pages: the URL, digest and HTTP validators of each file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from indexer.errors import SourceError

STATE = ".fetched.json"
#: Characters of a page's name, and of the longest suffix that its file can have.
_MAX_NAME, _MAX_SUFFIX = 151, 5


class _MalformedError(ValueError):
    """A row has a value that this program does not write."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page in the folder: its file, the time in ISO 8601, and the HTTP validators that the server sent."""

    file: str
    sha256: str
    fetched: str
    etag: str = ""
    modified: str = ""


def is_file_name(name: str, max_length: int = _MAX_NAME) -> bool:
    """True for a name that can only mean a visible file of the folder itself."""
    return len(name) <= max_length and re.fullmatch(r"[\w-][\w .-]*", name) is not None


def new_file(path: Path) -> BinaryIO:
    """A new file in place of one that may be there; a link there is not followed."""
    path.unlink(missing_ok=True)
    return path.open("xb")


def urls_by_file(folder: Path) -> Mapping[str, str]:
    """The URLs of the fetched files of a folder, by file name.

    Raises:
        SourceError: the state is malformed.
    """
    return {page.file: url for url, page in read_state(folder).items()}


def read_state(folder: Path) -> dict[str, FetchedPage]:
    """The pages in a folder by URL; empty if nothing was fetched into it.

    Raises:
        SourceError: the state is malformed.
    """
    try:
        rows: Any = json.loads((folder / STATE).read_text("utf-8"))
        return {url: _entry(row) for url, row in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = f" ({error})" if isinstance(error, _MalformedError) else ""
        raise SourceError(
            f"{folder / STATE}: not readable{reason}; remove it to fetch all pages again"
        ) from error


def _entry(row: Any) -> FetchedPage:
    """The page of a row, which may have been written by anyone: its file is deleted when the page changes."""
    page = FetchedPage(**row)
    for name, value in asdict(page).items():
        if not isinstance(value, str) or not value.isprintable():
            raise _MalformedError(f"{name!r}: {value!r}")
    if not is_file_name(page.file, _MAX_NAME + _MAX_SUFFIX):
        raise _MalformedError(f"'file' is not a file of the folder: {page.file!r}")
    return page


def write_state(folder: Path, state: Mapping[str, FetchedPage]) -> None:
    """Write the pages in a folder, by URL, in one atomic step."""
    temporary = folder / f"{STATE}.part"
    rows = {url: asdict(page) for url, page in state.items()}
    with new_file(temporary) as file:
        file.write((json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode())
    temporary.replace(folder / STATE)
