"""Tests of `bulkrepo.http`."""
