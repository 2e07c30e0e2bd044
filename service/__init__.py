"""Question time: from a question to cited statements, or to a refusal with its reason.

The public names are imported on first use (PEP 562), so that importing the package loads no library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.answering.answer import Answer
    from service.engine import Engine
    from service.settings import Settings
    from service.web.app import create_app

__all__ = ["Answer", "Engine", "Settings", "create_app"]

_MODULES = {
    "Answer": "service.answering.answer",
    "Engine": "service.engine",
    "Settings": "service.settings",
    "create_app": "service.web.app",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
