"""Values by key in one SQLite file: what a build would otherwise have to make again."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

#: Keys asked for in one query; SQLite takes 32,766.
_ASKED_AT_ONCE = 500


class KeyValueCache:
    """Values by key, safe against a kill at any moment; a damaged file is only a cache and is begun anew.

    No digest guards a value here: who keeps something checks it when it comes back.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> KeyValueCache:
        """Open the file, or make it and its folder.

        Raises:
            sqlite3.OperationalError: it cannot be opened or written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = _open(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            for part in (path, *path.parent.glob(f"{path.name}-*")):
                part.unlink(missing_ok=True)
            connection = _open(path)
        return cls(connection)

    def close(self) -> None:
        self._connection.close()

    def get(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Those of ``keys`` that are kept, each once, with their values."""
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), _ASKED_AT_ONCE):
            asked = distinct[start : start + _ASKED_AT_ONCE]
            marks = ",".join("?" * len(asked))
            query = f"SELECT key, value FROM kept WHERE key IN ({marks})"
            with closing(self._connection.execute(query, asked)) as cursor:
                rows = cursor.fetchall()
            yield from rows

    def put(self, values: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep ``(key, value)`` pairs; once this returns they outlive the process."""
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO kept (key, value) VALUES (?, ?)", values)

    def forget(self, used: Collection[bytes], builds: int) -> None:
        """Remove what so many builds in a row did not use, this one among them, which used ``used``."""
        with self._connection:
            self._connection.execute("CREATE TEMP TABLE used (key BLOB PRIMARY KEY) WITHOUT ROWID")
            self._connection.executemany("INSERT OR IGNORE INTO used VALUES (?)", ((key,) for key in used))
            self._connection.execute(
                "UPDATE kept SET missed = missed + 1 WHERE key NOT IN (SELECT key FROM used)"
            )
            self._connection.execute(
                "UPDATE kept SET missed = 0 WHERE missed > 0 AND key IN (SELECT key FROM used)"
            )
            self._connection.execute("DELETE FROM kept WHERE missed >= ?", (builds,))
            self._connection.execute("DROP TABLE used")


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # What is removed is overwritten, not just unlinked.
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept "
            "(key BLOB PRIMARY KEY, value BLOB NOT NULL, missed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
        )
        # A look at every page, so that no damage shows in the middle of a build.
        ((verdict,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        connection.close()
        raise
    return connection
