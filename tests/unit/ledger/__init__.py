"""Tests of `bulkrepo.ledger`."""
