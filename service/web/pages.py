"""What people see in a browser: the search page, the document view, and the widget for other pages."""

from __future__ import annotations

import gzip
import html
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, HTTPException, Request, Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Pages load from here alone, run no inline script, and stand in no other page.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: Scripts are for pages anywhere: that is what the widget is for.
_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True, slots=True)
class StaticPage:
    """A file as it is sent."""

    content: bytes
    zipped: bytes
    headers: Mapping[str, str]

    @classmethod
    def of(cls, name: str, content: bytes) -> StaticPage:
        """Its type is told by its name."""
        suffix = name[name.rindex(".") :]
        # Kept by browsers, but asked for again each time: all scripts are to be of one release.
        headers = {"Content-Type": _TYPES[suffix], "Vary": "Accept-Encoding"}
        headers |= {"Content-Security-Policy": _CSP} if suffix == ".html" else _ANYWHERE
        return cls(content, gzip.compress(content, 9, mtime=0), headers)

    def response(self, request: Request) -> Response:
        """Compressed where the browser takes that."""
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.zipped, headers={**self.headers, "Content-Encoding": "gzip"})
        return Response(self.content, headers=dict(self.headers))


def router(key: str = "") -> APIRouter:
    """Routes of all faces, which are read here, once.

    Args:
        key: with which the pages of this service call its API; anyone can read it in them.
    """
    faces = {
        entry.name: StaticPage.of(entry.name, _content(entry, key))
        for entry in (files("service.web") / "static" / "faces").iterdir()
        if any(entry.name.endswith(suffix) for suffix in _TYPES)
    }
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page(request: Request) -> Response:
        return faces["index.html"].response(request)

    @routes.get("/d/{document_id:path}")
    async def document(document_id: str, request: Request) -> Response:
        # Which document is no matter of this page: its script asks for it.
        return faces["document.html"].response(request)

    @routes.get("/embed.js")
    async def widget(request: Request) -> Response:
        return faces["embed.js"].response(request)

    @routes.get("/static/faces/{name}")
    async def file(name: str, request: Request) -> Response:
        if name not in faces or name.endswith(".html"):
            raise HTTPException(404)
        return faces[name].response(request)

    return routes


def _content(entry: Traversable, key: str) -> bytes:
    content = entry.read_bytes()
    return content.replace(b"{{key}}", html.escape(key).encode()) if entry.name.endswith(".html") else content
