"""Passwords: never in plain text, few guesses."""

from __future__ import annotations

import os
import stat
import threading
import tomllib
from pathlib import Path

import argon2
import pytest

from imgdash.model import Actor, ImgdashError, NotFound
from imgdash.store.users import Users


@pytest.fixture
def users(tmp_path: Path) -> Users:
    users = Users(tmp_path / "users.toml")
    users.add("anna", "manager", "correct horse")
    return users


def test_the_right_password_gives_the_user_with_his_role(users: Users) -> None:
    assert users.check("anna", "correct horse") == Actor("anna", "manager")
    assert users.check("anna", "Correct horse") is None
    assert users.check("bert", "correct horse") is None
    assert users.check("anna", "") is None


def test_the_file_holds_only_hashes_and_is_nobody_elses_business(users: Users) -> None:
    text = users.path.read_text()
    assert "correct horse" not in text
    assert "$argon2id$" in text
    assert stat.S_IMODE(os.stat(users.path).st_mode) == 0o600


def test_a_hash_costs_what_rfc_9106_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tests hash quickly."""
    monkeypatch.setattr("imgdash.store.users.PasswordHasher", argon2.PasswordHasher)
    users = Users(tmp_path / "users.toml")
    users.add("anna", "manager", "correct horse")
    kept = tomllib.loads(users.path.read_text())["anna"]["password"]
    assert argon2.extract_parameters(kept) == argon2.profiles.RFC_9106_LOW_MEMORY
    assert argon2.extract_parameters(users._nobody) == argon2.profiles.RFC_9106_LOW_MEMORY


def test_guessing_is_locked_out_for_longer_and_longer(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("imgdash.store.users.time.monotonic", lambda: now)
    waits = []
    for _ in range(8):
        now += users.locked_for("anna")
        assert users.check("anna", "guess") is None
        waits.append(users.locked_for("anna"))
    assert waits[0] == 0
    assert waits[-1] > waits[-2] > 0
    assert users.check("anna", "correct horse") is None, "locked also for who knows it: else the lock tells"
    assert users.check("bert", "x") is None
    assert users.locked_for("bert") == 0, "others are not locked"
    now += users.locked_for("anna")
    assert users.check("anna", "correct horse") == Actor("anna", "manager")
    assert users.locked_for("anna") == 0


def test_a_lock_has_an_end(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("imgdash.store.users.time.monotonic", lambda: now)
    users._wrong["anna"] = (5000, now)
    assert 0 < users.locked_for("anna") <= 900


def test_many_guesses_at_once_are_as_many_guesses(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgdash.store.users.time.monotonic", lambda: 1000.0)
    threads = [threading.Thread(target=users.check, args=("anna", f"guess {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert users.locked_for("anna") > 0
    assert users._wrong["anna"][0] == 5, "later ones were not even looked at"


def test_names_that_are_none(users: Users) -> None:
    for name in ("", "a b", "../x", "x" * 33, "<script>", "-x", "a\n"):
        with pytest.raises(ImgdashError, match="is no user name"):
            users.add(name, "user", "long enough")


def test_mistakes_are_named(users: Users) -> None:
    with pytest.raises(ImgdashError, match="too short"):
        users.add("bert", "user", "short")
    with pytest.raises(ImgdashError, match=r"'king' is no role\. Roles are user, manager, maker"):
        users.add("bert", "king", "long enough")
    with pytest.raises(NotFound, match="No user 'bert'"):
        users.remove("bert")
    with pytest.raises(NotFound):
        users.role("bert")
    assert [user.name for user in users.all()] == ["anna"]


def test_adding_and_removing(users: Users) -> None:
    users.add("bert", "user", "long enough")
    users.add("anna", "maker", "another one")
    assert users.all() == [Actor("anna", "maker"), Actor("bert", "user")]
    assert users.check("anna", "correct horse") is None
    assert users.check("anna", "another one") == Actor("anna", "maker")
    users.remove("bert")
    assert users.check("bert", "long enough") is None
    assert Users(users.path).role("anna") == Actor("anna", "maker")


def test_another_role_alone_leaves_the_password(users: Users) -> None:
    before = users.all()
    assert users.add("anna", "maker") == Actor("anna", "maker")
    assert users.check("anna", "correct horse") == Actor("anna", "maker")
    with pytest.raises(ImgdashError, match="too short"):
        users.add("bert", "user")
    assert [user.name for user in users.all()] == [user.name for user in before]


def test_adding_at_once_loses_nobody(users: Users) -> None:
    threads = [threading.Thread(target=users.add, args=(f"u{n}", "user", "long enough")) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(users.all()) == 5


def test_a_broken_file_is_named_and_not_overwritten(users: Users) -> None:
    users.path.write_text("[anna\n")
    with pytest.raises(ImgdashError, match="cannot be read"):
        users.add("bert", "user", "long enough")
    assert users.path.read_text() == "[anna\n"
