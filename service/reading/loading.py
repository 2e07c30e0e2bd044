"""Which reader a service has: the one of its own, another cross-encoder, or none."""

from __future__ import annotations

from typing import Annotated

import typer

from indexer.embedder import Embedder, SentenceTransformerEmbedder
from service.reading import Reader

#: Names of a setting that are no model.
OWN, OFF = "own", "off"
READER_HELP = "What reads the first passages again: own, off, or a cross-encoder's folder or hub id."
ReaderOption = Annotated[str, typer.Option(help=READER_HELP, envvar="FUNDSTELLE_READER")]


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
        from service.reading.local import LocalReader

        return LocalReader.load(base=base if isinstance(base, SentenceTransformerEmbedder) else None)
    from service.reading.crossencoder import CrossEncoderReader

    return CrossEncoderReader.load(name)
