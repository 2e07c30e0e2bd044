"""``python -m indexer``."""

from indexer.cli.commands import main

main()
