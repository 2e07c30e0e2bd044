"""Question-passage pairs as token rows for a cross-encoder."""

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
    """The tokens of a question and a text.

    ``ids``: all tokens; ``first``: index of the text's first token; ``spans``: of each of its tokens in the
    text, ``[start, end)`` in code points.
    """

    ids: list[int]
    first: int
    spans: list[tuple[int, int]]


class PairEncoder:
    """Encodes pairs with a fast tokenizer like XLM-R's: ``<s> question </s></s> text </s>``."""

    def __init__(self, tokenizer: Any, longest: int = PAIR) -> None:
        backend = tokenizer.backend_tokenizer
        # Shares the vocabulary, but has its own padding and truncation, which the other one sets for every
        # batch, and no special tokens: "</s>" in a document is text.
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
        """One pair for each question and its text; a pair that is too long is cut at the end."""
        different = list(dict.fromkeys(questions))
        asked = dict(zip(different, self.tokens(different), strict=True))
        return [
            self.pair(asked[question], text)
            for question, text in zip(questions, self.tokens(texts), strict=True)
        ]

    def tokens(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Ids and spans of the tokens of each text."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [(found.ids, found.offsets) for found in encoded]

    def pair(
        self, question: tuple[list[int], list[tuple[int, int]]], text: tuple[list[int], list[tuple[int, int]]]
    ) -> Pair:
        """The pair of a question and a text, both as ``tokens`` returns them."""
        asked = question[0][:QUESTION]
        first = len(asked) + 3
        room = self._longest - first - 1
        ids = [self._begin, *asked, self._end, self._end, *text[0][:room], self._end]
        return Pair(ids, first, [(start, end) for start, end in text[1][:room]])


def padded(pairs: Sequence[Pair], padding: int) -> tuple[list[list[int]], list[list[int]]]:
    """Ids and masks of a batch, padded to one length."""
    longest = max(len(pair.ids) for pair in pairs)
    length = -(-longest // MULTIPLE) * MULTIPLE
    ids = [pair.ids + [padding] * (length - len(pair.ids)) for pair in pairs]
    masks = [[1] * len(pair.ids) + [0] * (length - len(pair.ids)) for pair in pairs]
    return ids, masks
