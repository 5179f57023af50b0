"""Tests of `bulkrepo.core`."""
