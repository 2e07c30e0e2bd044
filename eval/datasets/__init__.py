"""Question sets on disk."""

__all__ = ["beir", "held_out", "jsonl", "loading", "query", "question_file"]
