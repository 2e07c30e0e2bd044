"""Examples as batches of tokens of about one length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from eval.lab.reranker_training.examples import Example
from service.reranking.pair_encoding import MULTIPLE, Pair, PairEncoder

#: Tokens of a batch, padding included, and its most rows.
TOKENS, ROWS = 4096, 64
#: Batches whose rows are sorted by length together: all at once would make the order one of lengths.
_TOGETHER = 40
_UNKNOWN = -100


@dataclass(frozen=True, slots=True)
class Row:
    """A pair, whether it answers, and the tokens where the answer begins and ends.

    Both are 0, the first token, where there is no answer, and -100 where nobody noted its place.
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
        # Cut off with the end of the text: what is left does not answer.
        return Row(pair, False, 0, 0)
    return Row(pair, True, pair.first + inside[0], pair.first + inside[-1])


def batches(rows: Sequence[Row], seed: int) -> list[list[Row]]:
    """All rows once, in a random order but for their lengths; the same order for the same seed."""
    chance = random.Random(seed)
    order = list(rows)
    chance.shuffle(order)
    found: list[list[Row]] = []
    pool = _TOGETHER * ROWS
    for begin in range(0, len(order), pool):
        batch: list[Row] = []
        for row in sorted(order[begin : begin + pool], key=lambda row: len(row.pair.ids)):
            length = -(-len(row.pair.ids) // MULTIPLE) * MULTIPLE
            # Sorted: this row is the longest by now.
            if batch and ((len(batch) + 1) * length > TOKENS or len(batch) == ROWS):
                found.append(batch)
                batch = []
            batch.append(row)
        found.append(batch)
    chance.shuffle(found)
    return found
