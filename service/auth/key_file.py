"""The file of API keys: read whole, changed under a lock, replaced in one step.

A key's text is ``fst_<id>_<secret>``. The id finds the key in one look-up and may appear in logs; the secret
is shown once, when the key is made, and only a digest of it is stored. A revoked key stays in the file with
its date, as a record of the keys there have been.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import stat
import string
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from indexer.errors import FundstelleError
from service.auth.api_key import Key, KeyScope, as_record, folded_name, from_record, secret_digest

FORMAT = 1
#: Seconds to wait for another change of the same file, which takes milliseconds.
LOCK_TIMEOUT = 10.0


class KeyFileError(FundstelleError):
    """The file of keys cannot be read or written, or a requested change is not allowed."""


class KeyFile:
    """The keys on disk; the constructor touches nothing.

    Args:
        lock_timeout: seconds to wait for another change of the same file.
    """

    def __init__(self, path: Path, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self.path = path
        self._lock_timeout = lock_timeout

    def read(self) -> tuple[Key, ...]:
        """All keys, oldest first, including expired and revoked ones.

        Raises:
            KeyFileError: the file is missing or malformed; the message names the field.
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

    def warning(self) -> str | None:
        """The danger in the permissions of the file, or ``None``.

        Who can write the file can make keys; who can read it learns names, origins and digests.
        """
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except OSError:
            return None  # reading the file reports that
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            danger = "changed by others"
        elif mode & stat.S_IROTH:
            danger = "read by every user of this machine"
        else:
            return None
        return f"{self.path} has mode {mode:04o} and can be {danger}: `chmod 600 {self.path}`"

    def add(
        self,
        name: str,
        scopes: Iterable[KeyScope] = ("ask",),
        origins: Iterable[str] = (),
        expires: datetime | None = None,
        rate: float | None = None,
    ) -> tuple[Key, str]:
        """Add a key, creating the file if it is missing; return the key and its text, which is not stored.

        Raises:
            KeyFileError: a value is not allowed, a key that is not revoked has this name, or see ``read``.
        """
        now, salt, secret = _now(), secrets.token_hex(16), secrets.token_urlsafe(32)
        with self._change(create=True) as keys:
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
        """Revoke a key from now on and return it.

        Raises:
            KeyFileError: no key has this id or name, it is revoked already, or see ``read``.
        """
        wanted = folded_name(id_or_name)
        with self._change(create=False) as keys:
            matching = [index for index, key in enumerate(keys) if wanted in (key.id, key.name)]
            if not matching:
                raise ValueError(f"no key has the id or name {wanted!r}")
            # The name of a revoked key may be used again: the active key is meant.
            index = next((index for index in matching if not keys[index].revoked), matching[-1])
            if date := keys[index].revoked:
                raise ValueError(f"key {wanted!r} has been revoked already, at {date}")
            keys[index] = dataclasses.replace(keys[index], revoked=_now())
        return keys[index]

    @contextlib.contextmanager
    def _change(self, create: bool) -> Iterator[list[Key]]:
        """Yield the keys to change, then write them; a ValueError in between becomes a KeyFileError."""
        # If the path is a link, its target is replaced, not the link.
        target = Path(os.path.realpath(self.path))
        try:
            if create:
                target.parent.mkdir(parents=True, exist_ok=True)
            else:
                self.read()  # before a lock is left beside a missing file
            with FileLock(target.with_name(f".{target.name}.lock"), timeout=self._lock_timeout):
                keys = list(self.read()) if target.exists() or not create else []
                yield keys
                _write(target, keys)
        except Timeout as error:
            raise KeyFileError(
                f"{self.path}: locked by another change for more than {self._lock_timeout:g} s"
            ) from error
        except OSError as error:
            raise KeyFileError(f"{self.path}: cannot be changed ({error})") from error
        except ValueError as error:
            raise KeyFileError(f"{self.path}: {error}") from error


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _new_id(keys: Iterable[Key]) -> str:
    used = {word for key in keys for word in (key.id, key.name)}
    while (text := "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))) in used:
        pass
    return text


def _parsed(text: str) -> tuple[Key, ...]:
    """The keys in a file's text.

    Raises:
        ValueError: the text is malformed; the message begins with the field at fault.
    """
    file = json.loads(text)
    if not isinstance(file, dict) or "format" not in file:
        raise ValueError("format: missing, so this is not a key file")
    if file["format"] != FORMAT:
        raise ValueError(f"format: {file['format']!r}, this version reads {FORMAT}")
    if not isinstance(file.get("keys"), list):
        raise ValueError("keys: not a list")
    keys = []
    for index, record in enumerate(file["keys"]):
        try:
            keys.append(from_record(record))
        except ValueError as error:
            raise ValueError(f"keys[{index}]: {error}") from error
    _refuse_clashes(keys)
    return tuple(keys)


def _refuse_clashes(keys: Iterable[Key]) -> None:
    """Raise ValueError unless each id, and each name of a key not revoked, belongs to one key only."""
    owners: dict[str, Key] = {}
    for key in keys:
        for field, word in (("id", key.id), ("name", key.name)):
            if (field == "id" or not key.revoked) and owners.setdefault(word, key) is not key:
                raise ValueError(f"{field}: {word!r} belongs to key {owners[word].id} already")


def _write(path: Path, keys: Iterable[Key]) -> None:
    file = {"format": FORMAT, "keys": [as_record(key) for key in keys]}
    text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # of mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            # If root changes the file of the service's user, that user must still be able to read it.
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
        os.fsync(folder)  # puts the new name on the disk too: a revoked key does not come back
    finally:
        os.close(folder)
