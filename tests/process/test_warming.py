"""Kernels are compiled ahead, once, elsewhere; and where nothing can be kept on disk they still work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from imgdash.process import warming
from imgdash.process.fused import compiling


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache folder with nothing in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_compiling_ahead_leaves_word_and_is_not_done_twice(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not warming.stamp().exists()
    warming.compile_elsewhere()
    assert warming.stamp().is_relative_to(cache)
    assert warming.stamp().exists()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")  # would fail if it were started
    warming.compile_elsewhere()


def test_another_version_of_the_kernels_is_compiled_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = warming.stamp()
    monkeypatch.setattr(warming, "version", lambda package: "999")
    assert warming.stamp() != before


def test_a_failure_to_compile_ahead_is_only_a_warning(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(cache))
    (cache / "numba.py").write_text("raise SystemExit('no compiler here')")
    warming.compile_elsewhere()
    assert "no compiler here" in caplog.text
    assert not warming.stamp().exists()


def test_a_change_of_any_kernel_compiles_all_anew(tmp_path: Path) -> None:
    """Else a kernel from before would go on calling what another file said then."""
    for source in compiling._HERE.glob("*.py"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    code = (
        "import sys; from pathlib import Path; from imgdash.process.fused import compiling\n"
        "compiling._HERE = Path(sys.argv[1]); print(compiling.folder())"
    )
    folders = []
    for text in ("", "\n", ""):
        (tmp_path / "rows.py").write_bytes((compiling._HERE / "rows.py").read_bytes() + text.encode())
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
        folders.append(done.stdout)
    assert folders[0] == folders[2] != folders[1]
    assert str(tmp_path) in folders[0]


def test_kernels_are_kept_in_that_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    code = (
        "import numpy as np; from imgdash.process.fused import compiling, rows\n"
        "out = np.zeros((1, 3), np.float32)\n"
        "rows.add_scaled(out, 0, np.float32(1), 0, np.float32(1), np.float32(2)); print(compiling.digest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert list((tmp_path / f"kernels-{done.stdout.strip()}").rglob("rows.add_scaled*.nbi")), done.stderr


def test_forming_needs_no_folder_to_keep_kernels_in() -> None:
    """Then kernels are compiled in each process: here a small one, to be quick."""
    code = (
        "import numba.core.caching as caching; caching.CacheImpl._locator_classes = []\n"
        "import numpy as np; from imgdash.process.fused import rows\n"
        "out = np.zeros((1, 3), np.float32)\n"
        "rows.add_scaled(out, 0, np.float32(1), 0, np.float32(1), np.float32(2)); print(out.tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[[2.0, 2.0, 2.0]]", done.stderr


def test_no_kernel_is_left_to_be_compiled_when_an_image_comes() -> None:
    code = (
        "import importlib, pkgutil\n"
        "from imgdash import process\n"
        "from imgdash.process import warming\n"
        "from imgdash.process.automatic import kernels\n"
        "from imgdash.reduce import reduce_image\n"
        "from tests.process.phantoms import case\n"
        "found = pkgutil.iter_modules(kernels.__path__, kernels.__name__ + '.')\n"
        "modules = [importlib.import_module(module.name) for module in found]\n"
        "def ready(): return {name: len(one.signatures) for module in modules for name, one in vars(module).items()"
        " if hasattr(one, 'signatures')}\n"
        "warming.warm()\n"
        "before = ready()\n"
        "for number in (0, 1, 2):\n"
        "    made = case('HAND', 'PA', number)\n"
        "    reduced = reduce_image(made.stored)\n"
        "    reduced.processing.flags.writeable = bool(number)  # as what comes from another process\n"
        "    chain = process.Chain.of(overrides={'automatic.region': ['anatomy', 'spine-lateral', 'lungs'][number]})\n"
        "    process.calculate(reduced, chain, attrs=made.stored.attrs)\n"
        "print({*ready().items()} - {*before.items()}, sum(before.values()) > 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "set() True\n", done.stderr
