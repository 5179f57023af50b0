"""Wiring. `python -m bulkrepo`."""

from bulkrepo.cli import main

main()
