"""
Pure. Text from outside, made safe for a terminal and for a shell.

Names, messages and file names come from lists and from servers. Unescaped, they could
move a cursor, recolour a screen or reverse a line.
"""

import re
import shlex

from bulkrepo.core.rows import Problem

_LOGIN = re.compile(r"\A(\w[\w+.-]*://)?.*@", re.DOTALL)
_LONGEST = 255  # that a reference may be, by Docker's rules
_PLAIN = re.compile(r"[\w./:=@%+,-]+", re.ASCII)


def escape(text: str) -> str:
    r"""
    *text* with everything that does not print written out, as \xNN or \uNNNN.

    That is control, format and bidirectional characters, line separators, lone
    surrogates and unassigned code points. Spaces of all widths stay.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def brief(text: str) -> str:
    """*text*, or its beginning and its length if it is longer than any legal name."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text)} characters)"


def shown(text: str) -> str:
    """*text*, which may not be the name it should be: `brief`, and escaped."""
    return escape(brief(text))


def fault(problem: Problem) -> str:
    """
    *problem* without its place: `field: message [rule] (try "hint")`.

    A path, as in a JSON list, replaces the field. Not yet escaped.
    """
    hint = "" if problem.hint is None else f' (try "{problem.hint}")'
    field = brief(problem.path or problem.field)
    return f"{field}: {problem.message} [{problem.rule}]{hint}"


def anonymous(text: str) -> str:
    """
    *text*, meant as a URL or a host, without the login in it.

    That is everything up to the last @, as people may not have escaped another one.
    """
    return _LOGIN.sub(r"\1***@", text, count=1)


def quote(text: str) -> str:
    r"""
    *text*, a file's name, as one word of a shell command that a person may copy.

    One that does not print is given as $'...', which bash, zsh and ksh read. One with
    a leading dash is kept from being an option.
    """
    if text.startswith("-") and text != "-":
        text = f"./{text}"
    return word(text)


def word(text: str) -> str:
    """*text* likewise, if it is not a file's name."""
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
