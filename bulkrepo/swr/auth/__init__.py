"""
Pure. Ways to sign in: request headers, requests to IAM, and what a refusal means.

Reading files and sending requests is left to the caller: a way to sign in is given
functions and answers, and holds values.
"""
