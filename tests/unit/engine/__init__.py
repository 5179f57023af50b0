"""Tests of `bulkrepo.engine`."""
