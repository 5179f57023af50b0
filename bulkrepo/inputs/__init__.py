"""Lists of any format to rows, and rows to specifications."""
