"""Where in a list a problem is: line and column, path, or cell."""

from msgspec import structs

from bulkrepo.core.rows import Problem, Row
from bulkrepo.inputs import (
    csv_format,
    text_format,
    xlsx_format,
)
from bulkrepo.inputs.json_rows import step


def place(row: Row, problem: Problem) -> Problem:
    """
    Return *problem* with its place in the list.

    Line and column for CSV and text, line and path for NDJSON, path for JSON, line and
    cell for a spreadsheet; the place of the record where it does not have the field. A
    problem that has a place keeps it. That of a record over several lines names them.
    """
    if row.layout is not None and row.layout.kind == "csv":
        last = csv_format.last_line(row)
        if last > row.line:
            message = f"{problem.message} (lines {row.line} to {last})"
            problem = structs.replace(problem, message=message)
    if problem.line is not None or problem.path is not None:
        return problem
    layout = row.layout
    if layout is None:
        return structs.replace(problem, line=row.line)
    index = layout.columns.get(problem.field)
    if index is None and problem.field == "namespace" and problem.got:
        index = layout.columns.get("repository")  # as the name's first segment
    match layout.kind:
        case "csv":
            spot = csv_format.CellPosition(0, 1)
            if index is not None and row.raw is not None:
                spots = csv_format.places(row.raw, delimiter=layout.delimiter)
                spot = spots[min(index, len(spots) - 1)]
            return structs.replace(
                problem, line=row.line + spot.below, column=spot.column
            )
        case "text":
            column = text_format.column(row.raw or "")
            return structs.replace(problem, line=row.line, column=column)
        case "xlsx":
            at = (
                None
                if index is None
                else xlsx_format.cell(layout.prefix, index, row.line)
            )
            return structs.replace(problem, line=row.line, path=at)
        case "ndjson" | "yaml":
            key = "" if index is None else step(layout.names[index])
            return structs.replace(problem, line=row.line, path=f"${key}")
        case _:
            path = f"{layout.prefix}[{row.line - 1}]"
            if index is not None:
                path += step(layout.names[index])
            elif problem.field in layout.defaults and problem.got is not None:
                path = f"$.defaults{step(layout.defaults[problem.field])}"
            return structs.replace(problem, path=path)
