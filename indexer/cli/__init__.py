"""Command line of the indexer."""

__all__ = ["options", "progress"]
