"""API keys and their JSON records, which hold a digest in place of the secret.

A record is read strictly. The file may be edited by hand, and a key whose ``expires`` is misspelt must not
become one that never expires.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from service.auth.origins import validate_origin

#: ``widget``: of keys with origins, and of no others.
KeyScope = Literal["ask", "admin", "widget"]
State = Literal["active", "expired", "revoked"]

#: Id and secret in a key's text; the secret may contain underscores, the id cannot.
KEY_TEXT = re.compile(r"fst_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
MAX_NAME_LENGTH = 100
MAX_RATE = 1_000_000


@dataclass(frozen=True, slots=True)
class Key:
    """One key; all times are aware and in UTC.

    Attributes:
        origins: of the pages that may send it; a key with origins is a widget key, public by nature.
        rate: its own requests per second, 0 for no limit; None for the rate in the settings.
    """

    id: str
    name: str
    scopes: frozenset[KeyScope]
    origins: tuple[str, ...]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    rate: float | None
    salt: str = field(repr=False)
    digest: str = field(repr=False)

    @property
    def widget(self) -> bool:
        return bool(self.origins)

    def state(self, now: datetime) -> State:
        if self.revoked:
            return "revoked"
        return "expired" if self.expires and self.expires <= now else "active"


def secret_digest(salt: str, secret: str) -> str:
    """BLAKE2b (RFC 7693) of the secret, keyed with the salt; salt and result in hexadecimal digits."""
    # Not slow on purpose, as a password digest has to be: nobody guesses 256 random bits, however fast a
    # guess is, while a slow digest would let anyone keep the service busy with invented keys.
    data = secret.encode("ascii", "replace")
    return hashlib.blake2b(
        data, digest_size=32, key=bytes.fromhex(salt), person=b"fundstelle key"
    ).hexdigest()


def folded_name(name: str) -> str:
    """The name as it is stored and compared: composed Unicode (NFC), without outer white space."""
    return unicodedata.normalize("NFC", name.strip())


def as_record(key: Key) -> dict[str, Any]:
    """The key as a JSON object, for ``from_record`` to read."""
    values = dataclasses.asdict(key) | {"scopes": sorted(key.scopes)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def from_record(record: object) -> Key:
    """The key that a record describes.

    Raises:
        ValueError: the record is malformed; the message begins with the field at fault.
    """
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    for name in sorted(record.keys() - _READERS.keys()):
        raise ValueError(f"{name}: unknown field")
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name not in record:
            raise ValueError(f"{name}: missing")
        try:
            values[name] = read(record[name])
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{name}: {error}") from error
    key = Key(**values)
    if not key.widget:
        if "widget" in key.scopes:
            raise ValueError("scopes: 'widget' is for keys with origins, and this one has none")
        return key
    # Before there was a scope of their own, keys with origins had 'ask'.
    if not key.scopes <= {"ask", "widget"}:
        raise ValueError("scopes: a key with origins is public, so 'widget' must be its only scope")
    return dataclasses.replace(key, scopes=frozenset[KeyScope]({"widget"}))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


def _name(value: object) -> str:
    name = folded_name(_text(value))
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise ValueError(f"{value!r} is not 1 to {MAX_NAME_LENGTH} printable characters")
    return name


def _scopes(value: object) -> frozenset[KeyScope]:
    known = get_args(KeyScope)
    if not isinstance(value, list) or not value or any(scope not in known for scope in value):
        raise ValueError(f"{value!r} is not a list of {' and '.join(map(repr, known))}")
    return frozenset(value)


def _origins(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list")
    return tuple(dict.fromkeys(validate_origin(_text(text)) for text in value))


def _time(value: object) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None:
        raise ValueError(f"{value!r} has no offset from UTC")
    return time.astimezone(UTC)


def _rate(value: object) -> float:
    # Written so that NaN, which Python reads in JSON, is refused as well.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_RATE:
        raise ValueError(f"{value!r} is not a number from 0 to {MAX_RATE}")
    return float(value)


def _matching(pattern: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        # The value is not repeated in the message: it may be a part of a digest.
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"does not match {pattern}")
        return value

    return read


def _or_none(read: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else read(value)


_READERS: dict[str, Callable[[object], Any]] = {
    "id": _matching("[a-z0-9]{8}"),
    "name": _name,
    "scopes": _scopes,
    "origins": _origins,
    "created": _time,
    "expires": _or_none(_time),
    "revoked": _or_none(_time),
    "rate": _or_none(_rate),
    "salt": _matching("[0-9a-f]{32}"),
    "digest": _matching("[0-9a-f]{64}"),
}
