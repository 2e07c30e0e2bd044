"""The measured systems: an engine in this process, or a running service."""

__all__ = ["instrumented_embedders", "local", "opening", "protocol", "rankings"]
