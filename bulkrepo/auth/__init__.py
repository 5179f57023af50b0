"""
Pure. Ways to sign in: request headers, requests to IAM, and what a refusal means.

Reading files and sending requests is left to the caller: a way to sign in is given
functions and answers, and holds values.
"""

from bulkrepo.auth.keys import Keys
from bulkrepo.auth.password import Password
from bulkrepo.auth.protocol import FIRST, NEVER, Auth
from bulkrepo.auth.token import Token

__all__ = ["FIRST", "NEVER", "Auth", "Keys", "Password", "Token"]
