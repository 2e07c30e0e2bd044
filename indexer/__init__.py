"""Offline half of Fundstelle: from files to an immutable generation of an index.

``indexer.__all__`` is the API for other programs. Its names are imported when they are first used, so that a
module of this package can be imported without the libraries of the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.build.pipeline import build as build_index
    from indexer.build.report import BuildSummary
    from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
    from indexer.errors import FundstelleError
    from indexer.index.generation import Generation, open_generation
    from indexer.index.manifest import Manifest
    from indexer.index.verification import verify
    from indexer.preprocessing.chunking import Chunking
    from indexer.sources.reader import read_sources

__all__ = [
    "BuildSummary",
    "Chunking",
    "FundstelleError",
    "Generation",
    "Manifest",
    "SentenceTransformerEmbedder",
    "build_index",
    "open_generation",
    "read_sources",
    "verify",
]

#: Module of each name, and its name there.
_ORIGINS = {
    "BuildSummary": ("indexer.build.report", "BuildSummary"),
    "Chunking": ("indexer.preprocessing.chunking", "Chunking"),
    "FundstelleError": ("indexer.errors", "FundstelleError"),
    "Generation": ("indexer.index.generation", "Generation"),
    "Manifest": ("indexer.index.manifest", "Manifest"),
    "SentenceTransformerEmbedder": ("indexer.embedding.sentence_transformer", "SentenceTransformerEmbedder"),
    # Not "build", which is a package.
    "build_index": ("indexer.build.pipeline", "build"),
    "open_generation": ("indexer.index.generation", "open_generation"),
    "read_sources": ("indexer.sources.reader", "read_sources"),
    "verify": ("indexer.index.verification", "verify"),
}


def __getattr__(name: str) -> Any:
    if name not in _ORIGINS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _ORIGINS[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
