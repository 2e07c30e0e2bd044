"""``python -m eval``."""

import sys

try:
    from eval.cli import main
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] in ("eval", "service", "indexer"):
        raise
    sys.exit(f"error: eval needs {error.name}: pip install '.[eval]'")

main()
