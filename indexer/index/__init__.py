"""Index on disk: its layout, its generations, opening and verifying them."""

__all__ = ["generation", "layout", "live_generation", "manifest", "verification"]
