"""Building a generation of an index from sources."""

__all__ = ["pipeline", "preparation", "report"]
