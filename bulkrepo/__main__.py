"""Wiring. `python -m bulkrepo`."""

from bulkrepo.cli.main import main

main()
