"""Query understanding: from the text of a question to its parts."""

__all__ = [
    "answer_type",
    "intent",
    "number_words",
    "question",
    "rewriting",
    "understanding",
]
