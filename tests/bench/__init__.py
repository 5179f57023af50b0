"""Speed and memory, each a ratio within one run: `python -m tests.bench`."""
