"""Against real components; `pytest -m real`."""
