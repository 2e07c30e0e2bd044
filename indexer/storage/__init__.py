"""Single-file stores and search engines."""

__all__ = [
    "array_file",
    "bounded_cache",
    "document_store",
    "document_writer",
    "key_value_cache",
    "lexical_index",
    "vector_store",
]
