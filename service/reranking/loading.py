"""Loading of the cross-encoder that a setting names."""

from __future__ import annotations

from indexer.embedding.embedder import Embedder
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from service.reranking.cross_encoder import CrossEncoder

#: Values of the setting that name no model: the bundled cross-encoder, and none.
OWN, OFF = "own", "off"


def load_cross_encoder(name: str = OWN, base: Embedder | None = None) -> CrossEncoder | None:
    """The cross-encoder of a name: ``own``, ``off`` (``None``), or a folder or hub id.

    Args:
        base: the embedding model in use; the bundled cross-encoder shares its parts where it can.

    Raises:
        ModelError: it cannot be loaded.
    """
    if name == OFF:
        return None
    if name == OWN:
        from service.reranking.bundled import BundledCrossEncoder

        return BundledCrossEncoder.load(base=base if isinstance(base, SentenceTransformerEmbedder) else None)
    from service.reranking.sentence_transformer import SentenceTransformerCrossEncoder

    return SentenceTransformerCrossEncoder.load(name)
