"""Translations of words, learnt from parallel sentences: IBM model 1 (Brown et al. 1993), both ways.

A reader that meets mixed text, English order with German words, learns which words of two languages say the
same (code switching, Qin et al. 2020, https://arxiv.org/abs/2006.06402). It is no translation.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
#: Rounds of expectation and maximisation; words of a sentence that are looked at.
_ROUNDS, _LONGEST = 6, 120
#: A translation is believed from this probability on, as the geometric mean of both directions, and so many
#: are kept for a word.
_BELIEVED, _KEPT = 0.12, 3
#: Vietnamese syllables are one word from this normalised pointwise mutual information on.
_TOGETHER, _OFTEN = 0.45, 3


@dataclass(frozen=True, slots=True)
class Lexicon:
    """``words``: for a word in small letters its translations as they are written, each with its weight."""

    words: Mapping[str, Sequence[tuple[str, float]]]

    @classmethod
    def learn(cls, pairs: Iterable[tuple[str, str]]) -> Lexicon:
        """Learn from sentences and their translations; equal pairs give an equal lexicon."""
        both = list(pairs)
        joined = Compounds.learn(text for _, text in both)
        sources = [[w.casefold() for w in _WORD.findall(a)][:_LONGEST] for a, _ in both]
        written = [joined.words(b)[:_LONGEST] for _, b in both]
        targets = [[w.casefold() for w in words] for words in written]
        kept = [i for i in range(len(both)) if sources[i] and targets[i]]
        sources, targets = [sources[i] for i in kept], [targets[i] for i in kept]
        forth, back = _model(sources, targets), _model(targets, sources)
        spelled: dict[str, Counter[str]] = {}
        for words in written:
            for place, word in enumerate(words):
                # The first word of a sentence has a capital that is not its own.
                if place:
                    spelled.setdefault(word.casefold(), Counter())[word] += 1
        found: dict[str, list[tuple[str, float]]] = {}
        for (source, target), chance in forth.items():
            weight = math.sqrt(chance * back.get((target, source), 0.0))
            if weight >= _BELIEVED:
                best = spelled.get(target)
                found.setdefault(source, []).append((best.most_common(1)[0][0] if best else target, weight))
        return cls({w: sorted(t, key=lambda p: (-p[1], p[0]))[:_KEPT] for w, t in sorted(found.items())})

    def switched(
        self, text: str, chance: random.Random, share: float, kept: tuple[int, int] | None = None
    ) -> tuple[str, tuple[int, int] | None]:
        """The text with ``share`` of the known words in the other language, and where ``kept`` is then."""
        parts: list[str] = []
        length, end = 0, 0
        start_then, end_then = 0, 0
        for match in _WORD.finditer(text):
            known = self.words.get(match[0].casefold())
            if not known or chance.random() >= share:
                continue
            said = chance.choices([w for w, _ in known], [weight for _, weight in known])[0]
            if match[0][0].isupper() and match.start() == 0:
                said = said[0].upper() + said[1:]
            before = text[end : match.start()]
            if kept:
                start_then += _moved(kept[0], match, said)
                end_then += _moved(kept[1], match, said)
            parts += [before, said]
            length += len(before) + len(said)
            end = match.end()
        parts.append(text[end:])
        return "".join(parts), (kept[0] + start_then, kept[1] + end_then) if kept else None


def _moved(place: int, match: re.Match[str], said: str) -> int:
    """How far a place of the text moves when a word before it, or ending at it, is replaced."""
    return len(said) - len(match[0]) if match.end() <= place else 0


@dataclass(frozen=True, slots=True)
class Compounds:
    """Words that stand together so often that they are one, as most Vietnamese ones are."""

    pairs: frozenset[tuple[str, str]]

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Compounds:
        """Learn from texts of one language; few pairs of a language written in whole words are found."""
        single: Counter[str] = Counter()
        both: Counter[tuple[str, str]] = Counter()
        for text in texts:
            words = [word.casefold() for word in _WORD.findall(text)]
            single.update(words)
            both.update(pairwise(words))
        whole = max(1, sum(single.values()))
        found = set()
        for (a, b), count in both.items():
            # A word of seven letters or more is no syllable.
            if count >= _OFTEN and len(a) < 7 and len(b) < 7:
                mutual = math.log(count * whole / (single[a] * single[b])) / -math.log(count / whole)
                if mutual >= _TOGETHER:
                    found.add((a, b))
        return cls(frozenset(found))

    def words(self, text: str) -> list[str]:
        """The words of a text, those that belong together with a space between them."""
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


def _model(
    sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]
) -> dict[tuple[str, str], float]:
    """p(target | source) of words that stand in sentences of one pair, small ones left out."""
    source_ids = {w: i for i, w in enumerate(sorted({w for words in sources for w in words}))}
    target_ids = {w: i for i, w in enumerate(sorted({w for words in targets for w in words}))}
    rows, columns, places = [], [], []
    place = 0
    for a, b in zip(sources, targets, strict=True):
        left = np.array([source_ids[w] for w in a])
        right = np.array([target_ids[w] for w in b])
        rows.append(np.tile(left, len(right)))
        columns.append(np.repeat(right, len(left)))
        places.append(np.repeat(np.arange(place, place + len(right)), len(left)))
        place += len(right)
    source, at = np.concatenate(rows), np.concatenate(places)
    cells, cell = np.unique(source * len(target_ids) + np.concatenate(columns), return_inverse=True)
    cell_source = cells // len(target_ids)
    probability = np.ones(len(cells))
    for _ in range(_ROUNDS):
        value = probability[cell]
        value = value / np.bincount(at, value, place)[at]
        counts = np.bincount(cell, value, len(cells))
        probability = counts / np.bincount(cell_source, counts, len(source_ids))[cell_source]
    names, words = list(source_ids), list(target_ids)
    kept = np.flatnonzero(probability >= 0.02)
    return {
        (names[cells[i] // len(words)], words[cells[i] % len(words)]): float(probability[i]) for i in kept
    }
