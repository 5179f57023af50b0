"""
Pure. Listing another registry by its API: where, which product, page by page.

`discovery` and `pages` are conversations: they yield URLs to ask, and are sent the
replies. `pages` also yields the documents that `listings` reads.
"""
