"""Write docs/requirements: the pinned packages with the hashes of all their files.

    python .ci/hash_requirements.py

Needs uv (`pip install uv`) and asks the configured package index for the hashes.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "requirements"
#: Packages that come with torch for graphics cards, and with no other.
CUDA = re.compile(r"(?:torch|triton|cuda-[\w-]+|nvidia-[\w-]+)(?:\[[\w, -]+\])?==")
HEADER = "# Written by .ci/hash_requirements.py from pyproject.toml and constraints.txt.\n"
COMMAND = (
    *("uv", "pip", "compile", "pyproject.toml", "--all-extras", "--constraints", "constraints.txt"),
    *(
        "--generate-hashes",
        "--no-strip-extras",
        "--universal",
        "--python-version",
        "3.11",
        "--no-header",
        "--no-annotate",
        "--quiet",
    ),
)


def main() -> None:
    done = subprocess.run(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    # pip 23.2, which comes with Python 3.11, compares the name of this extra as the package writes it.
    output = done.stdout.replace("lxml[html-clean]", "lxml[html_clean]")
    packages = re.split(r"\n(?=\w)", output.strip())
    FOLDER.mkdir(exist_ok=True)
    for name, wanted in (("packages.txt", False), ("torch-cuda.txt", True)):
        chosen = [package for package in packages if bool(CUDA.match(package)) == wanted]
        (FOLDER / name).write_text(HEADER + "\n".join(chosen) + "\n", "utf-8")


if __name__ == "__main__":
    main()
