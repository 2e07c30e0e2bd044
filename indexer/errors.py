"""Errors that this project raises on purpose.

Each message is one line for users that names the file, field or value at fault. Errors of libraries are
translated where they arise, ``raise … from error``. Errors of ``service`` and ``eval`` are beside the code
that raises them::

    FundstelleError
    ├── SourceError               a source, list or data set cannot be read, or contains nothing to index
    ├── FetchError                a page cannot be downloaded (indexer.sources.fetching.errors)
    ├── ModelError                a model cannot be found, unpacked or loaded
    │   └── ModelMismatchError    the index was built with another model than the one loaded
    ├── IndexingError             an index cannot be built or written
    │   ├── IndexMissingError     there is no index or no such generation
    │   └── IndexDamagedError     a file of a generation is missing, changed or inconsistent
    ├── KeyFileError              the file of API keys cannot be read or changed (service.auth.key_file)
    ├── KeyRefusedError           a text is not an active API key (service.auth.key_ring)
    ├── ExposureError             the service would be open to everyone (service.auth.exposure)
    ├── PageKeyError              the key of the service's own pages cannot be used (service.web.app)
    ├── ListenError               the address or port cannot be bound (service.web.server)
    ├── StoppedError              a signal came during startup (service.web.app)
    ├── AuditError                the audit log cannot be written (service.observability.audit_log)
    ├── DeadlineExceededError     a request took longer than it may (service.deadline)
    ├── BusyError                 more questions are waiting than allowed (service.workers.backend)
    ├── WorkerLostError           a worker ended before it replied (service.workers.backend)
    └── BrowserMissingError       no browser for the lab's page checks (eval.lab.browser)
"""

from __future__ import annotations


class FundstelleError(Exception):
    """Base of all errors that a caller may catch and show."""


class SourceError(FundstelleError):
    """A source, list or data set cannot be read, or contains nothing to index."""


class ModelError(FundstelleError):
    """A model cannot be found, unpacked or loaded."""


class ModelMismatchError(ModelError):
    """The index was built with another model than the one loaded."""


class IndexingError(FundstelleError):
    """An index cannot be built or written."""


class IndexMissingError(IndexingError):
    """There is no index or no such generation."""


class IndexDamagedError(IndexingError):
    """A file of a generation is missing, changed or inconsistent."""


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or the name of its type if there is no message."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
