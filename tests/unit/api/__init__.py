"""Whole runs by the library: what plan, verify, retry, undo and surveys do."""
