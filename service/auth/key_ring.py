"""API keys in memory: every request is checked against them, and they follow changes of their file."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from starlette.datastructures import Headers

from indexer.errors import FundstelleError
from service.auth.api_key import KEY_TEXT, Key, KeyScope, secret_digest
from service.auth.key_file import KeyFile, KeyFileError

Reason = Literal["unknown", "revoked", "expired"]
#: Distinguishes one state of the file from the next; empty if there is no file.
Stamp = tuple[int, ...]

_SECRET_LENGTH = 43
_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class KeyRefusedError(FundstelleError):
    """A text is not that of an active key.

    Attributes:
        reason: for logs only; the client's reply is the same for all.
        key: the key whose secret matched although it is revoked or expired.
    """

    def __init__(self, reason: Reason, key: Key | None = None) -> None:
        super().__init__(f"key {key.id} is {reason}" if key else f"key is {reason}")
        self.reason = reason
        self.key = key


class KeyRing:
    """Looks up keys. Safe from several threads while one calls ``refresh``: all keys change in one step.

    Args:
        stamp: of the file before the keys were read from it.
        now: the clock for expiry; times are aware.
    """

    def __init__(
        self, file: KeyFile, keys: Iterable[Key], stamp: Stamp, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._file = file
        self._keys = {key.id: key for key in keys}
        self._read = stamp
        self._reported: Stamp | None = None
        self._now = now
        # Salt and digest that no secret matches, for texts whose id no key has.
        self._dummy = secrets.token_hex(16), secrets.token_hex(32)

    @classmethod
    def open(cls, path: Path, now: Callable[[], datetime] = _utc_now) -> KeyRing:
        """Read the keys of a file.

        Raises:
            KeyFileError: the file is missing or malformed. A service must not start then: nobody could ask.
        """
        stamp, file = _stamp(path), KeyFile(path)
        return cls(file, file.read(), stamp, now)

    def refresh(self) -> bool:
        """Read the file again if it has changed; True if the keys were replaced.

        If the file cannot be read, the keys do not change. That is reported once for each change of the
        file, and every call tries again: the cause may go away without the file changing.
        """
        # Taken first: if the file changes once more while it is read, the next call sees that.
        stamp = _stamp(self._file.path)
        if stamp == self._read:
            self._reported = None
            return False
        try:
            keys = self._file.read()
        except KeyFileError as error:
            if stamp != self._reported:
                _log.error("the key file cannot be used, the previous keys stay valid: %s", error)
            self._reported = stamp
            return False
        self._keys = {key.id: key for key in keys}
        self._read, self._reported = stamp, None
        _log.info("keys read again from %s: %d active", self._file.path, len(self._active()))
        return True

    def identify(self, text: str) -> Key:
        """The active key that has this text, which may come from anyone.

        The work is the same for every text, whether its id exists or not, so that timing reveals nothing. The
        error names a revoked or expired key only if the secret was right.

        Raises:
            KeyRefusedError: no active key has this text.
        """
        match = KEY_TEXT.fullmatch(text)  # gives up after 57 characters, however long the text
        key = self._keys.get(match[1]) if match else None
        salt, digest = (key.salt, key.digest) if key else self._dummy
        secret = match[2] if match else text[:_SECRET_LENGTH]
        same = hmac.compare_digest(secret_digest(salt, secret), digest)
        if key is None or not same:
            raise KeyRefusedError("unknown")
        if (state := key.state(self._now())) != "active":
            raise KeyRefusedError(state, key)
        return key

    def origins(self) -> frozenset[str]:
        """Origins of all active widget keys: the pages that browsers may let in."""
        return frozenset(origin for key in self._active() for origin in key.origins)

    def _active(self) -> list[Key]:
        now = self._now()
        return [key for key in self._keys.values() if key.state(now) == "active"]


def allows(key: Key, scopes: Iterable[KeyScope]) -> bool:
    """True if the key has one of the scopes; none of them includes another."""
    return not key.scopes.isdisjoint(scopes)


def request_origin(headers: Headers) -> str | None:
    """The origin that a request comes from, as its browser says; None if it does not say.

    Browsers send no ``Origin`` header where a page only reads from its own service; the ``Referer`` says it
    then. Outside of browsers both can be forged, so neither is worth less.
    """
    if "origin" in headers:
        return headers["origin"]
    scheme, separator, rest = headers.get("referer", "").partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if separator else None


def allows_origin(key: Key, origin: str | None) -> bool:
    """True if the key may be used from this origin; None stands for a request without one.

    Only a widget key depends on it: anyone can read the key in a page, but browsers do not let another page
    claim that page's origin. Other keys are secret and may come from anywhere.
    """
    return not key.widget or origin in key.origins


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return ()
    # The time of the last status change covers files that become readable without being written.
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
