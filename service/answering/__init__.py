"""From scored sentences to a verified answer or a refusal."""

__all__ = [
    "answer",
    "answerer",
    "clauses",
    "constraints",
    "quantities",
    "selection",
]
