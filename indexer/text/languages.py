"""The languages of documents and questions."""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["de", "en", "vi"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
