"""Create container image repositories in bulk in SWR, and account for every row."""
