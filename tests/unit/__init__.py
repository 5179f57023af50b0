"""One package or module at a time."""
