"""``python -m eval fuzz``: no generated case crashes anything or takes long."""

from __future__ import annotations

import contextlib
import json
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from eval.lab.checks import Check, checks_table
from eval.lab.fuzzing.cases import Case, generated, seeds, text_of
from eval.lab.fuzzing.targets import FILES, QUESTIONS, TEXTS, read_files
from indexer.cli.options import exit_on_error
from indexer.errors import FundstelleError

#: Seconds after which a case is given up; it has long failed by then.
_GIVE_UP = 20.0


@dataclass(slots=True)
class Outcome:
    """The cases of a target, counted."""

    cases: int = 0
    slowest: float = 0.0
    over: int = 0
    crashes: int = 0
    #: Rows for ``seeds.jsonl``.
    failures: list[str] = field(default_factory=list)

    def add(self, target: str, case: Case, seconds: float, fault: str | None, limit: float) -> None:
        """Count a case."""
        self.cases += 1
        self.slowest = max(self.slowest, seconds)
        self.over += seconds > limit
        self.crashes += fault is not None
        if fault is not None or seconds > limit:
            self.failures.append(json.dumps({"targets": [target], "case": case, "fault": fault or "slow"}))


def main(
    cases: Annotated[int, typer.Option(min=10, help="Cases over all targets, besides the seeds.")] = 20_000,
    seconds: Annotated[float, typer.Option(min=0.01, help="Time limit of a case.")] = 1.0,
    number: Annotated[int, typer.Option("--seed", help="Another one gives other cases.")] = 57,
    target: Annotated[list[str] | None, typer.Option(help="Only this; may be repeated.")] = None,
) -> None:
    """Send generated texts and files through readers, cleaning and analysis; fail at a crash or a slow case.

    Cases that fail are printed as rows for eval/lab/fuzzing/seeds.jsonl.
    """
    names = [*TEXTS, *QUESTIONS, *FILES]
    if unknown := set(target or ()) - set(names):
        raise typer.BadParameter(f"no target {min(unknown)!r}: {', '.join(names)}", param_hint="--target")
    chosen = target or names
    outcomes: dict[str, Outcome] = {}
    with exit_on_error():
        for name in chosen:
            share = generated(-(-cases // len(chosen)), number, name in QUESTIONS)
            outcomes[name] = fuzz(name, [*seeds(name), *share], seconds)
            for failure in outcomes[name].failures:
                print(failure)
        checks = _checks(outcomes, seconds)
        Console(width=150, markup=False).print(checks_table(f"fuzzing with seed {number}", checks))
        if not all(check.holds for check in checks):
            raise FundstelleError("cases failed; their rows for seeds.jsonl are above")


def fuzz(target: str, cases: Sequence[Case], limit: float) -> Outcome:
    """Run cases on a target."""
    outcome = Outcome()
    texts = [text_of(case) for case in cases]
    results = read_files(texts, FILES[target]) if target in FILES else _run(target, texts)
    for case, (seconds, fault) in zip(cases, results, strict=True):
        outcome.add(target, case, seconds, fault, limit)
    return outcome


def _run(target: str, texts: Sequence[str]) -> Iterator[tuple[float, str | None]]:
    action = {**TEXTS, **QUESTIONS}[target]
    for text in texts:
        began = time.perf_counter()
        fault = _fault(action, text)
        yield time.perf_counter() - began, fault


def _fault(action: Callable[[str], None], text: str) -> str | None:
    try:
        with _given_up():
            action(text)
    except (FundstelleError, TimeoutError):
        return None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {place.name}"
    return None


@contextlib.contextmanager
def _given_up() -> Iterator[None]:
    """End the block after a time, where the system has timers."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _GIVE_UP)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _checks(outcomes: dict[str, Outcome], seconds: float) -> list[Check]:
    checks = []
    for name, outcome in outcomes.items():
        value = f"{outcome.crashes} crashes, {outcome.over} slow, slowest {outcome.slowest:.3f} s"
        holds = not outcome.crashes and not outcome.over
        checks.append(Check(f"{name}: {outcome.cases:,}", value, f"0, 0, ≤ {seconds:g} s", holds))
    return checks
