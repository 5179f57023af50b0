"""Bytes out and bytes in: one session, proxies, TLS, deadlines."""
