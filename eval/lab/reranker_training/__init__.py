"""Training and measuring of the bundled cross-encoder."""

__all__ = ["command", "examples"]
