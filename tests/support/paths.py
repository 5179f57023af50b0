"""Where files are that tests read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTINGS = Path(__file__).parent / "listings"
LEDGERS = Path(__file__).parent / "ledgers"
