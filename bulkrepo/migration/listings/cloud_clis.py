"""Pure. Listings printed by the command-line tools of clouds."""

from collections.abc import Iterator
from functools import partial

from bulkrepo.migration.listings.references import IS_TAG, are_tags
from bulkrepo.migration.listings.registry_apis import is_names, names
from bulkrepo.migration.listings.shapes import (
    ListedRepository,
    ListingFormat,
    ListingPage,
    filled,
    first,
    having,
    is_object,
    member,
    records,
    text,
)
from bulkrepo.migration.mapping import SourceName, reference

_PUBLIC_ECR = "public.ecr.aws"


def _is_ecr(value: object) -> bool:
    return "repositoryName" in first(_repositories(value))


def _repositories(value: object) -> object:
    """Return the records; `--query repositories` prints them without the object."""
    return member(value, "repositories") if is_object(value) else value


def _ecr(value: object) -> ListingPage:
    page = ListingPage()

    def found() -> Iterator[ListedRepository]:
        for each in records(_repositories(value), page):
            path, uri = text(each, "repositoryName"), text(each, "repositoryUri")
            # Every repository of ECR is private, every one of ECR Public is public.
            host = uri.removesuffix(f"/{path}") if uri.endswith(f"/{path}") else ""
            public = uri.startswith(f"{_PUBLIC_ECR}/")
            yield ListedRepository(SourceName(path, host), public if uri else None)

    return filled(page, found(), where="repositoryName")


def _is_gcr(value: object) -> bool:
    host = reference(text(first(value), "name")).host
    # Other keys: it may be a list for create.
    return (
        bool(host)
        and isinstance(value, list)
        and all(r.keys() == {"name"} for r in value if is_object(r))
    )


def _references(value: object, key: str) -> ListingPage:
    """Read an array of objects with image references under *key*."""
    page = ListingPage()
    found = (
        ListedRepository(reference(text(each, key))) for each in records(value, page)
    )
    return filled(page, found, where=key)


def _names(value: object) -> ListingPage:
    page = names(value)
    # `az acr repository show-tags` prints an array as well.
    if page.run is not None and are_tags(page.run.paths):
        return ListingPage(
            rows=page.rows, skipped=[(tag, IS_TAG) for tag in page.run.paths]
        )
    return page


SHAPES = (
    ListingFormat("aws ecr describe-repositories", "ecr", _is_ecr, _ecr),
    ListingFormat(
        "gcloud artifacts docker images list",
        "gcloud",
        having("package", "version"),
        partial(_references, key="package"),
    ),
    ListingFormat(
        "gcloud container images list",
        "gcr",
        _is_gcr,
        partial(_references, key="name"),
    ),
    ListingFormat(
        "an array of names (az acr repository list)",
        "names",
        is_names,
        _names,
        frozenset({100, 1000}),
    ),
)
