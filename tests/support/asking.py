"""Engines over small indexes of given texts, made with the fake embedder.

Hashed words resemble no aspect, so the aspect of a sentence depends on its words and lead-ins alone.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from fakes import FakeEmbedder

from indexer.annotation.aspect_classifier import Exemplars
from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Vectors
from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from service.answering.answer import Answer
from service.engine import Engine, EngineSettings
from service.scoring.confidence import Confidence, ConfidenceFeatures

#: Answers everything: where this is used, when to abstain is not under test.
EAGER = Confidence(weights=(0.0,) * len(fields(ConfidenceFeatures)), intercept=5.0, threshold=0.0, slope=1.0)
#: Is sure of nothing.
SHY = Confidence(weights=(0.0,) * len(fields(ConfidenceFeatures)), intercept=-5.0, threshold=0.5, slope=1.0)


@contextmanager
def asked(documents: dict[str, str], confidence: Confidence = EAGER, **settings: Any) -> Iterator[Engine]:
    """An engine over texts by file name; ``settings``: fields of ``EngineSettings``."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        for name, text in documents.items():
            (source / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        embedder = FakeEmbedder()
        with patch.object(Exemplars, "similarities", _none):
            build([source], Path(folder, "index"), embedder)
        generation = open_generation(Path(folder, "index"))
        try:
            chosen = EngineSettings(confidence=confidence, **settings)
            yield Engine.compose(generation, embedder, settings=chosen)
        finally:
            generation.close()


def _none(_: object, vectors: Vectors) -> Vectors:
    return np.zeros((len(vectors), len(ASPECTS)), np.float32)


def quotes(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


def cited(answer: Answer) -> list[str]:
    """Names of the documents cited, each once, in order."""
    return list(dict.fromkeys(citation.document.document_id for citation in answer.citations))
