"""Worker processes that hold model and index, and the front's access to them."""

__all__ = ["backend", "batching_embedder", "engine_holder", "handlers", "pool"]
