"""Public pages into a folder, politely: robots.txt, one at a time, what is unchanged is not sent again.

Beside the files stands ``.fetched.json``: by address the file, its sha256, when it came, and by what the
server knows it again. It is written after each page, so that a run that was ended goes on where it was.
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
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from indexer.errors import FundstelleError, SourceError
from indexer.sources.fetch_state import FetchedPage, read_state, write_state

if TYPE_CHECKING:
    import urllib3

AGENT = "Fundstelle"
#: Seconds between two requests to one host; more where its robots.txt asks for that, up to a bound.
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_SECONDS, _REDIRECTS, _PART = 30.0, 5, 1 << 16
#: Seconds before the second of five attempts; doubled from one to the next.
_BACKOFF = 1.0
_KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/plain": ".txt",
    "text/markdown": ".md",
}
Outcome = Literal["new", "changed", "unchanged", "failed"]


class FetchError(FundstelleError):
    """A page could not be fetched, and why."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of a list; ``name``: what its file is to be called, without an ending."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What came of one page."""

    url: str
    outcome: Outcome
    detail: str


def read_page_list(path: Path) -> list[ListedPage]:
    """A TOML file of ``[[source]]`` tables with ``url`` and perhaps ``name``.

    Raises:
        SourceError: names the file and what is wrong with it.
    """
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("source", [])
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: no TOML: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise SourceError(f'{path}: no [[source]] with a "url"')
    found: dict[str, ListedPage] = {}
    for number, row in enumerate(rows, start=1):
        url = row.get("url") if isinstance(row, dict) else None
        if (
            not isinstance(url, str)
            or urlsplit(url).scheme not in ("http", "https")
            or not urlsplit(url).netloc
        ):
            raise SourceError(f'{path}: source {number}: "url" is no address of the web: {url!r}')
        wanted = ListedPage(url, str(row.get("name") or _named(url)))
        if not re.fullmatch(r"[\w-][\w .-]{0,150}", wanted.name):
            raise SourceError(f'{path}: source {number}: "name" is no name of a file: {wanted.name!r}')
        if wanted.name in found:
            raise SourceError(
                f"{path}: source {number}: the name {wanted.name!r} is taken by {found[wanted.name].url}"
            )
        found[wanted.name] = wanted
    return list(found.values())


def _named(url: str) -> str:
    parts = urlsplit(url)
    path = re.sub(r"[^\w.-]+", "-", f"{parts.netloc}{parts.path}").strip("-.")[:100]
    return f"{path}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def fetch(
    wanted: Sequence[ListedPage],
    folder: Path,
    largest: int = 50_000_000,
    pause: float = _PAUSE,
    rest: Callable[[float], None] = time.sleep,
) -> Iterator[FetchResult]:
    """Fetch pages, one after another; yields what came of each.

    Args:
        largest: bytes of a page at most.
        pause: seconds between two requests to one host.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = dict(read_state(folder))
    client = _HttpClient(pause, rest)
    for page in wanted:
        before = state.get(page.url)
        if before is not None and not (folder / before.file).is_file():
            before = None
        try:
            entry = client.fetch(page, folder, before, largest)
        except FetchError as error:
            yield FetchResult(page.url, "failed", str(error))
            continue
        except OSError as error:
            yield FetchResult(page.url, "failed", error.strerror or str(error))
            continue
        state[page.url] = entry
        write_state(folder, state)
        if before is None:
            yield FetchResult(page.url, "new", entry.file)
        else:
            yield FetchResult(
                page.url, "unchanged" if entry.sha256 == before.sha256 else "changed", entry.file
            )


