"""Download of listed web pages into a folder; pages that have not changed are not sent again.

The folder's ``.fetched.json`` is written after each page, so that an interrupted run continues where it was.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from indexer.errors import SourceError
from indexer.sources.fetching.address_policy import AddressPolicy
from indexer.sources.fetching.errors import FetchError
from indexer.sources.fetching.fetch_state import FetchedPage, is_file_name, new_file, read_state, write_state
from indexer.sources.fetching.http_client import HttpClient

if TYPE_CHECKING:
    import urllib3

_CHUNK = 1 << 16
#: Characters of an HTTP validator that are kept: real ones have less than 100.
_MAX_VALIDATOR = 1000
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/plain": ".txt",
    "text/markdown": ".md",
}
#: Seconds for a page: 50 MB at 100 kB a second take 500.
MAX_SECONDS = 600.0
_PUBLIC_ONLY = AddressPolicy()
Outcome = Literal["new", "changed", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page to fetch; ``name``: of its file, without the suffix."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The outcome for one page; ``detail``: its file, or the reason of a failure."""

    url: str
    outcome: Outcome
    detail: str


def read_page_list(path: Path) -> list[ListedPage]:
    """Read a TOML file of ``[[source]]`` tables with ``url`` and, optionally, ``name``.

    Raises:
        SourceError: the file is missing or malformed.
    """
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("source", [])
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: not valid TOML: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise SourceError(f'{path}: no [[source]] with a "url"')
    pages: dict[str, ListedPage] = {}
    for number, row in enumerate(rows, start=1):
        try:
            page = _listed_page(row)
        except SourceError as error:
            raise SourceError(f"{path}: source {number}: {error}") from error
        if page.name in pages:
            raise SourceError(
                f"{path}: source {number}: the name {page.name!r} is taken by {pages[page.name].url}"
            )
        pages[page.name] = page
    return list(pages.values())


def _listed_page(row: Any) -> ListedPage:
    url = row.get("url") if isinstance(row, dict) else None
    if not isinstance(url, str) or not _is_web_address(url):
        raise SourceError(f'"url" is not a web address: {url!r}')
    name = str(row.get("name") or _default_name(url))
    if not is_file_name(name):
        raise SourceError(f'"name" is not a valid file name: {name!r}')
    return ListedPage(url, name)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _default_name(url: str) -> str:
    parts = urlsplit(url)
    path = re.sub(r"[^\w.-]+", "-", f"{parts.netloc}{parts.path}").strip("-.")[:100]
    return f"{path}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def fetch(
    pages: Sequence[ListedPage],
    folder: Path,
    max_bytes: int = 50_000_000,
    pause: float = 1.0,
    backoff: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
    seconds: float = MAX_SECONDS,
    policy: AddressPolicy = _PUBLIC_ONLY,
) -> Iterator[FetchResult]:
    """Fetch pages one after another and yield the outcome of each.

    Args:
        max_bytes: of a page.
        pause: seconds between two requests to one host.
        backoff: seconds before the second attempt, doubled with each one after it.
        sleep: waits for a number of seconds.
        seconds: for a page, with all its redirects, pauses and attempts.
        policy: addresses that may be connected to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = dict(read_state(folder))
    client = HttpClient(policy, seconds, pause, backoff, sleep)
    for page in pages:
        before = state.get(page.url)
        if before is not None and not (folder / before.file).is_file():
            before = None
        try:
            fetched = _fetch_page(client, page, folder, before, max_bytes)
        except FetchError as error:
            yield FetchResult(page.url, "failed", str(error))
            continue
        except OSError as error:
            yield FetchResult(page.url, "failed", error.strerror or str(error))
            continue
        state[page.url] = fetched
        write_state(folder, state)
        yield FetchResult(page.url, _outcome(before, fetched), fetched.file)


def _outcome(before: FetchedPage | None, fetched: FetchedPage) -> Outcome:
    if before is None:
        return "new"
    return "unchanged" if fetched.sha256 == before.sha256 else "changed"


def _fetch_page(
    client: HttpClient, page: ListedPage, folder: Path, before: FetchedPage | None, max_bytes: int
) -> FetchedPage:
    """Bring the file of a page up to date; ``before``: the page that is in the folder.

    Raises:
        FetchError: the page cannot be fetched.
    """
    with client.page():
        response = client.get(page.url, _conditions(before))
        if response.status == 304 and before is not None:
            return before
        if response.status != 200:
            raise FetchError(f"HTTP status {response.status}")
        content_type = response.headers.get("Content-Type", "")
        suffix = _SUFFIXES.get(content_type.partition(";")[0].strip().lower())
        if suffix is None:
            raise FetchError(f"unsupported content type: {content_type or 'none'}")
        file = f"{page.name}{suffix}"
        digest = _save(response, folder / file, max_bytes, client.check_time)
    if before and before.file != file:
        (folder / before.file).unlink(missing_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return FetchedPage(file, digest, now, _validator(response, "ETag"), _validator(response, "Last-Modified"))


def _validator(response: urllib3.BaseHTTPResponse, name: str) -> str:
    """A header to send back with the next request; empty if it is too long or not printable."""
    value = response.headers.get(name, "")
    return value if value.isprintable() and len(value) <= _MAX_VALIDATOR else ""


def _conditions(before: FetchedPage | None) -> Mapping[str, str]:
    """Headers that ask for a page only if it has changed."""
    if before is None:
        return {}
    conditions = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
    return {name: value for name, value in conditions.items() if value}


def _save(
    response: urllib3.BaseHTTPResponse, path: Path, max_bytes: int, check_time: Callable[[], None]
) -> str:
    """Write the body of a response to a file, completely or not at all; returns its sha256."""
    digest, size = hashlib.sha256(), 0
    temporary = path.with_name(f".{path.name}.part")
    try:
        with new_file(temporary) as file:
            for chunk in response.stream(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > max_bytes:
                    raise FetchError(f"over {max_bytes:,} bytes")
                digest.update(chunk)
                file.write(chunk)
            check_time()
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest()
