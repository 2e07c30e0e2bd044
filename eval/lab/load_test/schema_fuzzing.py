"""Property-based tests of the HTTP interface by schemathesis."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

from eval.lab.checks import Check
from eval.lab.load_test.scenarios import UNLIMITED, LoadPlan
from indexer.errors import FundstelleError

#: Least number of cases, and most for each operation.
_LEAST_CASES, _MOST_EXAMPLES = 2000, 250
_SECONDS = 1800
#: Failures that must not occur, by the names of schemathesis.
_SEVERE = ("Server error", "Undocumented HTTP status code", "Undocumented Content-Type")


def fuzz(plan: LoadPlan) -> list[Check]:
    """All checks of schemathesis on all operations.

    Raises:
        FundstelleError: schemathesis is not installed, or printed no summary.
    """
    if importlib.util.find_spec("schemathesis") is None:
        raise FundstelleError("schemathesis is not installed: pip install '.[lab]'")
    with plan.service(UNLIMITED) as service:
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--no-color",
            "run",
            f"{service.url}/openapi.json",
        ]
        command += [
            "--checks",
            "all",
            "--max-examples",
            str(_MOST_EXAMPLES),
            "--seed",
            "57",
        ]
        done = subprocess.run(command, capture_output=True, cwd=plan.folder, timeout=_SECONDS, check=False)
        alive = service.process.poll() is None
        errors = service.metric("fundstelle_requests_total", status="500")
    output = done.stdout.decode(errors="replace")
    return [
        *parse_summary(output),
        Check("replies of status 500 by the service's count", f"{errors:.0f}", "0", errors == 0 and alive),
    ]


def parse_summary(output: str) -> list[Check]:
    """The checks from the output of schemathesis.

    Raises:
        FundstelleError: it has no summary.
    """
    cases = re.search(r"(\d+) generated", output)
    if cases is None:
        raise FundstelleError(
            f"schemathesis gave no summary: {(output.strip().splitlines() or ['nothing'])[-1]}"
        )
    failures = {
        name.strip(): int(count) for name, count in re.findall(r"❌ (?:ST\d+ )?([^:\n]+): (\d+)", output)
    }
    severe = sum(count for name, count in failures.items() if name in _SEVERE)
    others = {name: count for name, count in failures.items() if name not in _SEVERE}
    return [
        Check("cases", cases[1], f"≥ {_LEAST_CASES}", int(cases[1]) >= _LEAST_CASES),
        Check("server errors and undocumented replies", str(severe), "0", severe == 0),
        Check(
            "other checks that failed",
            ", ".join(f"{k}: {v}" for k, v in others.items()) or "none",
            "none",
            not others,
        ),
    ]
