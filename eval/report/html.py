"""Records as one HTML page without scripts or requests, for light and dark screens and for print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from eval.report.set_charts import Chart, quality_chart, reliability_charts, time_charts
from eval.report.views import set_views
from eval.runs.comparison import in_one_sentence
from eval.runs.record import Record
from indexer.errors import SourceError

PAGE = "report.html"
_OWN_TEMPLATES = PackageLoader("eval.report")
#: Errors that a record raises if it has the outline of a record but not its contents.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, TemplateError)


@dataclass(frozen=True, slots=True)
class Section:
    """A finished section of the page. ``anchor``: unique on its page; ``body``: safe HTML."""

    anchor: str
    title: str
    body: Markup


def render_section(anchor: str, title: str, package: str, template: str, **values: Any) -> Section:
    """A section from a template of another package, which may import ``plot.html.j2`` of this one.

    Args:
        package: the package with the folder ``templates``.
        values: variables of the template; charts as ``Chart``.
    """
    loader = ChoiceLoader([PackageLoader(package), _OWN_TEMPLATES])
    body = _environment(loader).get_template(template).render(**values)
    return Section(anchor, title, Markup(body))  # escaped by the template


def page(records: Mapping[str, Record], sections: Sequence[Section] = ()) -> str:
    """The page of some records. Equal arguments give an equal page.

    Args:
        records: name or file → record.
        sections: shown after the records' own sections.

    Raises:
        SourceError: a record is malformed; the message names it.
    """
    try:
        return _rendered(records.values(), sections)
    except _MALFORMED:
        for name, record in records.items():
            try:
                _rendered([record], ())
            except _MALFORMED as error:
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                raise SourceError(f"{name}: no record of a run ({reason})") from error
        raise


def write_page(file: Path, records: Mapping[str, Record], sections: Sequence[Section] = ()) -> None:
    """Write the page of some records.

    Raises:
        SourceError: a record is malformed, or the file cannot be written.
    """
    text = page(records, sections)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise SourceError(f"{file}: cannot be written ({error.strerror})") from error


def _rendered(records: Iterable[Record], sections: Sequence[Section]) -> str:
    sets: list[tuple[object, Chart | None, list[Chart], list[Chart]]] = [
        (view, quality_chart(number, view), time_charts(number, view), reliability_charts(number, view))
        for number, view in enumerate(set_views(records), 1)
    ]
    template = _environment(_OWN_TEMPLATES).get_template("report.html.j2")
    return template.render(sets=sets, sections=sections, in_one_sentence=in_one_sentence)


def _environment(loader: ChoiceLoader | PackageLoader) -> Environment:
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
