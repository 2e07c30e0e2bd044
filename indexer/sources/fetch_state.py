"""TODO docstring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.errors import SourceError

if TYPE_CHECKING:
    pass

STATE = ".fetched.json"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What is known of a page that lies in the folder."""

    file: str
    sha256: str
    fetched: str
    etag: str = ""
    modified: str = ""


def urls_by_file(folder: Path) -> Mapping[str, str]:
    """Addresses of the files of a folder that were fetched, by name."""
    return {entry.file: url for url, entry in read_state(folder).items()}


def read_state(folder: Path) -> dict[str, FetchedPage]:
    try:
        rows: Any = json.loads((folder / STATE).read_text("utf-8"))
        return {url: FetchedPage(**row) for url, row in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SourceError(f"{folder / STATE}: not readable; remove it to fetch everything anew") from error


def write_state(folder: Path, state: Mapping[str, FetchedPage]) -> None:
    temporary = folder / f"{STATE}.part"
    rows = {url: asdict(entry) for url, entry in state.items()}
    temporary.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    temporary.replace(folder / STATE)
