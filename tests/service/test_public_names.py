"""The public names of the package."""

import subprocess
import sys

from paths import ROOT

import service


def test_every_public_name_can_be_imported_and_is_listed() -> None:
    assert [getattr(service, name).__name__ for name in service.__all__] == service.__all__
    assert set(service.__all__) <= set(dir(service))


def test_importing_the_package_loads_nothing_else_of_it() -> None:
    program = "import sys, service; print([name for name in sys.modules if name.startswith('service.')])"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert printed.stdout == "[]\n"
