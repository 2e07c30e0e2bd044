"""State of a folder of fetched pages: the URL, digest and HTTP validators of each file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.errors import SourceError

STATE = ".fetched.json"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page in the folder: its file, the time in ISO 8601, and the HTTP validators that the server sent."""

    file: str
    sha256: str
    fetched: str
    etag: str = ""
    modified: str = ""


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
        return {url: FetchedPage(**row) for url, row in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SourceError(f"{folder / STATE}: not readable; remove it to fetch all pages again") from error


def write_state(folder: Path, state: Mapping[str, FetchedPage]) -> None:
    """Write the pages in a folder, by URL, in one atomic step."""
    temporary = folder / f"{STATE}.part"
    rows = {url: asdict(page) for url, page in state.items()}
    temporary.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    temporary.replace(folder / STATE)
