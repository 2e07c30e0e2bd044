"""Which reader a service has: the one of its own, another cross-encoder, or none."""

from __future__ import annotations

from indexer.embedding.embedder import Embedder
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from service.reranking.cross_encoder import Reader

#: Names of a setting that are no model.
OWN, OFF = "own", "off"


def load_reader(name: str = OWN, base: Embedder | None = None) -> Reader | None:
    """The reader by its name: ``own``, ``off``, or a folder or hub id of a cross-encoder.

    Args:
        base: the embedding model in use, whose parts the reader of our own shares where it can.

    Raises:
        ModelError: it cannot be loaded.
    """
    if name == OFF:
        return None
    if name == OWN:
        from service.reranking.bundled import LocalReader

        return LocalReader.load(base=base if isinstance(base, SentenceTransformerEmbedder) else None)
    from service.reranking.sentence_transformer import CrossEncoderReader

    return CrossEncoderReader.load(name)
