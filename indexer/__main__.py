from indexer.cli.commands import main

main()
