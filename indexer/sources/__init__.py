"""Reading of sources: files, folders and archives to raw documents, and fetching of web pages."""

__all__ = ["fetching", "reader", "watcher"]
