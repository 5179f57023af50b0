"""
Pure. Text from outside, made fit for a terminal and for a shell.

Names, messages and file names come from lists and from servers. Shown as they are
they could move a cursor, recolour a screen or turn a line around.
"""

import re
import shlex

from bulkrepo.model import Problem

_LOGIN = re.compile(r"(\w[\w+.-]*://)?.*@", re.DOTALL)
_LONGEST = 255  # that a reference may be, by Docker's rules
_PLAIN = re.compile(r"[\w./:=@%+,-]+", re.ASCII)


def escape(text: str) -> str:
    r"""
    *text* with everything that does not print written out, as \xNN or \uNNNN.

    That is control, format and bidirectional characters, line separators, lone
    surrogates and code points which mean nothing yet. Spaces of all widths stay.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def brief(text: str) -> str:
    """*text*, or its beginning and its length where no legal name is so long."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text)} characters)"


def shown(text: str) -> str:
    """*text*, which was to be a name, fit to be shown: both."""
    return escape(brief(text))


def fault(problem: Problem) -> str:
    """
    *problem* without its place: `field: message [rule] (try "hint")`.

    The path in a JSON list stands where the field would. Not yet fit for a terminal.
    """
    hint = "" if problem.hint is None else f' (try "{problem.hint}")'
    field = brief(problem.path or problem.field)
    return f"{field}: {problem.message} [{problem.rule}]{hint}"


def anonymous(text: str) -> str:
    """
    *text*, which was to be a URL or a host, without who signs in there.

    All up to the last @ counts as that: whoever is mistaken escapes nothing either.
    """
    return _LOGIN.sub(r"\1***@", text, count=1)


def quote(text: str) -> str:
    r"""
    *text* as one word of a shell command which a person may copy.

    A name that does not print is given as $'...', which bash, zsh and ksh read; a
    leading dash is kept from being an option.
    """
    if text.startswith("-") and text != "-":
        text = f"./{text}"
    return word(text)


def word(text: str) -> str:
    """*text* likewise, where it is no file's name."""
    if text.isprintable():
        return text if _PLAIN.fullmatch(text) else shlex.quote(text)
    inner = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{escape(inner)}'"


def _visible(char: str) -> str:
    if char.isprintable() or (
        char.isspace() and ord(char) > 0x9F and char not in _LINES
    ):
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte of a file name that is not UTF-8 (PEP 383)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_LINES = "\u2028\u2029"
