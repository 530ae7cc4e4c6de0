"""The source tree as these tests read it: files without what is ignored, and functions without running them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "muniment"


def files() -> list[Path]:
    """Return every file of the tree that .gitignore does not leave out."""
    ignored = {line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line.strip()}
    return sorted(path for path in _walk(ROOT, ignored | {".git"}) if path.is_file())


def _walk(folder: Path, ignored: set[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        inside = path.relative_to(ROOT).as_posix()
        if {path.name, inside, f"*{path.suffix}"} & ignored:
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, ignored)


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Yield (path inside the tree, text) of every text file, or of those with one of the suffixes."""
    for path in files():
        if not suffixes or path.suffix in suffixes:
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


@dataclass(frozen=True)
class Function:
    """A function of ours: where it is, how long, and how many parameters it takes."""

    path: str
    name: str
    lines: int
    parameters: int

    @property
    def key(self) -> str:
        """How exceptions name it."""
        return f"{self.path}::{self.name}"


def functions() -> Iterator[Function]:
    """Yield every function of the package, migrations apart; options of a command are not counted as parameters."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    yield Function(path.relative_to(SOURCE).as_posix(), node.name, length, _parameters(node))


def _parameters(node: ast.FunctionDef) -> int:
    if any(re.search(r"\.command\(", ast.unparse(each)) for each in node.decorator_list):
        return 0
    names = [each.arg for each in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
    return len([name for name in names if name not in {"self", "cls"}])
