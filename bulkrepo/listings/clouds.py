"""Pure. Listings that the command lines of clouds print."""

from collections.abc import Iterator

from bulkrepo.listings.registries import is_names, names
from bulkrepo.listings.shapes import (
    Found,
    Page,
    Shape,
    array,
    first,
    members,
    named,
    records,
    text,
)
from bulkrepo.mapping import Name, reference

_PUBLIC_ECR = "public.ecr.aws"


def _is_ecr(value: object) -> bool:
    return "repositoryName" in first(_repositories(value))


def _repositories(value: object) -> object:
    """Return the records, which `--query repositories` prints alone."""
    return array(value, "repositories") if members(value) else value


def _ecr(value: object) -> Page:
    page = Page()
    if members(value) and (value.get("nextToken") or value.get("NextToken")):
        page.more = "nextToken"

    def found() -> Iterator[Found]:
        for each in records(_repositories(value), page):
            path, uri = text(each, "repositoryName"), text(each, "repositoryUri")
            # ECR has no public repository; those of ECR Public all are.
            host = uri.removesuffix(f"/{path}") if uri.endswith(f"/{path}") else ""
            public = uri.startswith(f"{_PUBLIC_ECR}/")
            yield Found(Name(path, host), public if uri else None)

    return named(page, found(), where="repositoryName")


def _is_gcloud(value: object) -> bool:
    return {"package", "version"} <= first(value).keys()


def _gcloud(value: object) -> Page:
    page = Page()
    found = (Found(reference(text(r, "package"))) for r in records(value, page))
    return named(page, found, where="package")


def _is_gcr(value: object) -> bool:
    host = reference(text(first(value), "name")).host
    # A list for create says more of some.
    return (
        bool(host)
        and isinstance(value, list)
        and all(r.keys() == {"name"} for r in value if members(r))
    )


def _gcr(value: object) -> Page:
    page = Page()
    found = (Found(reference(text(r, "name"))) for r in records(value, page))
    return named(page, found)


SHAPES = (
    Shape("aws ecr describe-repositories", "ecr", _is_ecr, _ecr),
    Shape("gcloud artifacts docker images list", "gcloud", _is_gcloud, _gcloud),
    Shape("gcloud container images list", "gcr", _is_gcr, _gcr),
    Shape(
        "an array of names (az acr repository list)",
        "names",
        is_names,
        names,
        frozenset({100, 1000}),
    ),
)
