"""``imgdash demo`` and ``imgdash serve``: an apparatus with its page; for the demonstration the machines around it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from imgdash import config, sites
from imgdash.apparatus import Apparatus
from imgdash.autopilot import Autopilot, Row
from imgdash.filing import Filing
from imgdash.simulate.network import Network

# Images a simulated colleague works through, so that stored images and films are there to look at.
_COLLEAGUE = 4
_FIRST_IMAGES = 16
_PACE = 0.5
# A new demonstration is sent the quality control of so many months, of which the last awaits its reviewer.
_QUALITY_MONTHS = 6
_AUTOPILOT_PACE = 2.0
_SERVICES = {"hl7": "HL7", "query": "Queries"}
_AUTOPILOT_SECONDS = (90.0, 12.0)


def serve(console: Console, site_file: Path) -> None:
    """Serve a site until it is interrupted or terminated."""
    from imgdash.dashboard import serve as serve_page

    with _until_interrupted(), Apparatus(site_file) as apparatus:
        for name, (host, port) in apparatus.addresses.items():
            service, _, secured = name.partition("-")
            called = f"DICOM {apparatus.site.station.ae_title}" if service == "dicom" else _SERVICES[service]
            console.print(f"{called} at {host}:{port}{' over TLS' if secured else ''}")
        serve_page(apparatus, on_ready=lambda url: console.print(f"Dashboard: {url}"))


def run(
    console: Console,
    *,
    port: int,
    browser: bool,
    folder: Path | None,
    autopilot: int | None,
    again: bool = False,
    faults: Sequence[str] = (),
) -> int:
    """The demonstration; returns the exit code.

    In a folder that is kept, what is there stays as it was, and nothing of it is sent once more; a port that another
    program has by now is replaced.

    Parameters
    ----------
    again
        Send as many further images, of other patients, also where the folder has some.
    autopilot
        Let a simulated reviewer work through so many images, print what happened, and end.
    faults
        Faults of the machines around (`imgdash.simulate.faults.parse`).
    """
    console.print("imgdash starts: a few seconds.")
    with _folder(folder) as where:
        site_file = where / "site.toml"
        new = not site_file.exists()
        if new:
            site_file = sites.demo(where, port)
        else:
            for former, now in sites.move_ports(site_file).items():
                console.print(f"Port {former} is taken by another program: {now} instead, also in {site_file}.")
        if faults:
            # Made here only to hear at once of a fault that cannot be ordered.
            Network(config.load(site_file), where / "machines", faults=faults)
        with Apparatus(site_file) as apparatus:
            last = max((image.number for image in apparatus.images()), default=0)
            if autopilot:
                programme = _Programme(autopilot, _AUTOPILOT_PACE, 0, last)
            else:
                programme = _Programme(0 if last and not again else _FIRST_IMAGES, _PACE, _QUALITY_MONTHS * new, last)
            with _machines(site_file, where / "machines", programme, faults):
                if autopilot:
                    return _fly(console, apparatus, programme)
                return _show(console, apparatus, browser, programme)


@dataclass(frozen=True)
class _Programme:
    """What is sent: images in all and per second, months of quality control; behind the image of number `last`."""

    count: int
    pace: float
    months: int
    last: int


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="imgdash-demo-") as temporary:
        yield Path(temporary)


@contextmanager
def _machines(site_file: Path, folder: Path, programme: _Programme, faults: Sequence[str]) -> Iterator[None]:
    """The other machines of Fig. 1, in a process of their own: they share nothing but the network with us."""
    command = [sys.executable, "-m", "imgdash.cli", "simulate", "network", str(site_file)]
    command += ["--folder", str(folder), "--count", str(programme.count), "--pace", str(programme.pace)]
    # Another seed gives other patients and numbers of orders than those that are there.
    command += ["--quality-months", str(programme.months), "--seed", str(programme.last + 1)]
    command += [part for text in faults for part in ("--fault", text)]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "machines.log", "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        yield
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _fly(console: Console, apparatus: Apparatus, programme: _Programme) -> int:
    count = programme.count
    pilot = Autopilot(apparatus, count, programme.last)
    begun = time.monotonic()
    fixed, each = _AUTOPILOT_SECONDS
    with console.status(f"A simulated reviewer works through {count} images …"):
        ended_well = pilot.run(timeout=fixed + each * count)
    console.print(_table(pilot.rows()))
    health = apparatus.health()
    requests = health["requests"]
    console.print(
        f"{time.monotonic() - begun:.0f} s; requests: {requests['sent']} sent, {requests['answered']} answered, "
        f"{requests['satisfied']} satisfied, {requests['refused']} refused; "
        + "; ".join(f"{name}: {line['done']} done, {line['failed']} failed" for name, line in health["queues"].items())
    )
    if not ended_well:
        console.print("Not every image came to a good end.", style="red")
    return 0 if ended_well else 1


def _table(rows: list[Row]) -> Table:
    table = Table("no.", "image", "from", "round", "what spoke against it", "then", "end", "s", title="What happened")
    for row in rows:
        style = "green" if row.state == "delivered" else "cyan" if row.state == "replaced" else "red"
        table.add_row(
            str(row.number),
            row.title,
            row.sender,
            str(row.round),
            row.findings,
            row.way,
            f"[{style}]{row.state}[/]",
            f"{row.seconds:.1f}",
        )
    return table


def _show(console: Console, apparatus: Apparatus, browser: bool, programme: _Programme) -> int:
    from imgdash.dashboard import serve as serve_page

    colleague, filing = Autopilot(apparatus, _COLLEAGUE, programme.last), Filing(apparatus)
    threads = [threading.Thread(target=filing.run, name="filing", daemon=True)]
    if programme.count:
        threads.append(threading.Thread(target=colleague.run, args=(600.0,), name="colleague", daemon=True))

    def ready(url: str) -> None:
        host, port = apparatus.addresses["dicom"]
        console.print(f"[bold]imgdash[/] is running: [link={url}]{url}[/link]")
        console.print(f"Sign in with one click as {', '.join(sites.DEMO_USERS)}.")
        console.print(f"DICOM {apparatus.site.station.ae_title} at {host}:{port}. Site folder: {apparatus.folder}")
        if programme.count:
            if not apparatus.prepared:
                console.print(
                    "The first start on this machine prepares the processing: images appear in a minute or two."
                )
            console.print("Images arrive now; a simulated colleague reviews the first ones. End with Ctrl+C.")
        else:
            console.print("Everything is as it was left; --again sends further images. End with Ctrl+C.")
        for thread in threads:
            thread.start()
        if browser:
            webbrowser.open(url)

    with _until_interrupted():
        serve_page(apparatus, on_ready=ready, one_click=sites.DEMO_USERS)
    colleague.stop()
    filing.stop()
    return 0


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """SIGTERM ends as Ctrl+C does, so that everything is written back."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        yield
