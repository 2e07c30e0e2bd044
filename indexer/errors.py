"""The errors this project raises on purpose.

::

    FundstelleError
    ├── SourceError           a source folder or file that cannot be indexed
    ├── ModelError            an embedding model that cannot be loaded
    │   └── ModelMismatchError    index and loaded model are of different vector spaces
    ├── IndexingError
    │   ├── IndexMissingError     no index, or no live generation, where one was expected
    │   └── IndexDamagedError     a generation whose files are not what its manifest says
    └── of the service, each beside what raises it: KeyFileError, KeyRefused, AuditError (files of keys and
        questions), ExposureError, ListenError (where to listen), BusyError, WorkerLostError (answering)

Each message is one line that names the file, field or value at fault, fit to be shown to a user as it is.
"""

from __future__ import annotations


class FundstelleError(Exception):
    """Root of the errors a caller may want to catch and show."""


def first_line(error: BaseException) -> str:
    """What an error of a library says, in one line; its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class SourceError(FundstelleError):
    """A source cannot be read, or holds nothing to index."""


class ModelError(FundstelleError):
    """An embedding model cannot be found, unpacked or loaded."""


class ModelMismatchError(ModelError):
    """The index was built with another model than the one loaded."""


class IndexingError(FundstelleError):
    """Root of what can be wrong with an index folder."""


class IndexMissingError(IndexingError):
    """There is no index at the given place."""


class IndexDamagedError(IndexingError):
    """A file of a generation is missing, changed or inconsistent."""
