"""The command line as a person on a new machine uses it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from imgdash import Apparatus
from tests.apparatus.sites import radiograph, send
from tests.helpers import wait_until


def imgdash(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed program without a terminal."""
    program = Path(sys.executable).with_name("imgdash")
    return subprocess.run(
        [str(program), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site made by ``imgdash init``, on ports the system chooses."""
    folder = tmp_path_factory.mktemp("made") / "site"
    said = imgdash("init", folder, "--dicom-port", 0, "--hl7-port", 0, "--web-port", 0)
    assert said.returncode == 0, said.stderr
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    """The test's own copy of it, with the rights of its files."""
    return shutil.copytree(made, tmp_path / "site") / "site.toml"


def test_init_makes_a_site_that_can_be_served(site: Path) -> None:
    password = site.with_name("first-password.txt")
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert stat.S_IMODE(site.with_name("users.toml").stat().st_mode) == 0o600
    name, secret = password.read_text().split()
    with Apparatus(site) as apparatus:
        assert apparatus.site.station.ae_title == "IMGDASH"
        assert apparatus.users.check(name, secret).role == "manager"
        assert len(apparatus.conditions.all()) > 15
        assert apparatus.addresses["dicom"][1] > 0


def test_init_does_not_touch_a_site_that_is_there(site: Path) -> None:
    before = site.read_text()
    again = imgdash("init", site.parent)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert site.read_text() == before


def test_a_wrong_site_file_is_one_line_with_its_remedy(tmp_path: Path) -> None:
    missing = imgdash("serve", tmp_path / "none.toml")
    assert missing.returncode == 2
    assert "imgdash init" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_users_are_added_and_removed(site: Path) -> None:
    assert imgdash("users", "add", "anna", "--site", site, stdin="a long password\n").returncode == 0
    assert "anna" in imgdash("users", "list", "--site", site).stdout
    short = imgdash("users", "add", "bert", "--site", site, stdin="short\n")
    assert short.returncode == 2
    assert "8 characters" in short.stderr
    # Another role, with the password that she has; a new password, with the role that she has.
    for role, password in ((("--role", "manager"), ""), ((), "another long one")):
        changed = imgdash("users", "add", "anna", *role, "--site", site, stdin=f"{password}\n")
        assert "anna is a manager now" in changed.stdout
    assert imgdash("users", "remove", "anna", "--site", site).returncode == 0
    assert "anna" not in imgdash("users", "list", "--site", site).stdout


def test_conditions_are_listed_and_shown(site: Path) -> None:
    assert "chest-pa" in imgdash("conditions", "list", "--site", site).stdout
    assert "[processing" in imgdash("conditions", "show", "chest-pa", "--site", site).stdout
    unknown = imgdash("conditions", "show", "chest-xy", "--site", site)
    assert unknown.returncode == 2
    assert "chest-pa" in unknown.stderr


def test_doctor_says_what_is_wrong_and_how_to_mend_it(site: Path, free_port: int) -> None:
    for key in ("hand", "foot"):
        path = site.parent / "conditions" / f"{key}.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("noise = 3.0", "noise = 0.003"), encoding="utf-8")
    said = imgdash("doctor", site)
    # Somebody should know of it, and all works.
    assert said.returncode == 0
    assert "problem" not in said.stdout
    assert "foot, hand: frequency.noise = 0.003" in " ".join(said.stdout.split())
    text = site.read_text().replace("ae_title", "ae_title", 1)
    site.write_text(
        text + f'\n[[apparatus]]\nname = "PACS"\nkind = "storage"\nae_title = "PACS"\nport = {free_port}\n',
        encoding="utf-8",
    )
    said = imgdash("doctor", site)
    assert said.returncode == 1
    assert "PACS" in said.stdout
    assert "→" in said.stdout


@pytest.mark.peer
def test_queries_work_beside_a_running_server(site: Path, tmp_path: Path) -> None:
    with Apparatus(site) as apparatus:
        assert send(apparatus, radiograph(tmp_path / "a.dcm")).returncode == 0
        wait_until(lambda: apparatus.images("awaiting"))
        apparatus.publish()
        said = imgdash("query", "select count(*) as n from image", "--site", site, "--format", "csv")
        assert said.stdout.replace('"', "").split() == ["n", "1"], said.stderr
        denied = imgdash("query", "copy image to '/dev/null'", "--site", site)
        assert denied.returncode == 2
        assert "Traceback" not in denied.stderr
    said = imgdash("query", "select body_part from image", "--site", site, "--format", "csv")
    assert said.stdout.replace('"', "").split() == ["body_part", "HAND"], said.stderr
