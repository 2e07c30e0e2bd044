"""Arguments, options and checks that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from indexer.embedding.embedder import Embedder

SetArgument = Annotated[
    Path, typer.Argument(metavar="SET", help="A BEIR folder or a question file.", show_default=False)
]
BeirArgument = Annotated[Path, typer.Argument(metavar="SET", help="A BEIR folder.", show_default=False)]
SetsArgument = Annotated[list[Path], typer.Argument(metavar="SET", help="BEIR folders.", show_default=False)]
IndexesOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder of an index: one for each SET, in their order.", show_default="built, then removed"
    ),
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Most questions of each language.")]
CacheOption = Annotated[
    Path | None, typer.Option(help="Folder for the indexes.", show_default="built, then removed")
]

#: Loads an embedding model by folder or hub id, the default one for ``None``.
ModelLoader = Callable[[str | None], Embedder]


def model_loader(context: typer.Context) -> ModelLoader:
    """The object of the context, with which a caller replaces the model; by default the library's loader."""
    if context.obj is not None:
        loader: ModelLoader = context.obj
        return loader
    from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder.load


def require_sets(sets: Sequence[Path], indexes: Sequence[Path] | None) -> None:
    """Check that the sets are folders and that each has its index.

    Raises:
        typer.BadParameter: they are not, or the numbers differ.
    """
    if indexes and len(indexes) != len(sets):
        raise typer.BadParameter(f"{len(indexes)} indexes for {len(sets)} sets: one for each, or none")
    for folder in sets:
        if not folder.is_dir():
            raise typer.BadParameter(f"no BEIR folder at {folder}", param_hint="SET")
