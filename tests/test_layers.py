"""Which part may import which: read off the source, and proven by importing.

A part's own layer number must be higher than that of everything it imports; so no stage knows another stage.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgdash import workers
from imgdash.apparatus.examining import examine
from imgdash.apparatus.processing import _calculate
from imgdash.apparatus.quality import measure_file
from imgdash.apparatus.screen import form_frame
from imgdash.output.form import film_pages, shown, storage_file

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "imgdash"

LAYERS = {
    "model": 0,
    "config": 1,
    "wire": 1,
    "handover": 1,
    "waiting": 1,
    "reduce": 1,
    "process": 1,
    "store": 2,
    "workers": 2,
    "receive": 3,
    "confirm": 3,
    "output": 3,
    "request": 3,
    "retrieve": 3,
    "records": 3,
    "sites": 4,
    "apparatus": 4,
    "conformance": 5,
    "doctor": 5,
    "autopilot": 5,
    "filing": 5,
    "dashboard": 5,
    "demonstration": 6,
    "cli": 7,
    "__main__": 8,
}
# Pure functions on arrays, one domain in two folders: process defines the signal, reduce the reduced image.
TOGETHER = {frozenset({"reduce", "process"})}
# The other machines of Fig. 1 stand beside: they know the standards, not the apparatus.
SIMULATE = {"model", "config", "wire", "reduce", "process"}
# Who may start them and look at them.
SHOWS_MACHINES = {"demonstration", "cli"}

THIRD_PARTIES = {
    "pynetdicom": {"wire", "receive", "output", "request", "retrieve", "simulate"},
    "duckdb": {"store", "records"},
    "panel": {"dashboard"},
    "holoviews": {"dashboard"},
    "bokeh": {"dashboard"},
    "tornado": {"dashboard"},
    "hl7": {"wire"},
    "typer": {"cli"},
}


def part(path: Path) -> str:
    """Folder or module of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            module = str(node.module)
            if module == "imgdash":
                yield from ((node.lineno, f"imgdash.{name.name}") for name in node.names)
            else:
                yield node.lineno, module


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def allowed(importing: str, imported: str) -> bool:
    if importing == imported or frozenset({importing, imported}) in TOGETHER:
        return True
    if importing == "simulate":
        return imported in SIMULATE
    if imported == "simulate":
        return importing in SHOWS_MACHINES
    return LAYERS[imported] < LAYERS[importing]


def test_every_part_has_a_layer() -> None:
    assert {part(path) for path in sources()} <= set(LAYERS) | {"simulate"}


def test_parts_import_only_lower_ones() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {part(path)} must not import {name}"
        for path in sources()
        for line, name in imports(path)
        if name.startswith("imgdash.") and not allowed(part(path), name.split(".")[1])
    ]
    assert not wrong, "\n".join(wrong)


def test_third_parties_stay_where_they_belong() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {part(path)} must not import {name}"
        for path in sources()
        for line, name in imports(path)
        if part(path) not in THIRD_PARTIES.get(name.split(".")[0], {part(path)})
    ]
    assert not wrong, "\n".join(wrong)


def test_the_package_itself_imports_nothing_before_it_is_asked() -> None:
    """A receiver process imports it too."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {node.module for node in at_once if isinstance(node, ast.ImportFrom)} <= {"__future__", "typing"}


HEAVY = {"panel", "holoviews", "bokeh", "duckdb", "pandas", "pyarrow", "cv2", "zarr", "numba"}
SHOWN = {"panel", "holoviews", "bokeh"}


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("imgdash.model", HEAVY | {"numpy", "pydicom", "pynetdicom", "pydantic"}),
        ("imgdash.config", HEAVY | {"numpy", "pydicom", "pynetdicom"}),
        ("imgdash.receive.receiver", HEAVY | {"xarray", "param"}),
        ("imgdash.wire.dicom", HEAVY),
        ("imgdash.process", SHOWN | {"duckdb", "pynetdicom"}),
        ("imgdash.reduce", SHOWN | {"duckdb", "pynetdicom"}),
        ("imgdash.store.store", SHOWN | {"pynetdicom", "cv2"}),
        ("imgdash.records.sandbox", SHOWN | {"pynetdicom", "cv2", "pandas"}),
        ("imgdash.workers", HEAVY),
        ("imgdash.confirm.actions", SHOWN | {"pynetdicom"}),
        ("imgdash.output.queue", SHOWN),
        ("imgdash.retrieve", SHOWN | {"cv2"}),
        ("imgdash.simulate.machine", SHOWN | {"duckdb"}),
        ("imgdash.simulate.network", SHOWN | {"duckdb", "scipy"}),
        ("imgdash.apparatus", HEAVY | {"numpy", "pydicom", "pynetdicom"}),
        ("imgdash.apparatus.apparatus", SHOWN | {"highdicom", "openpyxl", "scipy"}),
        ("imgdash.cli", HEAVY | {"pynetdicom"}),
        ("imgdash.doctor", SHOWN | {"highdicom", "scipy", "zarr"}),
    ],
)
def test_importing_a_part_does_not_load_what_it_must_not_know(module: str, without: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & without == set()


def test_what_workers_are_forked_from_has_what_they_run_and_little_else() -> None:
    """What it imports, each start of a station waits for, and each worker has in its memory."""
    names = [name for name in workers.PRELOADED if name != "imgdash.process.preloaded"]
    code = f"import sys, {', '.join(names)}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) & {*SHOWN, "pynetdicom", "highdicom", "zarr", "hl7", "scipy"} == set()
    given = {form_frame, _calculate, examine, measure_file, film_pages, storage_file, shown}
    assert {function.__module__ for function in given} <= set(names)
