"""Ask a question, search for passages, or serve both over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from indexer.cli.options import IndexOption, JsonOption, ModelOption, exit_on_error, terminal_text
from indexer.errors import FundstelleError
from indexer.index.live_generation import live_name
from indexer.text.languages import Language
from service.api.requests import MAX_CITATIONS, MAX_HITS, QuestionText
from service.auth.exposure import require_keys
from service.auth.key_file import KeyFile
from service.cli import keys as key_commands
from service.cli.options import READER_HELP, ReaderOption, load_settings
from service.observability import logs
from service.reranking.loading import OWN

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(key_commands.app, name="keys")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question: German, English or Vietnamese.")],
    index: IndexOption,
    language: Annotated[Language | None, typer.Option(help="Its language.", show_default="detected")] = None,
    max_citations: Annotated[int, typer.Option(min=1, max=MAX_CITATIONS, help="Most citations.")] = 6,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json: JsonOption = False,
) -> None:
    """Answer QUESTION with cited statements."""
    from service.api import serializers
    from service.engine import Engine

    with exit_on_error():
        text = _validated(question)
        engine = Engine.open(index, model, reader)
        reply = serializers.ask_reply(engine.ask(text, language, max_citations), engine.generation)
    if as_json:
        print(reply.model_dump_json(indent=1))
        return
    print(terminal_text(reply.answer))
    for citation in reply.citations:
        origin = ", ".join(part for part in (citation.place, citation.published) if part)
        source = f"{citation.document_id}:{citation.start}-{citation.end}"
        parts = (f"[{citation.number}] {citation.title}", origin, source, citation.url or "")
        print(terminal_text(" · ".join(part for part in parts if part)))
    print(f"confidence {reply.confidence:.2f}")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for: German, English or Vietnamese.")],
    index: IndexOption,
    top_k: Annotated[int, typer.Option(min=1, max=MAX_HITS, help="Number of passages.")] = 10,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json: JsonOption = False,
) -> None:
    """Find the passages that match QUERY best."""
    from service.api import serializers
    from service.engine import Engine

    with exit_on_error():
        text = _validated(query)
        engine = Engine.open(index, model, reader)
        reply = serializers.search_reply(*engine.search(text, top_k), engine.generation)
    if as_json:
        print(reply.model_dump_json(indent=1))
        return
    for rank, hit in enumerate(reply.hits, start=1):
        origin = " · ".join(part for part in (hit.title, hit.place, hit.published) if part)
        print(terminal_text(f"{rank}  {hit.score:.3f}  {hit.passage_id}  {origin}\n{hit.text}\n"))
    if not reply.hits:
        print("nothing found")


@app.command()
def serve(
    index: Annotated[
        Path | None, typer.Option("--index", help="Folder of the index.", show_default="index")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on.", show_default="8000")
    ] = None,
    model: ModelOption = None,
    reader: Annotated[str | None, typer.Option(help=READER_HELP, show_default=OWN)] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Worker processes; best one per core.", show_default="1"),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="File of the API keys.", show_default="none: loopback only")
    ] = None,
    insecure: Annotated[
        bool | None,
        typer.Option("--insecure", help="Listen beyond this machine although no key is required."),
    ] = None,
) -> None:
    """Serve questions and searches over HTTP until interrupted. Further settings: docs/operating.md."""
    with exit_on_error():
        settings = load_settings(
            index=index,
            host=host,
            port=port,
            model=model,
            reader=reader,
            workers=workers,
            keys=keys,
            insecure=insecure,
        )
        require_keys(settings.host, settings.keys is not None, settings.insecure)
        logs.configure(settings.log_format, settings.log_level)
        # A faulty index is reported in one line, before any worker starts to load a model.
        live_name(settings.index)
        if settings.keys is not None:
            key_commands.warn(KeyFile(settings.keys))
        from service.web.app import create_app
        from service.web.server import serve as run

        run(create_app(settings), settings)


def _validated(question: str) -> str:
    """The question, with the same limits as over HTTP.

    Raises:
        FundstelleError: it is empty, too long, or contains no word.
    """
    try:
        text: str = TypeAdapter(QuestionText).validate_python(question.strip())
    except ValidationError as error:
        raise FundstelleError(f"question: {error.errors()[0]['msg']}") from error
    return text


def main() -> None:
    app(prog_name="python -m service")
