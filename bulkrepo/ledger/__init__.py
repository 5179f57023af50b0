"""The journal of runs: a SQLite file, and a thread of its own for it."""
