"""Reader of Markdown files with YAML front matter, of which only plain values are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml
from frontmatter.default_handlers import YAMLHandler

from indexer.sources.converters import ConversionError, ConvertedFile
from indexer.sources.encoding import decode

_UNCLOSED = re.compile(r"-{3,}[ \t]*\r?\n\s*[\w-]+[ \t]*:")
#: by hand: characters of front matter, and levels of lists and mappings in it. Real front matter has a few
#: lines; the YAML library crashes at 100,000 levels.
MAX_LENGTH, MAX_DEPTH = 64_000, 20
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def convert(path: Path) -> ConvertedFile:
    """The text of a Markdown file, with its front matter as fields.

    Raises:
        ConversionError: the file is empty, or its front matter is not a mapping in plain YAML.
        SourceError: the file cannot be decoded.
    """
    fields, body = _split(decode(path.read_bytes()))
    if not body.strip():
        raise ConversionError("empty")
    return ConvertedFile(body, fields)


def _split(text: str) -> tuple[dict[str, str], str]:
    """The front matter and the body; ``frontmatter.parse()`` would silently drop malformed front matter."""
    text = text.lstrip()
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text
    try:
        block, body = handler.split(text)
    except ValueError as error:
        if _UNCLOSED.match(text):
            raise ConversionError("front matter is not closed by a line ---") from error
        return {}, text  # the line is a thematic break
    if len(block) > MAX_LENGTH:
        raise ConversionError(f"front matter of {len(block):,} characters; it may have {MAX_LENGTH:,}")
    try:
        events = list(_bounded(yaml.parse(block, Loader=_LOADER)))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else f" ({error})"
        raise ConversionError(f"front matter is not valid YAML{where}") from error
    return _fields(events), body


def _bounded(events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
    """The events of the parser; too many levels are an error where they begin, since it gets slow in them."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConversionError(f"front matter is nested over {MAX_DEPTH} levels{_line(event)}")
        yield event


def _fields(events: Sequence[yaml.Event]) -> dict[str, str]:
    """The plain values of a mapping, as they are written, by key in lower case, without lists and mappings.

    Nothing is constructed from the events of the parser: no value is interpreted, so none can be wrong, and
    no alias can multiply.
    """
    fields: dict[str, str] = {}
    key: str | None = None
    depth = documents = 0
    for event in events:
        _require_plain(event)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            # The end of a value that is not plain: the next scalar is a key.
            key = None if depth == 1 else key
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            _require_place(event, depth, key)
        elif isinstance(event, yaml.ScalarEvent) and depth <= 1:
            key = _scalar(event, depth, key, fields)
    if documents > 1:
        raise ConversionError("front matter is more than one YAML document")
    return fields


def _scalar(event: yaml.ScalarEvent, depth: int, key: str | None, fields: dict[str, str]) -> str | None:
    """Take a key or its value; returns the key whose value comes next."""
    is_null = event.implicit[0] and event.value in _NULL
    if depth == 0:
        if is_null:
            return None
        raise ConversionError("front matter is not a YAML mapping")
    if key is None:
        return str(event.value).lower()
    fields.pop(key, None)
    if not is_null:
        fields[key] = event.value
    return None


def _require_plain(event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise ConversionError(
            f"front matter has an anchor or alias{_line(event)}; only plain values are read"
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise ConversionError(f"front matter has the tag {tag!r}{_line(event)}; only plain values are read")


def _require_place(event: yaml.CollectionStartEvent, depth: int, key: str | None) -> None:
    """Check that a list or mapping may begin here."""
    if depth == 1 and not isinstance(event, yaml.MappingStartEvent):
        raise ConversionError("front matter is not a YAML mapping")
    if depth == 2 and key is None:
        raise ConversionError(f"front matter has a list or mapping as a key{_line(event)}")


def _line(event: yaml.Event) -> str:
    # The block begins with the line break after the opening marks.
    mark = event.start_mark
    return f" in line {mark.line + 1}" if mark else ""
