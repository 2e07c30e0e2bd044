"""HTTP client that obeys robots.txt and pauses between requests to one host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from indexer.errors import FundstelleError

if TYPE_CHECKING:
    import urllib3

AGENT = "Fundstelle"
#: Seconds that a host's robots.txt can make a pause last.
_MAX_PAUSE = 30.0
_TIMEOUT = 30.0
_MAX_REDIRECTS = 5
_MAX_ROBOTS_BYTES = 1_000_000
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class FetchError(FundstelleError):
    """A page could not be fetched; the message is the reason."""


class HttpClient:
    """GET requests, one at a time, with retries.

    Args:
        pause: seconds between two requests to one host; longer if its robots.txt asks for it.
        backoff: seconds before the second of five attempts, doubled with each one after it.
        sleep: waits for a number of seconds.

    Raises:
        FetchError: the optional dependency is not installed.
    """

    def __init__(self, pause: float, backoff: float, sleep: Callable[[float], None]) -> None:
        try:
            import urllib3
        except ImportError as error:
            raise FetchError("fetching needs an extra: pip install 'fundstelle[fetch]'") from error
        retries = urllib3.Retry(
            total=4, redirect=False, backoff_factor=backoff, status_forcelist=(429, 500, 502, 503, 504),
            respect_retry_after_header=True, raise_on_status=False,
        )  # fmt: skip
        self._pool = urllib3.PoolManager(
            retries=retries,
            timeout=_TIMEOUT,
            headers={"User-Agent": f"{AGENT} (+research of public reports)"},
        )
        #: Errors of a request, or of reading its response.
        self.transport_errors: tuple[type[Exception], ...] = (urllib3.exceptions.HTTPError,)
        self._pause = pause
        self._sleep = sleep
        self._last_request: dict[str, float] = {}
        self._robots = RobotsPolicy(lambda url: self._request(url, {}, 0.0), self.transport_errors)

    def get(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """The response at the end of the redirects, with its body still to be read.

        Raises:
            FetchError: robots.txt forbids the request, the host cannot be reached, or it redirects badly.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            robots = self._robots.rules(url)
            if not robots.can_fetch(AGENT, url):
                raise FetchError("robots.txt does not allow it")
            response = self._request(url, headers, float(robots.crawl_delay(AGENT) or 0))
            if response.status not in _REDIRECTS:
                return response
            response.release_conn()
            url = urljoin(url, response.headers.get("Location", ""))
            if urlsplit(url).scheme not in ("http", "https"):
                raise FetchError(f"redirected to {url!r}, which is not a web address")
        raise FetchError(f"over {_MAX_REDIRECTS} redirects")

    def _request(self, url: str, headers: Mapping[str, str], delay: float) -> urllib3.BaseHTTPResponse:
        host = urlsplit(url).netloc
        self._wait_for(host, delay)
        try:
            return self._pool.request(
                "GET", url, headers={**self._pool.headers, **headers}, preload_content=False, redirect=False
            )
        except self.transport_errors as error:
            reason = getattr(error, "reason", None) or error
            raise FetchError(f"cannot be reached: {type(reason).__name__}") from error
        finally:
            self._last_request[host] = time.monotonic()

    def _wait_for(self, host: str, delay: float) -> None:
        if host not in self._last_request:
            return
        pause = min(max(self._pause, delay), _MAX_PAUSE)
        remaining = self._last_request[host] + pause - time.monotonic()
        if remaining > 0:
            self._sleep(remaining)


class RobotsPolicy:
    """The rules of robots.txt, read once a host."""

    def __init__(
        self,
        request: Callable[[str], urllib3.BaseHTTPResponse],
        transport_errors: tuple[type[Exception], ...],
    ) -> None:
        self._request = request
        self._transport_errors = transport_errors
        self._rules: dict[str, RobotFileParser] = {}

    def rules(self, url: str) -> RobotFileParser:
        """The rules for a URL: everything is allowed without rules, nothing if they cannot be read.

        Raises:
            FetchError: the transfer is interrupted.
        """
        host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if host not in self._rules:
            parser = self._rules[host] = RobotFileParser(f"{host}/robots.txt")
            response = self._request(f"{host}/robots.txt")
            try:
                text = response.read(_MAX_ROBOTS_BYTES) if response.status == 200 else b""
            except self._transport_errors as error:
                raise FetchError(f"transfer of robots.txt interrupted: {type(error).__name__}") from error
            finally:
                response.release_conn()
            if response.status in (401, 403) or response.status >= 500:
                parser.disallow_all = True  # type: ignore[attr-defined]
            parser.parse(text.decode("utf-8", "replace").splitlines())
        return self._rules[host]
