"""Tests of `bulkrepo.swr`."""
