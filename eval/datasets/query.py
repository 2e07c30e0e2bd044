"""One question of a set."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_LANGUAGE = "und"  # BCP 47: undetermined


@dataclass(frozen=True, slots=True)
class Query:
    """A question. Questions of the same ``parallel`` are translations of each other.

    ``answers``: alternative answer strings; ``unanswerable``: True if the corpus has no answer.
    """

    query_id: str
    text: str
    language: str
    parallel: str
    answers: tuple[str, ...] = ()
    unanswerable: bool = False
