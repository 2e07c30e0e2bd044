"""TODO docstring."""

from __future__ import annotations

#: What each kind of evidence adds to a sentence's score, in units of cosine. A sentence is read in its
#: context, so its passage counts too. Chosen on xquad and mlqa-dev by ``python -m eval run --answers``.
_METRIC, _PASSAGE, _LEXICAL, _WORDS, _CONCEPTS = 1.0, 0.45, 0.15, 0.06, 0.06
#: Set by hand: what a sentence gains that is about the act, tells the aspect, is of the province,
#: gives the kind of thing asked for.
_ACT, _ASPECT, _PLACE, _KIND = 0.08, 0.06, 0.03, 0.03
