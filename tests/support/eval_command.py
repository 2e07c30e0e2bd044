"""The command line of the evaluation with a fake embedder as its model."""

from fakes import FakeEmbedder
from typer.testing import CliRunner, Result

from eval.cli import app


def run_eval(*arguments: object, embedder: FakeEmbedder | None = None) -> Result:
    """Run ``python -m eval`` with these arguments in this process."""
    model = embedder or FakeEmbedder()
    return CliRunner().invoke(app, [str(argument) for argument in arguments], obj=lambda _name: model)
