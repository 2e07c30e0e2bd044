"""The service under load."""

__all__ = ["command"]
