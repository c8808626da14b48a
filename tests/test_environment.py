"""What has to be installed: said in two files, the same in both, and nothing used that is not said."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def bounds(requirements: list[str]) -> dict[str, SpecifierSet]:
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in parsed}


def environment() -> tuple[dict[str, SpecifierSet], list[str]]:
    """Packages and bounds of environment.yml, and what pip is told besides."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = [entry for entry in listed if isinstance(entry, str)]
    pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    options = [entry for entry in pip if entry.startswith("-")]
    return bounds([*conda, *(entry for entry in pip if not entry.startswith("-"))]), options


def test_environment_and_pyproject_name_the_same_packages_and_bounds() -> None:
    there, options = environment()
    assert there.pop("python") == SpecifierSet(project()["requires-python"])
    there.pop("pip")
    assert there == bounds(project()["dependencies"])
    assert options == ["-e ."]


def test_every_dependency_has_a_lower_bound() -> None:
    """A bound that nobody tried is a trap for whoever has an old version."""
    for text in project()["dependencies"]:
        assert any(part.operator in (">=", "==") for part in Requirement(text).specifier), text


def test_what_is_imported_is_declared() -> None:
    """Not only there because another package happens to need it."""
    declared = set(bounds(project()["dependencies"]))
    optional = {name for extra in project()["optional-dependencies"].values() for name in bounds(extra)}
    providers = packages_distributions()
    missing: dict[str, str] = {}
    for path in (ROOT / "imgdash").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"imgdash"}:
                distributions = {canonicalize_name(found) for found in providers.get(name, [name])}
                if not distributions & (declared | optional):
                    missing[name] = str(path.relative_to(ROOT))
    assert missing == {}


def test_the_python_that_runs_this_is_one_of_those_promised() -> None:
    assert ".".join(map(str, sys.version_info[:3])) in SpecifierSet(project()["requires-python"])
