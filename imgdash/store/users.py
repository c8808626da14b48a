"""Users and their passwords (H1): argon2id, and a lockout that grows with each wrong guess."""

from __future__ import annotations

import os
import re
import threading
import time
import tomllib
from pathlib import Path

import tomli_w
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from imgdash.model import ROLES, Actor, ImgdashError, NotFound, Role

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_FREE_GUESSES = 4
_LONGEST_LOCK = 900.0
# A role is asked for many times at each key; what another process changed in the file counts so much later at most.
_LOOK_SECONDS = 0.1


class Users:
    """``users.toml`` of a site, mode 600.

    Attributes
    ----------
    path
        Where the names, roles and password hashes are.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hasher = PasswordHasher()
        # A wrong name costs as much time as a wrong password, so that names cannot be guessed by the clock.
        self._nobody = self._hasher.hash(os.urandom(16).hex())
        self._wrong: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, ...], dict[str, dict[str, str]]] = ((), {})
        # How often it was written here, and when it was looked at.
        self._saved = 0
        self._looked = (-1, 0.0)

    def _load(self) -> dict[str, dict[str, str]]:
        """What is in the file; read again only when it has changed, for a role is asked for at each action."""
        known, users = self._read
        now = (self._saved, time.monotonic())
        if self._looked[0] == now[0] and now[1] - self._looked[1] < _LOOK_SECONDS:
            return {name: dict(user) for name, user in users.items()}
        try:
            about = self.path.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if known != stamp:
                users = tomllib.loads(self.path.read_text(encoding="utf-8"))
                self._read = (stamp, users)
            self._looked = now
            return {name: dict(user) for name, user in users.items()}
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
            raise ImgdashError(
                f"{self.path} cannot be read: {error}.", "Mend it, or 'imgdash users add' anew."
            ) from None

    def _save(self, users: dict[str, dict[str, str]]) -> None:
        temporary = self.path.with_suffix(".tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(tomli_w.dumps(users))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
        self._saved += 1

    def all(self) -> list[Actor]:
        """Everybody, by name."""
        return [Actor(name, _role(user["role"])) for name, user in sorted(self._load().items())]

    def add(self, name: str, role: str, password: str = "") -> Actor:
        """Add a user, or give one a new role and password; who is known keeps his password where none is given.

        Raises
        ------
        ImgdashError
            If the name or the role is none, or the password has fewer than 8 characters.
        """
        if not _NAME.fullmatch(name):
            raise ImgdashError(f"{name!r} is no user name.", "Use 1 to 32 letters, digits, '.', '_' or '-'.")
        with self._lock:
            users = self._load()
            if len(password) < 8 and (password or name not in users):
                raise ImgdashError("The password is too short.", "Use at least 8 characters.")
            kept = self._hasher.hash(password) if password else users[name]["password"]
            users[name] = {"role": _role(role), "password": kept}
            self._save(users)
        return Actor(name, _role(role))

    def remove(self, name: str) -> None:
        """Remove a user.

        Raises
        ------
        NotFound
        """
        with self._lock:
            users = self._load()
            if users.pop(name, None) is None:
                raise NotFound(f"No user {name!r}.", "'imgdash users list' shows who there is.")
            self._save(users)

    def role(self, name: str) -> Actor:
        """The user `name` with his role.

        Raises
        ------
        NotFound
        """
        user = self._load().get(name)
        if user is None:
            raise NotFound(f"No user {name!r}.", "'imgdash users list' shows who there is.")
        return Actor(name, _role(user["role"]))

    def locked_for(self, name: str) -> float:
        """Seconds until the next guess for `name` is looked at."""
        count, last = self._wrong.get(name, (0, 0.0))
        if count <= _FREE_GUESSES:
            return 0.0
        wait = min(2.0 ** min(count - _FREE_GUESSES, 20), _LONGEST_LOCK)
        return max(0.0, last + wait - time.monotonic())

    def check(self, name: str, password: str) -> Actor | None:
        """The user, if the password is right and the name is not locked; else None."""
        with self._lock:
            if self.locked_for(name) > 0:
                return None
            # Counted before it is looked at: many guesses at once are as many guesses.
            if len(self._wrong) > 10_000:
                self._wrong.clear()
            count, _ = self._wrong.get(name, (0, 0.0))
            self._wrong[name] = (count + 1, time.monotonic())
        user = self._load().get(name)
        try:
            self._hasher.verify(user["password"] if user else self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        if user is None:
            return None
        with self._lock:
            self._wrong.pop(name, None)
        return Actor(name, _role(user["role"]))


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise ImgdashError(f"{text!r} is no role.", f"Roles are {', '.join(ROLES)}.")
