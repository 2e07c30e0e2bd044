"""Pages for browsers: the search page, the document view, and the widget for other pages."""

from __future__ import annotations

import gzip
import html
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, HTTPException, Request, Response

_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Pages load from this service only, run no inline script, and cannot be framed.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: Scripts may be loaded by any page: the widget depends on it.
_CROSS_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True, slots=True)
class StaticPage:
    """A file as it is sent, plain and compressed."""

    content: bytes
    compressed: bytes
    headers: Mapping[str, str]

    @classmethod
    def of(cls, name: str, content: bytes) -> StaticPage:
        """The page of a file, with the content type of its suffix."""
        suffix = name[name.rindex(".") :]
        # Browsers revalidate it each time, so that all scripts are of one release.
        headers = {"Content-Type": _CONTENT_TYPES[suffix], "Vary": "Accept-Encoding"}
        headers |= {"Content-Security-Policy": _CSP} if suffix == ".html" else _CROSS_ORIGIN
        return cls(content, gzip.compress(content, 9, mtime=0), headers)

    def response(self, request: Request) -> Response:
        """The response, compressed if the browser accepts that."""
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.compressed, headers={**self.headers, "Content-Encoding": "gzip"})
        return Response(self.content, headers=dict(self.headers))


def router(key: str = "") -> APIRouter:
    """Routes of all pages; their files are read here, once.

    Args:
        key: API key that the pages use; anyone can read it in them.
    """
    pages = {
        entry.name: StaticPage.of(entry.name, _content(entry, key))
        for entry in (files("service.web") / "static" / "faces").iterdir()
        if any(entry.name.endswith(suffix) for suffix in _CONTENT_TYPES)
    }
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page(request: Request) -> Response:
        return pages["index.html"].response(request)

    @routes.get("/d/{document_id:path}")
    async def document(document_id: str, request: Request) -> Response:
        # The page is the same for all documents: its script asks for the document.
        return pages["document.html"].response(request)

    @routes.get("/embed.js")
    async def widget(request: Request) -> Response:
        return pages["embed.js"].response(request)

    @routes.get("/static/faces/{name}")
    async def file(name: str, request: Request) -> Response:
        if name not in pages or name.endswith(".html"):
            raise HTTPException(404)
        return pages[name].response(request)

    return routes


def _content(entry: Traversable, key: str) -> bytes:
    content = entry.read_bytes()
    return content.replace(b"{{key}}", html.escape(key).encode()) if entry.name.endswith(".html") else content
