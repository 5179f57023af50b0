"""The command line, and whole runs by it."""
