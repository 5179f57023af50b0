"""Tests of `bulkrepo.inputs`."""
