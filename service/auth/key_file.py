"""The file of API keys: read whole, changed under a lock, replaced in one step.

A key's text is ``fst_<id>_<secret>``. The id finds it in one look-up and may be written into logs; the secret
is told once, when the key is made, and only a digest of it is kept. A revoked key stays in the file with the
date, so that it can be told which there were.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import string
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from indexer.errors import FundstelleError
from service.auth.api_key import Key, Scope, as_record, folded_name, from_record, secret_digest

__all__ = ["Key", "KeyFile", "KeyFileError", "Scope"]

FORMAT = 1
#: Seconds to wait for another change of the same file, which takes milliseconds.
_PATIENCE = 10


class KeyFileError(FundstelleError):
    """The file of keys cannot be read or written, or what is asked of it is not allowed."""


class KeyFile:
    """The keys on disk; constructing it touches nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Key, ...]:
        """All keys, oldest first, those expired or revoked included.

        Raises:
            KeyFileError: there is no file, or it is not what this class writes; the message names the field.
        """
        try:
            return _parsed(self.path.read_text("utf-8"))
        except FileNotFoundError as error:
            command = f"python -m service keys add NAME --keys {self.path}"
            raise KeyFileError(f"no key file {self.path}: `{command}` makes one") from error
        except OSError as error:
            raise KeyFileError(f"{self.path}: not readable ({error.strerror})") from error
        except (ValueError, RecursionError) as error:
            raise KeyFileError(f"{self.path}: {error}") from error

    def add(
        self,
        name: str,
        scopes: Iterable[Scope] = ("ask",),
        origins: Iterable[str] = (),
        expires: datetime | None = None,
        rate: float | None = None,
    ) -> tuple[Key, str]:
        """Make a key, and the file where there is none; returns the key and its text, which is kept nowhere.

        Raises:
            KeyFileError: a value is not allowed, a key not revoked has this name, or see ``read``.
        """
        now, salt, secret = _now(), secrets.token_hex(16), secrets.token_urlsafe(32)
        with self._changing(make=True) as keys:
            key = from_record(
                {
                    "id": _new_id(keys),
                    "name": name,
                    "scopes": list(scopes),
                    "origins": list(origins),
                    "created": now.isoformat(),
                    "expires": expires and expires.isoformat(),
                    "revoked": None,
                    "rate": rate,
                    "salt": salt,
                    "digest": secret_digest(salt, secret),
                }
            )
            if key.state(now) == "expired":
                raise ValueError(f"expires: {key.expires} is past")
            _refuse_clashes([*keys, key])
            keys.append(key)
        return key, f"fst_{key.id}_{secret}"

    def revoke(self, id_or_name: str) -> Key:
        """Revoke a key from now on; returns it as it is then.

        Raises:
            KeyFileError: there is none of this id or name, it is revoked already, or see ``read``.
        """
        wanted = folded_name(id_or_name)
        with self._changing(make=False) as keys:
            places = [place for place, key in enumerate(keys) if wanted in (key.id, key.name)]
            if not places:
                raise ValueError(f"no key has the id or name {wanted!r}")
            # The name of a revoked key may be given again: the one still in force is meant.
            place = next((place for place in places if not keys[place].revoked), places[-1])
            if date := keys[place].revoked:
                raise ValueError(f"key {wanted!r} has been revoked already, at {date}")
            keys[place] = dataclasses.replace(keys[place], revoked=_now())
        return keys[place]

    @contextlib.contextmanager
    def _changing(self, make: bool) -> Iterator[list[Key]]:
        """Give the keys to change, then write them; a ValueError in between is translated."""
        # Where the path is a link, what it leads to is replaced, not the link.
        target = Path(os.path.realpath(self.path))
        try:
            if make:
                target.parent.mkdir(parents=True, exist_ok=True)
            else:
                self.read()  # before a lock is left beside a file that is not there
            with FileLock(target.with_name(f".{target.name}.lock"), timeout=_PATIENCE):
                keys = list(self.read()) if target.exists() or not make else []
                yield keys
                _write(target, keys)
        except Timeout as error:
            raise KeyFileError(f"{self.path}: another change has it locked for {_PATIENCE} s") from error
        except OSError as error:
            raise KeyFileError(f"{self.path}: cannot be changed ({error})") from error
        except ValueError as error:
            raise KeyFileError(f"{self.path}: {error}") from error


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _new_id(keys: Iterable[Key]) -> str:
    taken = {word for key in keys for word in (key.id, key.name)}
    while (
        text := "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    ) in taken:
        pass
    return text


def _parsed(text: str) -> tuple[Key, ...]:
    """The keys of a file's text; ValueError names the field at fault."""
    file = json.loads(text)
    if not isinstance(file, dict) or "format" not in file:
        raise ValueError("format: missing, so this is no file of keys")
    if file["format"] != FORMAT:
        raise ValueError(f"format: {file['format']!r}, this version reads {FORMAT}")
    if not isinstance(file.get("keys"), list):
        raise ValueError("keys: not a list")
    keys = []
    for place, record in enumerate(file["keys"]):
        try:
            keys.append(from_record(record))
        except ValueError as error:
            raise ValueError(f"keys[{place}]: {error}") from error
    _refuse_clashes(keys)
    return tuple(keys)


def _refuse_clashes(keys: Iterable[Key]) -> None:
    """Raise ValueError unless each id and each name in force means one key, whichever of both it is."""
    owners: dict[str, Key] = {}
    for key in keys:
        for field, word in (("id", key.id), ("name", key.name)):
            if (field == "id" or not key.revoked) and owners.setdefault(word, key) is not key:
                raise ValueError(f"{field}: {word!r} is that of key {owners[word].id} already")


def _write(path: Path, keys: Iterable[Key]) -> None:
    file = {"format": FORMAT, "keys": [as_record(key) for key in keys]}
    text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # of mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            # Where root changes the file of the service's user, that user must still be able to read it.
            if path.exists() and (old := path.stat()).st_uid != temporary.stat().st_uid:
                os.chown(temporary, old.st_uid, old.st_gid)
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name is on the disk too: a revoked key does not come back
    finally:
        os.close(folder)
