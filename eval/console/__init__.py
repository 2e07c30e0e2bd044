"""Options and progress bars that commands share."""

__all__ = ["options", "progress"]
