"""The keys in force, as every request is checked against them, and kept up with their file."""

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
from service.auth.api_key import KEY_TEXT, Key, Scope, secret_digest
from service.auth.key_file import KeyFile, KeyFileError

Reason = Literal["unknown", "revoked", "expired"]
#: What tells one state of the file from the next; empty where there is none.
Stamp = tuple[int, ...]

_SECRET_CHARACTERS = 43
_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class KeyRefusedError(FundstelleError):
    """A text is not that of a key in force.

    ``reason`` is for logs: the client is told the same whatever it is. ``key`` is the one whose secret was
    right although it is revoked or expired.
    """

    def __init__(self, reason: Reason, key: Key | None = None) -> None:
        super().__init__(f"key {key.id} is {reason}" if key else f"key is {reason}")
        self.reason = reason
        self.key = key


class KeyRing:
    """Looks keys up. Threads may do so while one calls ``refresh``: all keys are exchanged in one step.

    Args:
        stamp: of the file before the keys were read from it.
        now: the clock that expiry is checked against, aware.
    """

    def __init__(
        self, file: KeyFile, keys: Iterable[Key], stamp: Stamp, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._file = file
        self._keys = {key.id: key for key in keys}
        self._read = stamp
        self._reported: Stamp | None = None
        self._now = now
        # Of no secret anybody holds: what a text is compared with whose id no key has.
        self._dummy = secrets.token_hex(16), secrets.token_hex(32)

    @classmethod
    def open(cls, path: Path, now: Callable[[], datetime] = _utc_now) -> KeyRing:
        """The keys of a file.

        Raises:
            KeyFileError: it is not there or malformed. A service must not start then: nobody could ask.
        """
        stamp, file = _stamp(path), KeyFile(path)
        return cls(file, file.read(), stamp, now)

    def refresh(self) -> bool:
        """Read the file anew if it has changed; says whether it was.

        A file that cannot be read leaves the keys as they are, is reported once for each change of it, and
        tried again by every call: what was in the way may pass without the file changing.
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
                _log.error("the keys in force stay as they were: %s", error)
            self._reported = stamp
            return False
        self._keys = {key.id: key for key in keys}
        self._read, self._reported = stamp, None
        _log.info("keys read anew from %s: %d active", self._file.path, len(self._active()))
        return True

    def identify(self, text: str) -> Key:
        """The key in force that has this text, which may come from anyone.

        The work is the same whether there is such an id or not and whatever the text, so that its time tells
        nothing; whether a key is revoked or expired is told only to who holds its secret.

        Raises:
            KeyRefusedError: there is none.
        """
        match = KEY_TEXT.fullmatch(text)  # gives up after 57 characters, however long the text
        key = self._keys.get(match[1]) if match else None
        salt, digest = (key.salt, key.digest) if key else self._dummy
        secret = match[2] if match else text[:_SECRET_CHARACTERS]
        same = hmac.compare_digest(secret_digest(salt, secret), digest)
        if key is None or not same:
            raise KeyRefusedError("unknown")
        if (state := key.state(self._now())) != "active":
            raise KeyRefusedError(state, key)
        return key

    def origins(self) -> frozenset[str]:
        """Origins of all widget keys in force: the pages a browser may be told to let in."""
        return frozenset(origin for key in self._active() for origin in key.origins)

    def _active(self) -> list[Key]:
        now = self._now()
        return [key for key in self._keys.values() if key.state(now) == "active"]


def allows(key: Key, scope: Scope) -> bool:
    """Whether the key may be used for this; ``admin`` does not include ``ask``."""
    return scope in key.scopes


def origin_of(sent: Headers) -> str | None:
    """Where a request comes from, as its browser says.

    That is the ``Origin`` header; but browsers send none where a page only reads from its own service, and
    then the ``Referer`` tells it. Outside of browsers both can be made up, so neither is worth less.
    """
    if "origin" in sent:
        return sent["origin"]
    scheme, mark, rest = sent.get("referer", "").partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if mark else None


def allows_origin(key: Key, origin: str | None) -> bool:
    """Whether the key may come from this origin, None where there is none.

    Only a widget key needs one: anyone can read it in a page, but browsers do not let another page pretend to
    be that one. Other keys are secret, wherever they are sent from.
    """
    return not key.widget or origin in key.origins


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return ()
    # The time of the last change of state is among them for files that become readable without being written.
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
