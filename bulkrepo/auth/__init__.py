"""
Pure. Who we are: what goes on a request, what to ask IAM, and what a refusal means.

Reading files and asking are the caller's: a way to sign in gets functions and answers,
and holds values.
"""

from bulkrepo.auth.keys import Keys
from bulkrepo.auth.password import Password
from bulkrepo.auth.protocol import FIRST, NEVER, Auth
from bulkrepo.auth.token import Token

__all__ = ["FIRST", "NEVER", "Auth", "Keys", "Password", "Token"]
