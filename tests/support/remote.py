"""Another registry's answers, and its listing as a whole."""

import json
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bulkrepo.http.messages import Response
from bulkrepo.migration.listings.document_reader import Document
from bulkrepo.migration.remote import pagination, product_discovery, products, urls
from tests.support.gathering import whole

JSON = {"Content-Type": "application/json"}


def answer(value: object = None, status: int = 200, /, **headers: str) -> Response:
    """Give a reply with JSON; `_` in a header's name is `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = b"" if value is None else json.dumps(value).encode()
    return Response(status, JSON | named, body)


def found(
    source: str, replies: Mapping[str, Response] = {}, registry: str | None = None
) -> tuple[products.RegistryProduct, list[str]]:
    """Find out what is at *source*, where other URLs are not there."""
    asked: list[str] = []
    conversation = product_discovery.discovery(urls.place(source), registry)
    try:
        url = next(conversation)
        while True:
            asked.append(url)
            path = urlsplit(url).path
            url = conversation.send(replies.get(path, answer("no", 404)))
    except StopIteration as end:
        return end.value, asked


def listed(
    source: str, name: str | None, replies: Mapping[str, Response | list[Response]]
) -> tuple[list[Document], list[str]]:
    """List *source* where *replies* has, by path and query, what is answered."""
    queues = {key: r if isinstance(r, list) else [r] for key, r in replies.items()}
    product, _ = found(source, registry=name)
    conversation: Generator[Any, Any, None] = pagination.pages(
        urls.place(source), product
    )
    documents, asked = [], []
    step = next(conversation, None)
    while step is not None:
        try:
            if isinstance(step, Document):
                documents.append(step)
                step = next(conversation)
            else:
                parts = urlsplit(step)
                key = parts.path + (parts.query and f"?{parts.query}")
                asked.append(key)
                queue = queues.get(key)
                step = conversation.send(queue.pop(0) if queue else answer("", 404))
        except StopIteration:
            step = None
    return documents, asked


read = whole


def names(documents: list[Document]) -> list[str]:
    """Give the names in *documents*."""
    return [each.name.full for each in read(documents).found]


def harbor(number: int, project: int = 1) -> dict[str, object]:
    """Give a repository as Harbor lists it."""
    return {"name": f"p{project}/r{number}", "project_id": project, "pull_count": 0}


def project(number: int, *, public: str) -> dict[str, object]:
    """Give a project as Harbor lists it."""
    return {"project_id": number, "name": f"p{number}", "metadata": {"public": public}}


def gitlab(number: int) -> dict[str, object]:
    """Give a repository as GitLab lists it."""
    path = f"acme/app{number}"
    return {"path": path, "location": f"r.h/{path}", "project_id": number}


def quay(name: str) -> dict[str, object]:
    """Give a repository as Quay lists it."""
    return {"namespace": "acme", "name": name, "is_public": True, "kind": "image"}
