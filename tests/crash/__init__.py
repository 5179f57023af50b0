"""Runs that are killed, and services that fail."""
