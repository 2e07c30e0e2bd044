"""Code switching with a translation lexicon: IBM model 1 (Brown et al. 1993) in both directions.

From mixed text, such as English word order with German words, a cross-encoder learns which words of two
languages have the same meaning (Qin et al. 2020, https://arxiv.org/abs/2006.06402).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
#: Rounds of expectation and maximisation; most words of a sentence.
_ROUNDS, _LONGEST = 6, 120
#: Least weight of a translation, the geometric mean of both probabilities, and most translations of a word.
_MIN_WEIGHT, _MAX_TRANSLATIONS = 0.12, 3
#: Least normalised pointwise mutual information and count of two syllables of one Vietnamese word.
_MIN_INFORMATION, _MIN_COUNT = 0.45, 3


@dataclass(frozen=True, slots=True)
class Lexicon:
    """``words``: case-folded word → its translations as they are spelled, each with its weight."""

    words: Mapping[str, Sequence[tuple[str, float]]]

    @classmethod
    def learn(cls, pairs: Iterable[tuple[str, str]]) -> Lexicon:
        """Learn from sentences and their translations; equal pairs give an equal lexicon."""
        sentences = list(pairs)
        compounds = Compounds.learn(text for _, text in sentences)
        sources = [[w.casefold() for w in _WORD.findall(a)][:_LONGEST] for a, _ in sentences]
        spelled = [compounds.words(b)[:_LONGEST] for _, b in sentences]
        targets = [[w.casefold() for w in words] for words in spelled]
        complete = [i for i in range(len(sentences)) if sources[i] and targets[i]]
        sources, targets = [sources[i] for i in complete], [targets[i] for i in complete]
        forward, backward = _translation_model(sources, targets), _translation_model(targets, sources)
        spelling = _spellings(spelled)
        found: dict[str, list[tuple[str, float]]] = {}
        for (source, target), probability in forward.items():
            weight = math.sqrt(probability * backward.get((target, source), 0.0))
            if weight >= _MIN_WEIGHT:
                found.setdefault(source, []).append((spelling.get(target, target), weight))
        return cls(
            {
                word: sorted(translations, key=lambda pair: (-pair[1], pair[0]))[:_MAX_TRANSLATIONS]
                for word, translations in sorted(found.items())
            }
        )

    def switched(
        self, text: str, random: Random, share: float, span: tuple[int, int] | None = None
    ) -> tuple[str, tuple[int, int] | None]:
        """The text with ``share`` of its known words in the other language, and its shifted span."""
        parts: list[str] = []
        end = start_shift = end_shift = 0
        for match in _WORD.finditer(text):
            translations = self.words.get(match[0].casefold())
            if not translations or random.random() >= share:
                continue
            words, weights = [w for w, _ in translations], [weight for _, weight in translations]
            word = random.choices(words, weights)[0]
            if match[0][0].isupper() and match.start() == 0:
                word = word[0].upper() + word[1:]
            if span:
                start_shift += _shift(span[0], match, word)
                end_shift += _shift(span[1], match, word)
            parts += [text[end : match.start()], word]
            end = match.end()
        parts.append(text[end:])
        return "".join(parts), (span[0] + start_shift, span[1] + end_shift) if span else None


def _spellings(sentences: Iterable[Sequence[str]]) -> dict[str, str]:
    """Case-folded word → its most frequent spelling, not counting the first word of a sentence."""
    counts: dict[str, Counter[str]] = {}
    for words in sentences:
        for word in words[1:]:
            counts.setdefault(word.casefold(), Counter())[word] += 1
    return {word: counter.most_common(1)[0][0] for word, counter in counts.items()}


def _shift(offset: int, match: re.Match[str], word: str) -> int:
    """The shift of an offset when a word that ends before or at it is replaced."""
    return len(word) - len(match[0]) if match.end() <= offset else 0


@dataclass(frozen=True, slots=True)
class Compounds:
    """Pairs of words that occur together so often that they are one word, as most Vietnamese ones are."""

    pairs: frozenset[tuple[str, str]]

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Compounds:
        """Learn from texts of one language; languages that write whole words have few such pairs."""
        single: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            words = [word.casefold() for word in _WORD.findall(text)]
            single.update(words)
            pairs.update(pairwise(words))
        whole = max(1, sum(single.values()))
        found = set()
        for (a, b), count in pairs.items():
            # A syllable has fewer than seven letters.
            if count >= _MIN_COUNT and len(a) < 7 and len(b) < 7:
                mutual = math.log(count * whole / (single[a] * single[b])) / -math.log(count / whole)
                if mutual >= _MIN_INFORMATION:
                    found.add((a, b))
        return cls(frozenset(found))

    def words(self, text: str) -> list[str]:
        """The words of a text, compounds as one word with a space."""
        found: list[str] = []
        last = ""
        for word in _WORD.findall(text):
            if (last.casefold(), word.casefold()) in self.pairs:
                found[-1] += f" {word}"
                last = ""
            else:
                found.append(word)
                last = word
        return found


def _translation_model(
    sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]
) -> dict[tuple[str, str], float]:
    """p(target | source) of words in sentences of the same pair, without small probabilities."""
    source_ids = {w: i for i, w in enumerate(sorted({w for words in sources for w in words}))}
    target_ids = {w: i for i, w in enumerate(sorted({w for words in targets for w in words}))}
    rows, columns, positions = [], [], []
    count = 0
    for a, b in zip(sources, targets, strict=True):
        left = np.array([source_ids[w] for w in a])
        right = np.array([target_ids[w] for w in b])
        rows.append(np.tile(left, len(right)))
        columns.append(np.repeat(right, len(left)))
        positions.append(np.repeat(np.arange(count, count + len(right)), len(left)))
        count += len(right)
    source, at = np.concatenate(rows), np.concatenate(positions)
    cells, cell = np.unique(source * len(target_ids) + np.concatenate(columns), return_inverse=True)
    cell_source = cells // len(target_ids)
    probability = np.ones(len(cells))
    for _ in range(_ROUNDS):
        value = probability[cell]
        value = value / np.bincount(at, value, count)[at]
        counts = np.bincount(cell, value, len(cells))
        probability = counts / np.bincount(cell_source, counts, len(source_ids))[cell_source]
    names, words = list(source_ids), list(target_ids)
    likely = np.flatnonzero(probability >= 0.02)
    return {
        (names[cells[i] // len(words)], words[cells[i] % len(words)]): float(probability[i]) for i in likely
    }
