"""
Pure. Files that are no lists, recognized by how they begin, so that none is misread.

Another registry's listing says things in its own words, and a reader of lists would
drop what it does not understand: only `bulkrepo import` reads it.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from bulkrepo.core.errors import InputError
from bulkrepo.core.text import quote
from bulkrepo.inputs import columns
from bulkrepo.inputs.json_format import TOP

LISTING_KEYS = (
    frozenset({"project_id", "artifact_count"}),  # Harbor
    frozenset({"project_id", "pull_count"}),  # Harbor 1
    frozenset({"project_id", "metadata"}),  # Harbor's projects
    frozenset({"project_id", "location"}),  # GitLab
    frozenset({"created_at", "location"}),  # GitLab before 13
    frozenset({"path_with_namespace"}),  # GitLab's projects
    frozenset({"namespaceType", "shortDescription"}),  # Mirantis
    frozenset({"repositories", "kind", "state"}),  # Quay
    frozenset({"count", "results"}),  # Docker Hub
    frozenset({"package_type"}),  # GitHub
    frozenset({"continuationToken"}),  # Nexus
    frozenset({"format", "assets"}),  # Nexus, where the token is far behind
    frozenset({"num_images"}),  # SWR
    frozenset({"data", "repos"}),  # Alibaba
    frozenset({"RepoNamespaceName"}),  # Alibaba, Enterprise Edition
    frozenset({"repositoryArn"}),  # aws ecr
    frozenset({"repositoryUri"}),  # aws ecr with a --query
    frozenset({"package", "version", "createTime"}),  # gcloud
    frozenset({"sync", "target"}),  # regsync
    frozenset({"tasks", "mappings"}),  # dregsy
    frozenset({"dmap"}),  # Kubernetes promoter
)
"""Keys that only occur together in something that `import` reads; none is a field."""

_KEY = re.compile(r'"([^"\\]*)"\s*:')
# In YAML, and but for blanks within it.
_WORD_KEY = re.compile(
    r"""(?<![^\s"'{}\[\],])(?:"([^"\\]*)"\s*:|'([^']*)'\s*:|([^\s"'{}\[\],]+):(?!\S))"""
)
# A name may hold a colon, but only a key's is followed by a blank or the line's end.
_YAML = re.compile(r"\A(?:---(?:\s|$)|%YAML\b|- |[^\s#].*:(?:\s|$))")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_BLANKS = "\ufeff \t\r\n"


def refuse_foreign(head: str, name: str, *, kind: str, import_options: str) -> None:
    """
    Raise `InputError` if the file *name*, which begins with *head*, is no list.

    *kind* is the format in which it would be read. The message ends in the command to
    type, which is `bulkrepo import` with *import_options*.
    """
    command = f"bulkrepo import {quote(name)} {import_options}"
    if _is_yaml_listing(head) if kind == "yaml" else _is_listing(head):
        raise InputError(
            f"{name} is another registry's listing, which is not read as a list. "
            f"To turn it into one: {command}"
        )


def is_yaml(head: str) -> bool:
    """Tell whether *head* begins like YAML, and not like names."""
    return _YAML.match(next(_lines(head), "")) is not None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of *text* without comments, and no blank ones."""
    lines = text.removeprefix("\ufeff").splitlines()
    return filter(None, (_COMMENT.sub("", line).strip() for line in lines))


def _is_yaml_listing(head: str) -> bool:
    lines = [line for line in _lines(head) if not line.startswith(("---", "%"))]
    found = _WORD_KEY.findall("\n".join(lines))
    keys = ["".join(groups) for groups in found]
    if any(each <= set(keys) for each in LISTING_KEYS):
        return True
    # All that is known to have another key on top is a listing, or configures a tool.
    return (
        bool(keys)
        and not lines[0].startswith(("-", "["))
        and not (columns.known(keys[0]) or get_close_matches(keys[0], TOP, n=1))
    )


def _is_listing(head: str) -> bool:
    start = head.lstrip(_BLANKS)
    if start.startswith("HTTP/"):  # as `curl -i` saves an answer
        return True
    if not start.startswith(("[", "{")):
        return False
    keys = frozenset(_KEY.findall(start))
    if any(each <= keys for each in LISTING_KEYS):
        return True
    # image-syncer and skopeo have names of images for keys.
    return (
        start.startswith("{")
        and any("/" in key or ":" in key for key in keys)
        and not any(key in TOP or columns.known(key) for key in keys)
    )
