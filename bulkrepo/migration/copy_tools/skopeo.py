"""
Pure. A job of `skopeo sync`, as a script for a POSIX shell.

`skopeo sync` puts a repository under DESTINATION/LAST SEGMENT. One YAML file has one
DESTINATION, so a map that keeps paths needs a command a repository; and where the last
segment differs, the tags are copied one by one. (skopeo-sync(1); tried with 1.9.3.)
"""

import shlex
from collections.abc import Iterable, Iterator

from bulkrepo.core.encoding import batches
from bulkrepo.core.text import quote
from bulkrepo.migration.copy_tools.header import JobHeader
from bulkrepo.migration.copy_tools.references import RepositoryCopy

_ABOUT = (
    "",
    "  sh THIS_FILE",
    "",
    "Needs skopeo 1.9 or newer, logged in: `skopeo login HOST`. What was copied is",
    "noted in THIS_FILE.done, and the same command goes on where it was. Without that",
    "file it looks at everything again, and copies what is new. Digests are kept:",
    "without --preserve-digests skopeo may convert what the target does not take.",
    "",
    "STOP_AFTER=20: stop once so many repositories in a row have failed; 0: never.",
    "RETRIES=5: of each request.",
    "Exit code: 0, 1 if something was not copied, 3 if it stopped.",
)

_HEAD = r"""
set -u
umask 077
noted=$0.done
retries=${RETRIES:-5}
stop_after=${STOP_AFTER:-20}
number=0 copied=0 empty=0 before=0 failed=0 in_a_row=0

command -v skopeo >/dev/null || { echo 'skopeo is not installed' >&2; exit 2; }
touch "$noted" || exit 4
going_on=
if [ -s "$noted" ]; then going_on=yes; fi

finish() {
  trap - INT TERM
  printf '%s of %s repositories copied, %s before, %s hold no tags, %s failed\n' \
    "$copied" "$all" "$before" "$empty" "$failed" >&2
  if [ "$1" -ne 0 ]; then
    echo 'what is left is copied by the same command' >&2
  fi
  exit "$1"
}
trap 'finish 130' INT
trap 'finish 143' TERM

begin() { # source, target; false if it is done
  number=$((number + 1))
  if [ -n "$going_on" ] && grep -qxF -e "$1 $2" "$noted"; then
    before=$((before + 1))
    return 1
  fi
  printf '[%s/%s] %s -> %s\n' "$number" "$all" "$1" "$2"
}

tags() { # source
  json=$(skopeo list-tags --retry-times "$retries" "docker://$1" </dev/null) || return 1
  printf '%s\n' "$json" |
    sed -n 's/^ *"\([A-Za-z0-9_][A-Za-z0-9_.-]*\)",\{0,1\}$/\1/p'
}

end() { # status, source, target
  if [ "$1" -eq 0 ]; then
    copied=$((copied + 1))
  elif found=$(tags "$2" 2>/dev/null) && [ -z "$found" ]; then
    empty=$((empty + 1))
  else
    failed=$((failed + 1)) in_a_row=$((in_a_row + 1))
    printf 'FAILED %s -> %s\n' "$2" "$3" >&2
    if [ "$stop_after" -gt 0 ] && [ "$in_a_row" -ge "$stop_after" ]; then
      printf 'stopped: %s in a row have failed\n' "$in_a_row" >&2
      finish 3
    fi
    return 0
  fi
  in_a_row=0
  printf '%s %s\n' "$2" "$3" >>"$noted" || finish 4
}

repository() { # source, target: the last segment is the same
  begin "$1" "$2" || return 0
  skopeo sync --src docker --dest docker --all --preserve-digests --keep-going \
    --retry-times "$retries" "$1" "${2%/*}" </dev/null >/dev/null
  end "$?" "$1" "$2"
}

renamed() { # source, target: the last segment is another
  begin "$1" "$2" || return 0
  status=0
  found=$(tags "$1") || status=1
  if [ -z "$found" ]; then status=1; fi
  for tag in $found; do
    skopeo copy --all --preserve-digests --retry-times "$retries" \
      "docker://$1:$tag" "docker://$2:$tag" </dev/null >/dev/null || status=1
  done
  end "$status" "$1" "$2"
}

"""

_TAIL = """
if [ "$failed" -gt 0 ]; then finish 1; fi
finish 0
"""


def job(heading: JobHeader, copies: Iterable[RepositoryCopy]) -> Iterator[bytes]:
    """Yield the script: a line a repository, every word from outside in quotes."""
    lines = ["#!/bin/sh", *heading.comments(*_ABOUT)]
    lines += ["", f"all={heading.repositories}"]
    yield ("\n".join(lines) + _HEAD).encode()
    for batch in batches(copies):
        yield "".join(map(_line, batch)).encode()
    yield _TAIL.encode()


def _line(copy: RepositoryCopy) -> str:
    how = "renamed" if copy.renamed else "repository"
    return f"{how} {shlex.quote(copy.source)} {shlex.quote(copy.target)}\n"


def login(registries: Iterable[str]) -> Iterator[str]:
    """Yield how skopeo gets its credentials."""
    for host in registries:
        yield f"skopeo login {host}"


def command(path: str) -> str:
    """Return the command that runs the script."""
    return f"sh {quote(path)}"
