"""``imgdash simulate``: the other machines of Fig. 1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgdash.cli.common import Faults, SiteFile, console
from imgdash.model import ImgdashError

app = typer.Typer(no_args_is_help=True, help="One machine of Fig. 1 alone, or all of a site file.")


@app.command("network")
def network(
    site: SiteFile,
    folder: Annotated[Path | None, typer.Option(help="where stored images and films go")] = None,
    count: Annotated[int, typer.Option(help="first images to send; 0: none, only answer")] = 12,
    pace: Annotated[float, typer.Option(help="images per second")] = 0.5,
    seed: int = 1,
    fault: Faults = None,
    quality_months: Annotated[
        int, typer.Option(min=0, help="for so many months the first DR sends its quality control, after the images")
    ] = 0,
) -> None:
    """Every peer and output apparatus the site file names, on the ports it names."""
    from imgdash.simulate import network

    network.main(
        site,
        folder=folder,
        count=count,
        pace=pace,
        seed=seed,
        faults=fault or (),
        quality_months=quality_months,
    )


Machine = Annotated[str, typer.Argument(help="its name in the site file; all of this kind if not given")]
MachineFolder = Annotated[Path | None, typer.Option(help="where raw exposures, stored images and films go")]


def _simulate(
    site: Path, kind: str, name: str, folder: Path | None, faults: list[str] | None, count: int = 0, pace: float = 0.5
) -> None:
    """The machines of one kind, or one of them."""
    from imgdash import config
    from imgdash.simulate import network

    loaded = config.load(site)
    machines: list[config.Peer | config.OutputApparatus] = [*loaded.peers, *loaded.apparatus]
    names = [machine.name for machine in machines if machine.kind == kind]
    if name and name not in names:
        raise ImgdashError(f"The site file has no {kind} {name!r}.", f"It has: {', '.join(names) or 'none'}.")
    if not names:
        raise ImgdashError(f"The site file has no {kind}.", "Add one to it.")
    only = [name] if name else names
    network.main(site, folder=folder, count=count, pace=pace, only=only, faults=faults or ())


@app.command("modality")
def modality(
    site: SiteFile,
    name: Machine = "",
    folder: MachineFolder = None,
    count: Annotated[int, typer.Option(help="first images to send; 0: only answer")] = 12,
    pace: Annotated[float, typer.Option(help="images per second")] = 0.5,
    fault: Faults = None,
) -> None:
    """CR, DR or CT: takes orders, sends images, answers requests."""
    _simulate(site, "modality", name, folder, fault, count, pace)


@app.command("ris")
def ris(site: SiteFile, name: Machine = "", folder: MachineFolder = None, fault: Faults = None) -> None:
    """HIS/RIS: worklist, HL7 both ways, re-radiographing orders by itself."""
    _simulate(site, "ris", name, folder, fault)


@app.command("storage")
def storage(site: SiteFile, name: Machine = "", folder: MachineFolder = None, fault: Faults = None) -> None:
    """Image storage that can be queried."""
    _simulate(site, "storage", name, folder, fault)


@app.command("printer")
def printer(site: SiteFile, name: Machine = "", folder: MachineFolder = None, fault: Faults = None) -> None:
    """Film printer that renders its films to PNG."""
    _simulate(site, "printer", name, folder, fault)


@app.command()
def quality(
    site: SiteFile,
    name: Annotated[str, typer.Argument(help="of the modality; the first one for radiographs if not given")] = "",
    months: Annotated[int, typer.Option(min=1, help="one series for each, the last one of now")] = 1,
    wear: Annotated[float, typer.Option(min=0, help="by which part its blur has grown in the last month")] = 0.0,
) -> None:
    """Quality control of a modality: send edge plate, flat field and step wedge to a running apparatus."""
    from imgdash import config
    from imgdash.simulate import quality_control

    taken = quality_control.of_site(config.load(site), name, months=months, wear=wear)
    console.print(f"{len(taken)} images of quality control were taken; see Records, Quality control of detectors.")
