"""Time to first paint, transferred bytes and screenshots of the pages and the widget in a browser.

    python -m eval faces --index DIR [--into DIR]

``INTO`` gets a picture of each page in each state, on a wide and a narrow screen, light and dark.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import statistics
import tempfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from PIL import Image
from rich.console import Console

from eval.lab.browser import chromium, foreign_page
from eval.lab.checks import Check, checks_table
from eval.lab.service_process import ServiceProcess, running_service
from indexer.cli.options import exit_on_error

#: Bounds: milliseconds to the first paint of the input field, bytes of the page, bytes of the widget.
_PAINT, _TRANSFER, _WIDGET = 300, 100_000, 20_000
_RUNS = 9
#: A page of another origin with the widget.
_INTRANET = """<!doctype html><html lang="de"><meta charset="utf-8"><title>Intranet</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<script src="{service}/embed.js" defer></script>
<style>body {{ margin: 0; background: Canvas; color: CanvasText; font-family: Georgia, serif; }}
header {{ padding: 1rem 1.5rem; background: #33415c; color: #fff; }}
main {{ padding: 1.5rem; max-width: 44rem; }}</style>
<header>Intranet der Abteilung</header><main><h1>Nachschlagen</h1>
<fundstelle-search lang="de" examples="Was ist neu zu Resolution 57?"></fundstelle-search></main></html>"""
_SCREENS = {"wide": (1280, 860), "narrow": (360, 740)}
#: Notes the time at which the input field was painted.
_WATCH = """() => {
  const look = () => {
    const field = document.querySelector("fundstelle-search")?.shadowRoot?.querySelector("input");
    if (field) requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
_TRANSFERRED = """() => performance.getEntriesByType("resource")
  .concat(performance.getEntriesByType("navigation"))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def main(
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    into: Annotated[Path | None, typer.Option(help="Folder for pictures.", show_default="none")] = None,
    question: Annotated[
        str, typer.Option(help="A question that is answered.")
    ] = "Welche Mängel wurden bei Resolution 57 festgestellt?",
    refused: Annotated[
        str, typer.Option(help="A question that is refused.")
    ] = "Welche Mängel gab es bei Resolution 157?",
) -> None:
    """Measure the search page in a browser; with --into, also take pictures of all pages and states."""
    # The service has to know the origin of the other page before it starts, and that page the service.
    address = [""]
    with (
        exit_on_error(),
        tempfile.TemporaryDirectory(prefix="fundstelle-pages-") as folder,
        chromium() as browser,
        foreign_page(
            lambda: _INTRANET.format(service=address[0]), lambda: "frame-ancestors 'none'"
        ) as foreign_origin,
        running_service(
            index,
            Path(folder),
            {"FUNDSTELLE_ADDRESS_RATE": "0", "FUNDSTELLE_CORS_ORIGINS": foreign_origin},
            workers=1,
        ) as service,
    ):
        address[0] = service.url
        checks = [*_page_checks(browser, service), _widget_check()]
        Console(width=120, markup=False).print(checks_table("pages", checks))
        if into:
            into.mkdir(parents=True, exist_ok=True)
            pictures = list(_pictures(browser, service, foreign_origin, into, question, refused))
            print(f"{len(pictures)} pictures in {into}")


def _page_checks(browser: Any, service: ServiceProcess) -> list[Check]:
    """The search page from a warm service, each time with an empty browser cache."""
    paints, transfers = [], []
    for _ in range(_RUNS):
        context = browser.new_context()
        context.add_init_script(f"({_WATCH})()")
        page = context.new_page()
        page.goto(service.url)
        page.wait_for_function("() => window.painted")
        page.wait_for_selector(".chip")
        paints.append(page.evaluate("window.painted"))
        transfers.append(page.evaluate(_TRANSFERRED))
        context.close()
    # The first run also starts processes of the browser.
    paint, transfer = statistics.median(paints[1:]), max(transfers)
    measured = f"{paint:.0f} ms ({min(paints[1:]):.0f} to {max(paints[1:]):.0f})"
    return [
        Check("first paint of the input field", measured, f"≤ {_PAINT} ms", paint <= _PAINT),
        Check(
            "transferred, with examples",
            f"{transfer / 1000:.1f} kB",
            "≤ 100 kB",
            transfer <= _TRANSFER,
        ),
    ]


def _widget_check() -> Check:
    """All files that a foreign page loads for the widget, compressed."""
    folder = files("service.web") / "static" / "faces"
    wanted, sizes = ["embed.js", "widget.js"], dict[str, int]()
    while wanted:
        name = wanted.pop()
        if name not in sizes:
            content = (folder / name).read_bytes()
            sizes[name] = len(gzip.compress(content, 9))
            wanted += re.findall(r'from "\./([a-z_]+\.js)"', content.decode())
    total = sum(sizes.values())
    return Check(
        "widget, compressed", f"{total / 1000:.1f} kB in {len(sizes)} files", "≤ 20 kB", total <= _WIDGET
    )


def _pictures(
    browser: Any, service: ServiceProcess, foreign_origin: str, into: Path, question: str, refused: str
) -> Iterator[Path]:
    document = _first_document(browser, service)
    states: dict[str, Callable[[Any], None]] = {
        "page-empty": lambda page: _open(page, f"{service.url}/?lang=de", ".chip"),
        "page-suggestions": lambda page: _typing(page, service.url, question),
        "page-answered": lambda page: _answered(page, _question_url(service, question)),
        "page-refused": lambda page: _open(page, _question_url(service, refused), ".otherwise, .no_evidence"),
        "page-busy": lambda page: _busy(
            page, lambda: _open(page, _question_url(service, question), ".trouble")
        ),
        "widget-empty": lambda page: _embedded(page, foreign_origin, "", "input"),
        "widget-answered": lambda page: _embedded(page, foreign_origin, question, ".hits"),
        "widget-refused": lambda page: _embedded(page, foreign_origin, refused, ".hits"),
        "widget-busy": lambda page: _busy(
            page, lambda: _embedded(page, foreign_origin, question, ".trouble")
        ),
        "document": lambda page: _open(page, f"{service.url}/d/{document}?lang=de", "article"),
        "document-place": lambda page: _cited_sentence(page, _question_url(service, question)),
        "document-missing": lambda page: _open(page, f"{service.url}/d/none?lang=de", "h1"),
    }
    for screen, (width, height) in _SCREENS.items():
        for scheme in ("light", "dark"):
            for name, show in states.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    locale="de-DE",
                    reduced_motion="reduce",
                )
                page = context.new_page()
                show(page)
                page.wait_for_timeout(300)
                path = into / f"{name}-{screen}-{scheme}.png"
                picture = page.screenshot(full_page="answered" in name)
                # Few colours are enough for text and take a quarter of the bytes.
                Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(path, optimize=True)
                context.close()
                yield path


def _question_url(service: ServiceProcess, question: str) -> str:
    return f"{service.url}/?lang=de&q={quote(question)}"


def _first_document(browser: Any, service: ServiceProcess) -> str:
    page = browser.new_page()
    reply = page.request.get(f"{service.url}/v1/documents?limit=1").json()
    page.close()
    return quote(str(reply["documents"][0]["document_id"]))


def _open(page: Any, address: str, until: str) -> None:
    page.goto(address)
    page.wait_for_selector(until)


def _typing(page: Any, address: str, question: str) -> None:
    _open(page, address, ".chip")
    page.locator("input[type=search]").press_sequentially(question.split()[1][:4])
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")


def _answered(page: Any, address: str) -> None:
    _open(page, address, ".hits")
    page.locator(".cite").first.click()
    page.wait_for_selector("blockquote mark")


def _cited_sentence(page: Any, address: str) -> None:
    _answered(page, address)
    page.locator(".in-document").first.click()
    page.wait_for_selector("mark.cited")


def _embedded(page: Any, address: str, question: str, until: str) -> None:
    page.goto(address)
    page.locator("fundstelle-search input").wait_for()
    if question:
        page.locator("input").fill(question)
        page.keyboard.press("Enter")
    page.locator(until).first.wait_for()


def _busy(page: Any, show: Callable[[], None]) -> None:
    body = json.dumps({"title": "Service Unavailable", "status": 503, "detail": "busy"})
    page.route("**/v1/ask", lambda route: route.fulfill(status=503, body=body, headers={"Retry-After": "30"}))
    show()
