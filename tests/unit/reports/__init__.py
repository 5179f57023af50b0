"""Tests of `bulkrepo.reports`."""
