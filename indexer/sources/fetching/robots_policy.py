"""Rules of robots.txt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from indexer.sources.fetching.errors import FetchError

if TYPE_CHECKING:
    import urllib3

AGENT = "Fundstelle"
#: Bytes of a robots.txt that are read: twice what RFC 9309 demands.
_MAX_BYTES = 1_000_000
#: Seconds that a host's robots.txt can make a pause last.
_MAX_PAUSE = 30.0


class RobotsPolicy:
    """The rules of robots.txt, read once a host.

    Args:
        request: gets a URL, without following redirects.
    """

    def __init__(self, request: Callable[[str], urllib3.BaseHTTPResponse]) -> None:
        self._request = request
        self._rules: dict[str, RobotFileParser] = {}

    def pause(self, url: str) -> float:
        """Seconds between two requests that the host of a URL asks for, up to a limit.

        Raises:
            FetchError: robots.txt does not allow the URL, or cannot be read.
        """
        rules = self._rules_for(url)
        if not rules.can_fetch(AGENT, url):
            raise FetchError("robots.txt does not allow it")
        return float(min(int(rules.crawl_delay(AGENT) or 0), _MAX_PAUSE))

    def _rules_for(self, url: str) -> RobotFileParser:
        """The rules for a URL: everything is allowed without rules, nothing if they cannot be read."""
        host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if host not in self._rules:
            parser = RobotFileParser(f"{host}/robots.txt")
            response = self._request(f"{host}/robots.txt")
            text = response.read(_MAX_BYTES) if response.status == 200 else b""
            if response.status in (401, 403) or response.status >= 500:
                parser.disallow_all = True  # type: ignore[attr-defined]
            try:
                parser.parse(text.decode("utf-8", "replace").splitlines())
            except ValueError as error:  # a number with thousands of digits
                raise FetchError("robots.txt is malformed") from error
            self._rules[host] = parser
        return self._rules[host]
