"""TODO docstring."""

from __future__ import annotations

#: Sentences whose stems are kept: questions on one matter read the same ones.
_STEMMED = 1 << 14
#: Documents whose words are kept.
_WRITTEN = 1 << 10
