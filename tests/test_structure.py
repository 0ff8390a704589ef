"""The form of the package: no circle of imports between files or folders, and no module too long to read at once.

Imports are read from the text of the modules. Those inside functions count, since they run; those for type checkers
alone do not. `make check` holds the order of the rooms; this holds what that order does not say: circles inside a room.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Graph = dict[str, set[str]]

ROOT = Path(__file__).parent.parent
PACKAGES = ("hqnn_dsl", "hqnn")

MOST_LINES = 450
CATALOGUES = ROOT / "hqnn_dsl" / "diagnostics" / "codes"
"""Lists of messages: a reader looks one up and does not read them from beginning to end."""


def modules(root: Path, package: str) -> dict[str, Path]:
    """Returns the file of each module of a package, by the module's full name."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the nodes of a tree, without those that only type checkers see."""
    yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for child in node.orelse:
            yield from running_nodes(child)
        return
    for child in ast.iter_child_nodes(node):
        yield from running_nodes(child)


def imported_names(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yields each imported name of a module twice over: the name itself, and the module that it is taken from."""
    inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in running_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = inside.split(".")[: len(inside.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{base}.{alias.name}", base) for alias in node.names)


def file_graph(files: Mapping[str, Path]) -> Graph:
    """Returns the modules that each module imports."""
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        found = {full if full in files else base for full, base in imported_names(name, path)}
        graph[name] = {other for other in found if other in files and other != name}
    return graph


def folder_graph(files: Mapping[str, Path], graph: Graph) -> Graph:
    """Returns the folders that each folder imports from; a module beside the rooms is a room of its own."""

    def folder(name: str) -> str:
        is_room = files[name].name == "__init__.py" or name.count(".") == 1
        return name if is_room else name.rpartition(".")[0]

    folders: dict[str, set[str]] = {}
    for name, imports in graph.items():
        folders.setdefault(folder(name), set()).update(folder(other) for other in imports)
    return {name: others - {name} for name, others in folders.items()}


def circle(graph: Graph) -> str:
    """Returns a circle of a graph, each name followed by what it imports; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " → ".join(reversed(error.args[1]))
    return ""


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return {name: path for package in PACKAGES for name, path in modules(ROOT, package).items()}


def test_there_is_no_circle_of_imports_between_files(files: dict[str, Path]) -> None:
    assert len(files) > 200
    assert not circle(file_graph(files))


def test_there_is_no_circle_of_imports_between_folders(files: dict[str, Path]) -> None:
    folders = folder_graph(files, file_graph(files))
    assert "hqnn_dsl.circuit" in folders["hqnn_dsl.circuit.pauli"] | folders["hqnn_dsl.semantics"]
    assert not circle(folders)


def test_no_module_is_too_long(files: dict[str, Path]) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files.values()
        if CATALOGUES not in path.parents
    }
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize(
    ("texts", "of_files", "of_folders"),
    [
        ({"a/x": "from p.b import y", "b/y": "import p.c", "c": ""}, "", ""),
        ({"a/x": "def f():\n    from p.b import y", "b/y": "from ..a.x import f"},
         "p.a.x → p.b.y → p.a.x", "p.a → p.b → p.a"),
        ({"a/x": "import p.b.y", "b/y": "", "b/z": "from p.a import w", "a/w": ""}, "", "p.a → p.b → p.a"),
        ({"a/x": "from p.c import f", "c": "import p.a.w", "a/w": ""}, "", "p.a → p.c → p.a"),
        ({"a/x": "if TYPE_CHECKING:\n    from p.b import y", "b/y": "from p.a import x"}, "", ""),
        ({"a/x": "if TYPE_CHECKING:\n    pass\nelse:\n    from p.b import y", "b/y": "from p.a import x"},
         "p.a.x → p.b.y → p.a.x", "p.a → p.b → p.a"),
        ({"x": "from . import y", "y": "from p import x"}, "p.x → p.y → p.x", "p.x → p.y → p.x"),
    ],
    ids=["none", "in a function", "folders alone", "a module beside the rooms", "types", "else", "relative"],
)  # fmt: skip
def test_circles_are_named(tmp_path: Path, texts: dict[str, str], of_files: str, of_folders: str) -> None:
    for name, text in texts.items():
        path = tmp_path / "p" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.with_name("__init__.py").touch()
    found = modules(tmp_path, "p")
    graph = file_graph(found)

    def turned(text: str) -> set[str]:
        return set(text.split(" → "))

    assert turned(circle(graph)) == turned(of_files)
    assert turned(circle(folder_graph(found, graph))) == turned(of_folders)


TOP = {
    *(
        ".ci",
        ".github",
        ".gitignore",
        ".pre-commit-config.yaml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
    ),
    *(
        "README.md",
        "benchmarks",
        "constraints.txt",
        "docs",
        "grammar",
        "hqnn",
        "hqnn_dsl",
        "pyproject.toml",
        "specs",
        "tests",
    ),
}
"""Files and folders of the repository's top folder."""


def test_the_top_folder_has_what_it_should_and_nothing_that_a_command_has_written():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    git = shutil.which("git")
    assert git is not None
    files = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {file.split("/")[0] for file in files} == TOP


def test_files_of_tests_have_names_of_their_own():
    """pytest imports them by their names alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