class _HttpClient:
    """Requests that keep to robots.txt and leave each host time between them."""

    def __init__(self, pause: float, rest: Callable[[float], None]) -> None:
        try:
            import urllib3
        except ImportError as error:
            raise FetchError("fetching needs an extra: pip install 'fundstelle[fetch]'") from error
        retries = urllib3.Retry(
            total=4, redirect=False, backoff_factor=_BACKOFF, status_forcelist=(429, 500, 502, 503, 504),
            respect_retry_after_header=True, raise_on_status=False,
        )  # fmt: skip
        self._pool = urllib3.PoolManager(
            retries=retries,
            timeout=_SECONDS,
            headers={"User-Agent": f"{AGENT} (+research of public reports)"},
        )
        self._failures: tuple[type[Exception], ...] = (urllib3.exceptions.HTTPError,)
        self._pause = pause
        self._rest = rest
        self._robots: dict[str, RobotFileParser] = {}
        self._last: dict[str, float] = {}

    def fetch(self, page: ListedPage, folder: Path, before: FetchedPage | None, largest: int) -> FetchedPage:
        """The page as it lies in the folder by now.

        Raises:
            FetchError: it could not be had.
        """
        known = {}
        if before and before.etag:
            known["If-None-Match"] = before.etag
        if before and before.modified:
            known["If-Modified-Since"] = before.modified
        reply = self._get(page.url, known)
        try:
            if reply.status == 304 and before is not None:
                return before
            if reply.status != 200:
                raise FetchError(f"HTTP status {reply.status}")
            ending = _KINDS.get(reply.headers.get("Content-Type", "").partition(";")[0].strip().lower())
            if ending is None:
                raise FetchError(
                    f"of a kind that is not read: {reply.headers.get('Content-Type', 'none told')}"
                )
            digest = self._save(reply, folder / f"{page.name}{ending}", largest)
        except self._failures as error:
            raise FetchError(f"broken off: {type(error).__name__}") from error
        finally:
            reply.release_conn()
        if before and before.file != f"{page.name}{ending}":
            (folder / before.file).unlink(missing_ok=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        etag, modified = reply.headers.get("ETag", ""), reply.headers.get("Last-Modified", "")
        return FetchedPage(f"{page.name}{ending}", digest, now, etag, modified)

    def _save(self, reply: urllib3.BaseHTTPResponse, path: Path, largest: int) -> str:
        digest, size = hashlib.sha256(), 0
        temporary = path.with_name(f".{path.name}.part")
        try:
            with temporary.open("wb") as file:
                for part in reply.stream(_PART, decode_content=True):
                    size += len(part)
                    if size > largest:
                        raise FetchError(f"over {largest:,} bytes")
                    digest.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return digest.hexdigest()

    def _get(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        for _ in range(_REDIRECTS + 1):
            robots = self._rules(url)
            if not robots.can_fetch(AGENT, url):
                raise FetchError("its robots.txt does not allow it")
            reply = self._request(url, headers, float(robots.crawl_delay(AGENT) or 0))
            if reply.status not in (301, 302, 303, 307, 308):
                return reply
            reply.release_conn()
            url = urljoin(url, reply.headers.get("Location", ""))
            if urlsplit(url).scheme not in ("http", "https"):
                raise FetchError("is sent on to no address of the web")
        raise FetchError("is sent on again and again")

    def _rules(self, url: str) -> RobotFileParser:
        """What a host allows: everything where it has no rules, nothing where they cannot be read."""
        host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if host not in self._robots:
            parser = self._robots[host] = RobotFileParser(f"{host}/robots.txt")
            reply = self._request(f"{host}/robots.txt", {}, 0.0)
            try:
                text = reply.read(1_000_000) if reply.status == 200 else b""
            except self._failures as error:
                raise FetchError(f"robots.txt broken off: {type(error).__name__}") from error
            finally:
                reply.release_conn()
            if reply.status in (401, 403) or reply.status >= 500:
                parser.disallow_all = True  # type: ignore[attr-defined]
            parser.parse(text.decode("utf-8", "replace").splitlines())
        return self._robots[host]

    def _request(self, url: str, headers: Mapping[str, str], delay: float) -> urllib3.BaseHTTPResponse:
        host = urlsplit(url).netloc
        left = (
            self._last.get(host, -_LONGEST_PAUSE)
            + min(max(self._pause, delay), _LONGEST_PAUSE)
            - time.monotonic()
        )
        if left > 0 and host in self._last:
            self._rest(left)
        try:
            return self._pool.request(
                "GET", url, headers={**self._pool.headers, **headers}, preload_content=False, redirect=False
            )
        except self._failures as error:
            reason = getattr(error, "reason", None) or error
            raise FetchError(f"not to be reached: {type(reason).__name__}") from error
        finally:
            self._last[host] = time.monotonic()
