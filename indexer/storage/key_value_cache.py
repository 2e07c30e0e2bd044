"""Cache of values by key in one SQLite file, with eviction by builds."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

#: Keys in one query; SQLite allows 32,766.
_KEYS_PER_QUERY = 500


class KeyValueCache:
    """Values by key, safe against a kill at any moment.

    A damaged file is replaced by an empty one. Values carry no digest: their user checks them.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> KeyValueCache:
        """Open the file; create it and its folder if they do not exist.

        Raises:
            sqlite3.OperationalError: the file cannot be opened or written.
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
        """``(key, value)`` of each of ``keys`` that is in the cache, each once."""
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), _KEYS_PER_QUERY):
            part = distinct[start : start + _KEYS_PER_QUERY]
            placeholders = ",".join("?" * len(part))
            query = f"SELECT key, value FROM kept WHERE key IN ({placeholders})"
            with closing(self._connection.execute(query, part)) as cursor:
                rows = cursor.fetchall()
            yield from rows

    def put(self, values: Sequence[tuple[bytes, bytes]]) -> None:
        """Store ``(key, value)`` pairs; once this returns they outlive the process."""
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO kept (key, value) VALUES (?, ?)", values)

    def evict(self, used: Collection[bytes], builds: int) -> None:
        """Remove what the last ``builds`` builds did not use; to be called once in each build.

        Args:
            used: the keys that the current build used.
        """
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
        # Removed values are overwritten, as they may be texts that had to be deleted.
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept "
            "(key BLOB PRIMARY KEY, value BLOB NOT NULL, missed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
        )
        # Every page is checked now, so that damage does not show in the middle of a build.
        ((verdict,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        connection.close()
        raise
    return connection
