"""Command line of the service."""

__all__ = ["commands", "options"]
