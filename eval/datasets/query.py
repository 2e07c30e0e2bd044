"""TODO docstring."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_LANGUAGE = "und"  # BCP 47: undetermined


@dataclass(frozen=True, slots=True)
class Query:
    """One question. Questions of one ``parallel`` are translations of each other.

    ``answers``: strings any of which answers it; ``unanswerable``: known to have no answer in the corpus.
    """

    query_id: str
    text: str
    language: str
    parallel: str
    answers: tuple[str, ...] = ()
    unanswerable: bool = False
