"""Files of a folder that hold documents; links are followed only inside the folder, unless asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

#: Files about a folder, not documents of it.
NOTES = ("readme.md", "readme.txt", "sources.toml")
#: The documents of a folder in BEIR layout, which also has questions and relevance judgements.
_BEIR_CORPUS = {"corpus.jsonl", "corpus.jsonl.gz"}
_LEADS_OUT = "a link that leads out of the source; --follow-links reads it"


class DocumentFiles:
    """The files of a folder that hold documents, found when it is constructed.

    A link may lead to any file of the machine, and documents are shown to everyone who may ask.

    Args:
        index: a folder in it that is not searched.
        follow_links: also take what links to other folders lead to.

    Attributes:
        paths: in their order.
        problems: paths that are left out, each with the reason.
    """

    def __init__(self, folder: Path, index: Path | None = None, follow_links: bool = False) -> None:
        self.paths: list[Path] = []
        self.problems: list[tuple[Path, str]] = []
        self._root = os.path.realpath(folder)
        self._follow_links = follow_links
        # Each folder once: links may lead in circles.
        self._seen = {self._root}
        if index:
            self._seen.add(os.path.realpath(index))
        for parent, folders, names in os.walk(folder, onerror=self._note, followlinks=follow_links):
            folders[:] = [name for name in folders if self._enters(Path(parent, name))]
            for name in _document_names(names):
                self._add(Path(parent, name))
        self.paths.sort()

    def _enters(self, folder: Path) -> bool:
        if folder.name.startswith("."):
            return False
        is_link, target = folder.is_symlink(), os.path.realpath(folder)
        if is_link and not self._follow_links:
            # What a link inside the source leads to is found at its own place.
            if not self._is_inside(target):
                self.problems.append((folder, _LEADS_OUT))
            return False
        is_new = target not in self._seen
        self._seen.add(target)
        return is_new

    def _add(self, path: Path) -> None:
        if path.is_symlink() and not self._follow_links and not self._is_inside(os.path.realpath(path)):
            self.problems.append((path, _LEADS_OUT))
        else:
            self.paths.append(path)

    def _is_inside(self, target: str) -> bool:
        return os.path.commonpath((self._root, target)) == self._root

    def _note(self, error: OSError) -> None:
        self.problems.append((Path(error.filename), error.strerror or str(error)))


def _document_names(names: Iterable[str]) -> Iterable[str]:
    """The names of a folder's files that hold documents."""
    if _BEIR_CORPUS.intersection(names) and "qrels.tsv" in names:
        # The questions of a question set must not be found among its documents.
        return _BEIR_CORPUS.intersection(names)
    return [name for name in names if not name.startswith(".") and name.lower() not in NOTES]
