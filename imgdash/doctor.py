"""What is wrong with a site, and how to mend it; and the database made anew from files and journal."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from imgdash import config
from imgdash.apparatus import services
from imgdash.config import Site
from imgdash.model import ImgdashError
from imgdash.model.security import Credentials
from imgdash.store.conditions import Conditions
from imgdash.store.files import Files
from imgdash.store.journal import lines
from imgdash.store.procedures import Procedures
from imgdash.store.store import Store
from imgdash.store.users import Users
from imgdash.wire import tls

_RENEW_DAYS = 30


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes
    ----------
    level
        ``ok``, ``warning`` (works, but somebody should know) or ``problem``.
    remedy
        What to do, where there is something to do.
    """

    what: str
    level: str
    finding: str
    remedy: str = ""


def examine_site(site_file: Path) -> Iterator[Check]:
    """Look at configuration, condition keys, users, disk, journal, ports and peers, one after another."""
    try:
        site = config.load(site_file)
    except ImgdashError as error:
        yield Check("site file", "problem", error.cause, error.remedy)
        return
    yield Check("site file", "ok", f"{len(site.peers)} peers, {len(site.apparatus)} output apparatus")
    running = _in_use(site)
    for check in (_conditions, _procedures, _users, _disk, _journal):
        yield check(site)
    yield from _doubts(site)
    if running:
        yield Check("server", "ok", "this site is being served now")
    else:
        yield from _ports(site)
    if not site.apparatus:
        yield Check(
            "output apparatus", "warning", "none: confirmed images go nowhere", "Add an [[apparatus]] to the site file."
        )
    if site.credentials is not None:
        yield _certificate(site.credentials)
    for state in services.examine(site):
        yield Check(f"{state.machine} {state.service}", state.level, state.finding, state.remedy)


def _certificate(credentials: Credentials) -> Check:
    try:
        until = tls.valid_until(credentials)
    except ImgdashError as error:
        return Check("certificate", "problem", error.cause, error.remedy)
    left = (until - datetime.now(UTC)).days
    finding = f"valid until {until:%Y-%m-%d}, {left} days"
    if left < _RENEW_DAYS:
        return Check("certificate", "warning", finding, "Renew it before that; peers refuse it afterwards.")
    return Check("certificate", "ok", finding)


def _conditions(site: Site) -> Check:
    conditions = Conditions(site.folder / "conditions")
    if conditions.problems:
        return Check("condition keys", "problem", "; ".join(conditions.problems.values()), "Mend these files.")
    there = f"{len(conditions.all())} condition keys"
    if new := conditions.never_had():
        return Check(
            "condition keys",
            "warning",
            f"{there}; imgdash has others by now: {', '.join(new)}",
            "Run 'imgdash conditions add' with those that are wanted, or '--all': they are chosen for images then.",
        )
    return Check("condition keys", "ok", there)


def _doubts(site: Site) -> Iterator[Check]:
    """One line for keys of which the same is to be said: it is often all of a site."""
    keys: dict[str, list[str]] = {}
    for key, said in Conditions(site.folder / "conditions").doubts().items():
        keys.setdefault(said, []).append(key)
    for said, those in keys.items():
        remedy = "Set it on the page Conditions, or in conditions/KEY.toml (with the next version)."
        yield Check("condition keys", "warning", f"{', '.join(sorted(those))}: {said}", remedy)


def _procedures(site: Site) -> Check:
    procedures = Procedures(site.folder / "procedures.csv")
    rows = procedures.all()
    if procedures.problem:
        return Check("ordered procedures", "problem", procedures.problem, "Mend the file.")
    keys = {condition.key for condition in Conditions(site.folder / "conditions").all()}
    if gone := sorted({row.condition_key for row in rows if row.condition_key} - keys):
        finding = f"no such condition key: {', '.join(gone)}"
        return Check("ordered procedures", "problem", finding, "Correct procedures.csv.")
    return Check("ordered procedures", "ok", f"{len(rows)} procedures have a condition key of their own")


def _users(site: Site) -> Check:
    try:
        users = Users(site.folder / "users.toml").all()
    except ImgdashError as error:
        return Check("users", "problem", error.cause, error.remedy)
    if not any(user.role == "manager" for user in users):
        return Check("users", "problem", "nobody is a manager", "Run 'imgdash users add NAME --role manager'.")
    return Check("users", "ok", f"{len(users)} users")


