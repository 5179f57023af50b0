"""
Other registries' listings: the table of their shapes.

A document's shape is recognized by its content.
"""

from bulkrepo.migration.listings import (
    cloud_clis,
    copy_configs,
    references,
    registry_apis,
)
from bulkrepo.migration.listings.references import Table
from bulkrepo.migration.listings.shapes import ListingFormat, ListingPage

SHAPES: tuple[ListingFormat, ...] = (
    *registry_apis.SHAPES,
    *cloud_clis.SHAPES,
    *copy_configs.SHAPES,
    ListingFormat(
        "lines of image references",
        "text",
        lambda value: isinstance(value, str),
        lambda value: references.read(str(value)),
    ),
    ListingFormat(
        "a spreadsheet",
        "sheet",
        lambda value: isinstance(value, Table),
        lambda value: (
            references.table(value) if isinstance(value, Table) else ListingPage()
        ),
    ),
)
