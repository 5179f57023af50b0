"""
How a package reads, in figures: where to look, and no limits.

    python -m tests.bench.readability bulkrepo .venv/lib/python3.11/site-packages/httpx

Of the packages in the given folders, side by side. Names of functions leave out
properties, dunder methods and nested functions. A word is what underscores part. The
files that one row enters are counted for bulkrepo alone: from one row of CSV, by
`create` against the sandbox, to one line of its report.
"""

import ast
import asyncio
import io
import sys
import tempfile
import threading
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import bulkrepo
from bulkrepo.sandbox import Sandbox, Settings

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.comprehension,
    ast.match_case,
)


def measure_package(folder: Path) -> dict[str, str]:
    """Return the figures of the package in *folder*: what -> how much."""
    names: dict[str, set[Path]] = defaultdict(set)
    lengths: dict[str, int] = {}
    branches: dict[str, int] = {}
    files = lines = code = comments = words = 0
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text()
        tree = ast.parse(text)
        files += 1
        lines += text.count("\n")
        here, said = count_lines(text, tree)
        code += here
        comments += said
        for function in find_functions(tree):
            place = f"{path.relative_to(folder)}:{function.name}"
            lengths[place] = (function.end_lineno or 0) - function.lineno + 1
            branches[place] = count_branches(function)
            if not is_left_out(function):
                names[function.name].add(path)
                words += 1
    one_word = sum(
        len(paths) for name, paths in names.items() if "_" not in name.strip("_")
    )
    shared = sorted(
        (name for name, paths in names.items() if len(paths) > 3),
        key=lambda name: -len(names[name]),
    )
    total = sum(len(paths) for paths in names.values())
    longest = max(lengths, key=lambda place: lengths[place])
    worst = max(branches, key=lambda place: branches[place])
    return {
        "files": f"{files}",
        "lines": f"{lines:,}",
        "code lines": f"{code:,}",
        "functions": f"{words:,}",
        "names of one word": f"{one_word / total:.0%}",
        "names in over 3 modules": f"{len(shared)}",
        "comments a line": f"{comments / lines:.1%}",
        "mean function": f"{sum(lengths.values()) / len(lengths):.1f}",
        "longest function": f"{lengths[longest]}",
        "worst function": f"{branches[worst]}",
        "which": f"{longest}, {worst}, "
        + ", ".join(f"{name} {len(names[name])}" for name in shared[:12]),
    }


def count_lines(text: str, tree: ast.Module) -> tuple[int, int]:
    """Return the lines of code (no comments, no docstrings), and those commented."""
    documented: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documented.update(range(node.lineno, (node.end_lineno or 0) + 1))
    code: set[int] = set()
    comments = 0
    idle = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments += "noqa" not in token.string
        elif token.type not in (*idle, tokenize.ENDMARKER):
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - documented), comments


def find_functions(tree: ast.AST) -> Iterator[Function]:
    """Yield the functions of modules and classes, and none that is in a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield node
        else:
            yield from find_functions(node)


def is_left_out(function: Function) -> bool:
    """Return whether a name is prescribed, or is a property's."""
    decorators = {ast.unparse(one).split("(")[0] for one in function.decorator_list}
    accessor = {"property", "cached_property", "functools.cached_property"} & decorators
    return (
        function.name.startswith("__")
        or bool(accessor)
        or any(one.endswith((".setter", "overload")) for one in decorators)
    )


def count_branches(function: Function) -> int:
    """Return McCabe's complexity, as radon counts it."""
    extra = sum(
        len(node.values) - 1
        for node in ast.walk(function)
        if isinstance(node, ast.BoolOp)
    )
    return 1 + extra + sum(isinstance(n, _BRANCHES) for n in ast.walk(function))


def count_files_of_a_row() -> int:
    """Return how many files of bulkrepo, its sandbox left out, one row enters."""
    home = str(Path(bulkrepo.__file__).parent)
    apart = str(Path(home, "sandbox"))
    entered: set[str] = set()

    def note_file(frame: FrameType, _event: str, _argument: object) -> None:
        path = frame.f_code.co_filename
        if path.startswith(home) and not path.startswith(apart):
            entered.add(path)

    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder, "row.csv")
        rows.write_text("namespace,repository,is_public\nteam,web/api,false\n")
        asyncio.run(create_row(rows))  # once before, as imports enter files too
        threading.setprofile(note_file)
        sys.setprofile(note_file)
        try:
            asyncio.run(create_row(rows))
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    return len(entered)


async def create_row(rows: Path) -> None:
    """Create the one row of a list, against a sandbox in this process."""
    async with Sandbox(Settings(organizations=("team",))) as sandbox:
        settings = bulkrepo.Settings(
            endpoint=sandbox.url,
            credential="sandbox-token",
            reports=(str(rows.with_suffix(".jsonl")),),
        )
        result = await bulkrepo.create([str(rows)], settings=settings)
    assert result.exit_code == 0, result


def main() -> None:
    """Print the figures of the packages side by side."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    figures = [measure_package(folder) for folder in folders]
    print(" " * 24, *(f"{folder.name:>12}" for folder in folders))
    for what in list(figures[0])[:-1]:
        print(f"{what:24}", *(f"{one[what]:>12}" for one in figures))
    print(f"{'files entered by a row':24} {count_files_of_a_row():>12}")
    for folder, one in zip(folders, figures, strict=True):
        print(f"{folder.name}: {one['which']}")


if __name__ == "__main__":
    main()
