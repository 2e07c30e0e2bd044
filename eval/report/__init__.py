"""Records as files, as tables for the terminal, and as a page."""

__all__ = ["charts", "files", "html", "set_charts", "terminal"]
