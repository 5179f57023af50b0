"""One run of a command: settings, sign-in, loading, progress, reports."""
