"""The tests: pure modules by table and property, the whole by the command line."""
