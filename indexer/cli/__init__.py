"""Command line of the indexer."""

__all__ = ["commands", "options", "progress"]
