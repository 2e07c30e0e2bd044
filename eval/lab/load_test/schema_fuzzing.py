"""schemathesis against the running service: is every reply described, and does nothing break it?"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

from eval.lab.checks import Check
from eval.lab.load_test.scenarios import UNLIMITED, Plan
from indexer.errors import FundstelleError

#: Cases in all that are to be put, and for each kind of request at the most.
_WANTED, _EACH = 2000, 250
_SECONDS = 1800
#: How schemathesis names what has no place here at all.
_BROKEN = ("Server error", "Undocumented HTTP status code", "Undocumented Content-Type")


def contract(plan: Plan) -> list[Check]:
    """All checks of schemathesis over all addresses.

    Raises:
        FundstelleError: schemathesis is not installed, or said nothing that could be read.
    """
    if importlib.util.find_spec("schemathesis") is None:
        raise FundstelleError("schemathesis is not installed: pip install -c constraints.txt -e '.[dev]'")
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
            str(_EACH),
            "--seed",
            "57",
        ]
        done = subprocess.run(command, capture_output=True, cwd=plan.folder, timeout=_SECONDS, check=False)
        alive = service.process.poll() is None
        errors = service.metric("fundstelle_requests_total", status="500")
    said = done.stdout.decode(errors="replace")
    return [
        *read(said),
        Check("replies of status 500, as the service counts", f"{errors:.0f}", "0", errors == 0 and alive),
    ]


def read(said: str) -> list[Check]:
    """Figures of what schemathesis printed.

    Raises:
        FundstelleError: there is no summary.
    """
    cases = re.search(r"(\d+) generated", said)
    if cases is None:
        raise FundstelleError(
            f"schemathesis gave no summary: {(said.strip().splitlines() or ['nothing'])[-1]}"
        )
    found = {name.strip(): int(count) for name, count in re.findall(r"❌ (?:ST\d+ )?([^:\n]+): (\d+)", said)}
    broken = sum(count for name, count in found.items() if name in _BROKEN)
    others = {name: count for name, count in found.items() if name not in _BROKEN}
    return [
        Check("cases put", cases[1], f"≥ {_WANTED}", int(cases[1]) >= _WANTED),
        Check("server errors and undocumented replies", str(broken), "0", broken == 0),
        Check(
            "other checks that failed",
            ", ".join(f"{k}: {v}" for k, v in others.items()) or "none",
            "none",
            not others,
        ),
    ]
