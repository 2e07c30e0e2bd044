"""Error of fetching."""

from __future__ import annotations

from indexer.errors import FundstelleError


class FetchError(FundstelleError):
    """A page could not be fetched; the message is the reason."""
