"""
Pure. Files that are no lists, recognized by how they begin, so that none is misread.

Another registry's listing says things in its own words, and a reader of lists would
drop what it does not understand: only `bulkrepo import` reads it. YAML is refused
whatever it holds.
"""

import re
from pathlib import Path

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
# A name may hold a colon, but only a key's is followed by a blank or the line's end.
_YAML = re.compile(r"---(?:\s|$)|%YAML\b|- |[^\s#].*:(?:\s|$)")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def refuse_foreign(head: str, name: str, *, kind: str, import_options: str) -> None:
    """
    Raise `InputError` if the file *name*, which begins with *head*, is no list.

    *kind* is the format in which it would be read. The message ends in the command to
    type, which is `bulkrepo import` with *import_options*.
    """
    command = f"bulkrepo import {quote(name)} {import_options}"
    if _is_yaml(head, name, kind):
        raise InputError(
            f"{name}: YAML is not read as a list. Save a list of your own as CSV or "
            f"JSON; to turn another registry's listing into one: {command}"
        )
    if _is_listing(head):
        raise InputError(
            f"{name} is another registry's listing, which is not read as a list. "
            f"To turn it into one: {command}"
        )


def _is_yaml(head: str, name: str, kind: str) -> bool:
    if Path(name).suffix.lower() in (".yaml", ".yml"):
        return True
    if kind != "text":
        return False
    lines = head.removeprefix("\ufeff").splitlines()
    bare = (_COMMENT.sub("", line).strip() for line in lines)
    return _YAML.match(next(filter(None, bare), "")) is not None


def _is_listing(head: str) -> bool:
    start = head.lstrip("\ufeff \t\r\n")
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
