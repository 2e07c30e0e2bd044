"""The HTTP front: application, routes, pages, and server."""

__all__ = ["app", "server"]
