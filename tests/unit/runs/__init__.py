"""Tests of `bulkrepo.runs`."""