def _disk(site: Site) -> Check:
    free = shutil.disk_usage(site.folder).free >> 20
    if free < site.station.minimum_free_mb:
        return Check(
            "disk", "problem", f"{free} MB free, images are refused below {site.station.minimum_free_mb}", "Make room."
        )
    if not os.access(site.folder, os.W_OK):
        return Check("disk", "problem", f"{site.folder} cannot be written", "Give this user the right to write there.")
    return Check("disk", "ok", f"{free} MB free")


def _journal(site: Site) -> Check:
    path = site.folder / "journal" / "journal.jsonl"
    if not path.exists():
        return Check("journal", "ok", "not begun")
    try:
        count = sum(1 for _ in lines(path))
    except ImgdashError as error:
        return Check("journal", "problem", error.cause, error.remedy)
    return Check("journal", "ok", f"{count} entries, chain whole")


def _in_use(site: Site) -> bool:
    """Whoever serves a site holds the lock of its journal."""
    lock = site.folder / "journal" / "lock"
    if not lock.exists():
        return False
    with open(lock, "rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _ports(site: Site) -> Iterator[Check]:
    station = site.station
    for name, port in (
        ("dicom_port", station.dicom_port),
        ("hl7_port", station.hl7_port),
        ("web_port", station.web_port),
        ("query_port", station.query_port),
        ("dicom_tls_port", station.dicom_tls_port),
        ("hl7_tls_port", station.hl7_tls_port),
        ("query_tls_port", station.query_tls_port),
    ):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((station.host, port))
            except OSError as error:
                remedy = f"End what listens there, or set another {name} in the site file."
                yield Check(name, "problem", f"{station.host}:{port} cannot be used: {error.strerror}", remedy)
            else:
                yield Check(name, "ok", f"{station.host}:{port} is free")


def rebuild(site_file: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> list[str]:
    """Make database and reduced images anew, from the journal and the DICOM files.

    Returns
    -------
    What was done, in words.

    Raises
    ------
    ImgdashError
        If the site is being served, or the journal was changed; nothing is touched then.
    """
    site = config.load(site_file)
    database = site.folder / "imgdash.duckdb"
    if _in_use(site):
        raise ImgdashError("This site is being served.", "Stop 'imgdash serve' first.")
    journal = site.folder / "journal" / "journal.jsonl"
    if journal.exists():
        for _ in lines(journal):
            continue
    said = []
    for old in (database, database.with_name(database.name + ".wal")):
        if old.exists():
            old.replace(old.with_name(old.name + ".old"))
            said.append(f"The former {old.name} is kept as {old.name}.old.")
    store = Store(site.folder)
    files = Files(site.folder)
    images = {image.image_id: image for image in store.images()}
    said.append(f"{len(images)} images and {store.journal.seq} journal entries were taken from the journal.")
    lost = [path for path in files.kept() if path.stem not in images]
    for number, path in enumerate(lost):
        again = files.incoming / f"{path.stat().st_mtime_ns}-0-{number}.dcm"
        if not again.exists():
            os.link(path, again)
    if lost:
        said.append(f"{len(lost)} images were not in the journal; they are registered anew at the next start.")
    said.append(f"{_reduce_again(site, store, files, progress)} reduced images were made.")
    store.close()
    return said


def _reduce_again(site: Site, store: Store, files: Files, progress: Callable[[int, int], None]) -> int:
    # What only this needs takes longer to import than everything else is looked at.
    from imgdash.apparatus.examining import examine
    from imgdash.store.reduced import ReducedImages
    from imgdash.workers import Workers

    reduced = ReducedImages(site.folder / "reduced", site.station.display_size)
    missing = [
        image
        for image in store.images("state not in ('deleted', 'quarantined')")
        if not reduced.has(image.image_id) and files.has(image.image_id)
    ]
    workers = Workers(site.station.workers, site.station.worker_memory_mb)
    raw = {peer.ae_title: peer.sends_raw for peer in site.peers if peer.ae_title and peer.sends_raw}
    settings = (site.station.display_size, site.station.processing_pitch_mm, raw)
    try:
        waiting = [(image, workers.run(examine, files.path(image.image_id), *settings)) for image in missing]
        for done, (image, future) in enumerate(waiting, 1):
            found = future.result()
            if found.reduced is not None:
                reduced.put(image.image_id, image.number, found.reduced)
            progress(done, len(waiting))
    finally:
        workers.stop()
    return len(missing)
