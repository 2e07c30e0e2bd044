"""Single-file stores and search engines."""

__all__ = [
    "array_file",
    "document_store",
    "document_writer",
    "key_value_cache",
    "lexical_index",
    "vector_store",
]
