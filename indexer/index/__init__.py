"""Index on disk: its layout, its generations, opening and verifying them."""

__all__ = ["folder", "generation", "layout", "manifest", "verification"]
