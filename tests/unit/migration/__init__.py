"""Tests of `bulkrepo.migration`."""
