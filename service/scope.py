"""What a sentence is about beyond its own words: the act under discussion, the aspect being told."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from indexer.aspects import ASPECTS, Aspect, speaks_of
from indexer.places import find_places, related_places
from service.catalogue import Numbers, Scores
from service.query import Question
from service.retrieval import Retriever

#: What is left of a mention's hold one sentence later, while its paragraph goes on.
_DECAY = 0.85
#: A document that names an act is about it a little, in every sentence.
_IN_DOCUMENT = 0.3
#: The same, where at least half of its mentions are of that act.
_MAIN_ACT = 0.5
#: How surely a sentence is about an act that uses this share of the words of the act's title.
_BY_TOPIC = 0.7
_TOPIC_SHARE = 0.3

_NUMBER_ASKED = re.compile(
    r"wie\s?viele?\b|wie\s+(?:hoch|groß|oft|lange)\b|welche\s+(?:zahl|anzahl|summe)|how\s+(?:many|much|often|long)\b"
    r"|what\s+(?:number|amount|percentage|share)|bao\s+nhiêu|bao\s+lâu|mấy\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|jede[rsnm]?|täglich|wöchentlich"
    r"|monatlich|jährlich|quartal\w*|halb\w*|two|three|four|five|six|seven|eight|nine|ten|every|once|twice|daily"
    r"|weekly|monthly|yearly|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|hàng|mỗi)\b"
    r"|hundert|tausend|million|milliarde|vierteljährlich|thousand|billion|triệu|tỷ",
    re.IGNORECASE,
)


def asks_for_number(question: str) -> bool:
    """Whether only a figure can answer: "wie viele", "how much", "bao nhiêu"."""
    return bool(_NUMBER_ASKED.search(question))


def has_number(sentence: str) -> bool:
    """Whether a sentence gives a figure, in digits, in a word, or as a frequency."""
    return bool(_NUMBER.search(sentence))


def in_setting(question: Question, documents: Numbers, retriever: Retriever) -> list[bool]:
    """Whether each sentence's document fits the provinces and dates that a question names.

    A document fits a province when it is about it or names it, and a period when it was published in it
    or names its year. What happened in one province must not answer for another.
    """
    store, catalogue = retriever.generation.store, retriever.catalogue
    wanted = related_places(mention.place for mention in question.places)
    years = {period.first[:4] for period in question.dates}
    fits: dict[int, bool] = {}
    for number in set(documents.tolist()):
        document = store.document(number)
        one = np.array([number], np.int64)
        place = not wanted or bool(
            catalogue.place_fit(question, one)[0]
            or wanted.intersection(mention.place for mention in find_places(document.text))
        )
        date = not years or bool(
            catalogue.date_fit(question, one)[0] or any(year in document.text for year in years)
        )
        fits[number] = place and date
    return [fits[number] for number in documents.tolist()]


@dataclass(frozen=True, slots=True)
class Scope:
    """The sentences of a generation that name the acts asked for, or others, and what each act is on."""

    retriever: Retriever
    keys: tuple[str, ...]
    named: frozenset[int]
    others: frozenset[int]
    documents: frozenset[int]

    @classmethod
    def of(cls, keys: tuple[str, ...], retriever: Retriever) -> Scope:
        catalogue = retriever.catalogue
        by_sentence = catalogue.keys_of_sentence
        named = frozenset(s for s, found in by_sentence.items() if found.intersection(keys))
        documents = frozenset(int(d) for key in keys for d in catalogue.documents_by_key.get(key, ()))
        return cls(retriever, keys, named, frozenset(by_sentence) - named, documents)

    def fit(self, sentences: Numbers) -> Scores:
        """How surely each sentence is about the acts asked for, 0 to 1.

        1 where it names one. After a mention it holds on within the passage, weaker by the sentence,
        until another act is named. In a document that names the act, a sentence that uses the words of
        its title counts too, and so does every sentence where that act is the main one.
        """
        spans = self.retriever.generation.sentences
        fit = np.zeros(len(sentences), np.float32)
        for row, sentence in enumerate(sentences.tolist()):
            document = int(spans.document[sentence])
            if document in self.documents:
                fit[row] = max(
                    self._by_mention(sentence), self._by_topic(sentence), self._by_document(document)
                )
        return fit

    def _by_mention(self, sentence: int) -> float:
        passage = self.retriever.catalogue.passage_of[sentence]
        first = int(self.retriever.generation.passages.first[passage])
        hold = 1.0
        for number in range(sentence, first - 1, -1):
            if number in self.named:
                return hold
            if number in self.others:
                return 0.0
            hold *= _DECAY
        return 0.0

    def _by_topic(self, sentence: int) -> float:
        topics = self.retriever.catalogue.topics
        if sentence in self.others or not any(key in topics for key in self.keys):
            return 0.0
        words = self.retriever.stems(sentence)
        mine = max((topics[key].share(words) for key in self.keys if key in topics), default=0.0)
        rival = max(
            (topic.share(words) for key, topic in topics.items() if key not in self.keys), default=0.0
        )
        return _BY_TOPIC if mine >= _TOPIC_SHARE and mine > rival else 0.0

    def _by_document(self, document: int) -> float:
        mentions = self.retriever.catalogue.mentions_of_document[document]
        share = sum(mentions[key] for key in self.keys) / mentions.total()
        return _MAIN_ACT if share >= 0.5 else _IN_DOCUMENT


def aspect_fit(aspect: Aspect, sentences: Numbers, retriever: Retriever) -> Scores:
    """How surely each sentence tells an aspect, 0 to 1: by its own words, or by a lead-in before it.

    A lead-in is a heading, or a sentence with a colon, that names the aspect; it holds to the end of
    the passage unless a sentence names another aspect only.
    """
    spans, generation = retriever.generation.sentences, retriever.generation
    fit = np.zeros(len(sentences), np.float32)
    for row, sentence in enumerate(sentences.tolist()):
        text = retriever.text(sentence)
        if speaks_of(text, aspect):
            fit[row] = 1.0
            continue
        first = int(generation.passages.first[retriever.catalogue.passage_of[sentence]])
        before = ((bool(spans.heading[number]), retriever.text(number)) for number in range(first, sentence))
        led = any((heading or ":" in lead) and speaks_of(lead, aspect) for heading, lead in before)
        elsewhere = any(speaks_of(text, other) for other in ASPECTS if other != aspect)
        fit[row] = 0.6 if led and not elsewhere else 0.0
    return fit
