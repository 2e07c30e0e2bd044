"""Question and text as the reader takes them: one row of tokens, with the place of each in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

#: Tokens of the longest question, and of a pair.
QUESTION, PAIR = 64, 256
#: Batches are padded to a multiple of so many tokens: torch keeps a kernel for each shape it has met.
MULTIPLE = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """``ids``: all tokens; ``first``: which of them begins the text.

    ``spans``: where in the text each of its tokens stands, ``[start, end)`` in code points.
    """

    ids: list[int]
    first: int
    spans: list[tuple[int, int]]


class Pairing:
    """Makes pairs with a fast tokenizer of XLM-R's kind: ``<s> question </s></s> text </s>``."""

    def __init__(self, tokenizer: Any, longest: int = PAIR) -> None:
        backend = tokenizer.backend_tokenizer
        # The same vocabulary, in memory once, without the padding and cutting that are set in the other one
        # for every batch; and without special tokens: "</s>" in a document is text.
        self._tokenizer = Tokenizer(backend.model)
        if backend.normalizer is not None:
            self._tokenizer.normalizer = backend.normalizer
        self._tokenizer.pre_tokenizer = backend.pre_tokenizer
        self._longest = longest
        self._begin = int(
            tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.cls_token_id
        )
        self._end = int(
            tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
        )
        self.padding = int(tokenizer.pad_token_id)

    def pairs(self, questions: Sequence[str], texts: Sequence[str]) -> list[Pair]:
        """One pair for each question and the text beside it; what is too long is cut at the end."""
        different = list(dict.fromkeys(questions))
        asked = dict(zip(different, self.tokens(different), strict=True))
        return [
            self.pair(asked[question], text)
            for question, text in zip(questions, self.tokens(texts), strict=True)
        ]

    def tokens(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Ids and places of the tokens of each text."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [(found.ids, found.offsets) for found in encoded]

    def pair(
        self, question: tuple[list[int], list[tuple[int, int]]], text: tuple[list[int], list[tuple[int, int]]]
    ) -> Pair:
        """A pair of what ``tokens`` gives."""
        asked = question[0][:QUESTION]
        first = len(asked) + 3
        room = self._longest - first - 1
        ids = [self._begin, *asked, self._end, self._end, *text[0][:room], self._end]
        return Pair(ids, first, [(start, end) for start, end in text[1][:room]])


def padded(pairs: Sequence[Pair], padding: int) -> tuple[list[list[int]], list[list[int]]]:
    """Ids and masks of a batch, all rows of one length."""
    longest = max(len(pair.ids) for pair in pairs)
    length = -(-longest // MULTIPLE) * MULTIPLE
    ids = [pair.ids + [padding] * (length - len(pair.ids)) for pair in pairs]
    masks = [[1] * len(pair.ids) + [0] * (length - len(pair.ids)) for pair in pairs]
    return ids, masks
