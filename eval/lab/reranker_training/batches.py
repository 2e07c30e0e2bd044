"""Examples as batches of token rows of similar length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from eval.lab.reranker_training.examples import Example
from service.reranking.pair_encoding import MULTIPLE, Pair, PairEncoder

#: Most tokens of a batch, padding included, and most rows.
TOKENS, ROWS = 4096, 64
#: Batches whose rows are sorted by length together; sorting all rows would order the training by length.
_SORTED_TOGETHER = 40
#: Position of an answer that is not known; ignored by the loss.
_UNKNOWN = -100


@dataclass(frozen=True, slots=True)
class Row:
    """A tokenized pair. ``answers``: True if the text answers.

    ``start``, ``end``: first and last token of the answer; 0 without an answer, -100 if they are not known.
    """

    pair: Pair
    answers: bool
    start: int
    end: int


def rows(examples: Sequence[Example], pairing: PairEncoder) -> list[Row]:
    """One row for each example."""
    questions = pairing.tokens([example.question for example in examples])
    texts = pairing.tokens([example.text for example in examples])
    return [
        _row(example, pairing.pair(question, text))
        for example, question, text in zip(examples, questions, texts, strict=True)
    ]


def _row(example: Example, pair: Pair) -> Row:
    if not example.answers:
        return Row(pair, False, 0, 0)
    if example.span is None:
        return Row(pair, True, _UNKNOWN, _UNKNOWN)
    start, end = example.span
    inside = [i for i, (low, high) in enumerate(pair.spans) if high > start and low < end]
    if not inside or pair.spans[inside[-1]][1] < end:
        # The answer was truncated with the end of the text.
        return Row(pair, False, 0, 0)
    return Row(pair, True, pair.first + inside[0], pair.first + inside[-1])


def batches(rows: Sequence[Row], seed: int) -> list[list[Row]]:
    """All rows in batches of similar length, in a random order; the same order for the same seed."""
    random = Random(seed)
    order = list(rows)
    random.shuffle(order)
    found: list[list[Row]] = []
    pool = _SORTED_TOGETHER * ROWS
    for begin in range(0, len(order), pool):
        batch: list[Row] = []
        for row in sorted(order[begin : begin + pool], key=lambda row: len(row.pair.ids)):
            length = -(-len(row.pair.ids) // MULTIPLE) * MULTIPLE
            # Rows are sorted: this one is the longest so far.
            if batch and ((len(batch) + 1) * length > TOKENS or len(batch) == ROWS):
                found.append(batch)
                batch = []
            batch.append(row)
        found.append(batch)
    random.shuffle(found)
    return found
