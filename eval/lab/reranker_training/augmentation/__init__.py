"""Generated training examples."""

__all__ = ["clozes", "code_switching", "unanswerable"]
