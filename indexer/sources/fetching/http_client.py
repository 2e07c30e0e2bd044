"""HTTP client that obeys robots.txt, pauses between requests to one host, and keeps to limits of time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from indexer.sources.fetching.address_policy import AddressPolicy
from indexer.sources.fetching.errors import FetchError
from indexer.sources.fetching.robots_policy import AGENT, RobotsPolicy

if TYPE_CHECKING:
    import urllib3

#: Seconds until a connection is made, and between two parts of a response.
_TIMEOUT = 30.0
_MAX_REDIRECTS = 5
_ATTEMPTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BUSY = frozenset((429, 500, 502, 503, 504))


class HttpClient:
    """GET requests, one at a time, with retries.

    Args:
        policy: addresses that may be connected to.
        seconds: for a page, with all redirects, pauses and attempts.
        pause: seconds between two requests to one host; longer if its robots.txt asks for it.
        backoff: seconds before the second of five attempts, doubled with each one after it.
        sleep: waits for a number of seconds.

    Raises:
        FetchError: the optional dependency is not installed.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        seconds: float,
        pause: float,
        backoff: float,
        sleep: Callable[[float], None],
    ) -> None:
        try:
            import urllib3
        except ImportError as error:
            raise FetchError("fetching needs an extra: pip install 'fundstelle[fetch]'") from error
        self._transport_error = urllib3.exceptions.HTTPError
        self._retry = urllib3.Retry()
        self._policy = policy
        self._seconds = seconds
        self._pause = pause
        self._backoff = backoff
        self._sleep = sleep
        self._last_request: dict[str, float] = {}
        self._robots = RobotsPolicy(lambda url: self._request(url, {}, 0.0))

    @contextlib.contextmanager
    def page(self) -> Iterator[None]:
        """All that is done for one page; its connections end with the block.

        Raises:
            FetchError: a transfer is interrupted, or the time is over.
        """
        from indexer.sources.fetching.connections import page_connections

        headers = {"User-Agent": f"{AGENT} (+research of public reports)"}
        with page_connections(self._policy, self._seconds, _TIMEOUT, headers) as (pool, deadline):
            self._pool, self._deadline = pool, deadline
            try:
                yield
            except self._transport_error as error:
                deadline.remaining()
                raise FetchError(f"transfer interrupted: {type(error).__name__}") from error
            except ValueError as error:  # a URL that no library can read
                raise FetchError(f"not a valid address or header: {error}") from error

    def check_time(self) -> None:
        """Make sure that a head or body ended by itself and not by the time limit.

        Raises:
            FetchError: the time is over.
        """
        self._deadline.remaining()

    def get(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """The response at the end of the redirects, with its body still to be read, inside ``page``.

        Raises:
            FetchError: robots.txt forbids the request, the host cannot be reached, or it redirects badly.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._request(url, headers, self._robots.pause(url))
            if response.status not in _REDIRECTS:
                return response
            response.close()
            url = urljoin(url, response.headers.get("Location", ""))
            if urlsplit(url).scheme not in ("http", "https"):
                raise FetchError(f"redirected to {url!r}, which is not a web address")
        raise FetchError(f"over {_MAX_REDIRECTS} redirects")

    def _request(self, url: str, headers: Mapping[str, str], delay: float) -> urllib3.BaseHTTPResponse:
        """The response of the last attempt."""
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                response = self._attempt(url, headers, delay)
            except self._transport_error as error:
                self._deadline.remaining()
                if last:
                    reason = getattr(error, "reason", None) or error
                    raise FetchError(f"cannot be reached: {type(reason).__name__}") from error
                asked = None
            else:
                if last or response.status not in _BUSY:
                    return response
                asked = self._retry_after(response)
                response.close()
            self._wait(self._backoff * 2**attempt if asked is None else asked)
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, url: str, headers: Mapping[str, str], delay: float) -> urllib3.BaseHTTPResponse:
        host = urlsplit(url).netloc
        if host in self._last_request:
            self._wait(self._last_request[host] + max(self._pause, delay) - time.monotonic())
        try:
            response = self._pool.request(
                "GET", url, headers={**self._pool.headers, **headers}, preload_content=False, redirect=False
            )
        finally:
            self._last_request[host] = time.monotonic()
        self.check_time()
        return response

    def _retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        try:
            return self._retry.get_retry_after(response)
        except (self._transport_error, ValueError, OverflowError):
            return None

    def _wait(self, seconds: float) -> None:
        remaining = self._deadline.remaining()
        if seconds > remaining:
            raise FetchError(
                f"the host wants a pause of {seconds:,.0f} seconds, "
                f"{remaining:,.0f} of {self._seconds:g} are left"
            )
        if seconds > 0:
            self._sleep(seconds)
