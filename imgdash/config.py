"""The site file ("system file", B5): what this apparatus is, who its peers are, where images go.

One TOML file, checked when it is read and frozen afterwards. A wrong value is refused with the place in the
file, what is wrong and what would be right.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from imgdash.model.errors import ImgdashError, NotFound

# PS3.5 table 6.2-1: an AE title has 1 to 16 characters of the default repertoire, no backslash.
AETitle = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[\x20-\x5b\x5d-\x7e]+$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Step = Literal["frequency", "equalization", "gradation", "rotation", "mirror", "scale", "overlay"]
ALL_STEPS: tuple[Step, ...] = (
    "frequency",
    "equalization",
    "gradation",
    "rotation",
    "mirror",
    "scale",
    "overlay",
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Station(_Section):
    """The apparatus itself."""

    ae_title: AETitle = "IMGDASH"
    host: str = "127.0.0.1"
    dicom_port: Port = 11112
    hl7_port: Port = 2575
    web_port: Port = 5006
    institution: str = ""
    name: str = "imgdash"
    receivers: int = Field(2, ge=1, le=64, description="receiver processes")
    workers: int = Field(2, ge=1, le=64, description="processes that decode, reduce and form")
    worker_memory_mb: int = Field(1500, ge=256, description="address space above the start, per worker process")
    open_to: Literal["known", "loopback", "all"] = Field(
        "known", description="who may send besides the peers named here: nobody, anybody on loopback, anybody"
    )
    called_ae_check: bool = Field(True, description="refuse associations that call another AE title")
    max_message_mb: int = Field(2048, ge=1, description="one C-STORE may be no larger")
    minimum_free_mb: int = Field(200, ge=0, description="below this, C-STORE answers A700 out of resources")
    display_size: int = Field(640, ge=128, le=2048, description="longer side of the reduced image for display")
    processing_pitch_mm: float = Field(1.0, gt=0, description="pixel pitch of the reduced image for processing (C3)")
    keep_rejected_days: float = Field(30, ge=0, description="0 deletes a rejected image at once (R7)")
    auto_delete_delivered_days: float | None = Field(None, description="None keeps delivered images")


class Peer(_Section):
    """A machine that sends images or orders: modality 51/56/57/59 or HIS/RIS 58."""

    name: Name
    kind: Literal["modality", "ris", "viewer"]
    ae_title: AETitle | None = None
    host: str = "127.0.0.1"
    port: Port = 0
    hl7_port: Port = Field(0, description="where the RIS listens for HL7; 0: it does not")
    hl7_order: Literal["OMG^O19", "ORM^O01", "OMI^O23"] = "OMG^O19"
    hl7_control: Literal["NW", "SN"] = "NW"
    worklist: bool = Field(False, description="poll its modality worklist (MWL SCU)")
    worklist_seconds: float = Field(30, gt=0)
    ups: bool = Field(False, description="takes UPS Push work items (re-generation)")
    resend: bool = Field(False, description="is a Q/R SCP that can C-MOVE an image again")
    unprocessed: bool = Field(False, description="can send the unprocessed image and its processing contents")
    sends_raw: bool | None = Field(None, description="CR images from it are unprocessed; None: DICOM says it")
    timeout_seconds: float = Field(10, gt=0)


class OutputApparatus(_Section):
    """One output apparatus: image storage 54 or image forming apparatus 55. Each has a queue of its own (F2)."""

    name: Name
    kind: Literal["storage", "printer"]
    ae_title: AETitle
    host: str = "127.0.0.1"
    port: Port = 104
    timeout_seconds: float = Field(30, gt=0)
    steps: tuple[Step, ...] = Field(ALL_STEPS, description="which of (2)-(8) run for it (G2)")
    default: bool = Field(True, description="gets an image where its condition key does not say")
    retry_seconds: float = Field(2, gt=0, description="first wait after a failure; doubles each time")
    retry_cap_seconds: float = Field(300, gt=0)
    attempts: int = Field(8, ge=1, description="after so many refusals of one image it is set aside")
    # storage
    commitment: bool = True
    commitment_seconds: float = Field(120, gt=0, description="no result by then: asked again")
    sop_class: Literal["same", "dx", "cr", "sc"] = "same"
    transfer_syntax: Literal["explicit", "implicit", "rle", "j2k", "jpegls"] = "explicit"
    scale: float = Field(1.0, gt=0, le=4, description="enlargement or reduction of stored images")
    bits: int = Field(12, ge=8, le=16)
    annotate: Literal["burnt-in", "gsps", "none"] = "none"
    iocm: bool = Field(True, description="tell it of rejections (KOS)")
    # printer
    film_size: str = "14INX17IN"
    orientation: Literal["PORTRAIT", "LANDSCAPE", "auto"] = "auto"
    layout: str = Field(r"STANDARD\1,1", pattern=r"^STANDARD\\[1-9],[1-9]$")
    medium: str = "BLUE FILM"
    dpi: int = Field(150, ge=50, le=650, description="pixels per inch sent for the image box")
    true_size: bool = False
    d_min: float = Field(0.20, ge=0)
    d_max: float = Field(3.00, gt=0, le=4.5)
    illumination: int = Field(2000, gt=0, description="luminance of the light box, cd/m²")
    reflected: int = Field(10, ge=0, description="reflected ambient light, cd/m²")

    @model_validator(mode="after")
    def _densities(self) -> Self:
        if self.d_max <= self.d_min:
            raise ValueError(f"d_max ({self.d_max}) must be above d_min ({self.d_min})")
        return self


class Rule(_Section):
    """What a finding leads to (R7): the rules are those of `imgdash.confirm.judge`."""

    rule: str
    policy: Literal["automatic", "proposed", "off"] = "proposed"
    to: Literal["modality", "ris"] | None = Field(None, description="None: by reason (STANDARDS.md)")
    ask: Literal["processed", "unprocessed", "resend", "reradiograph"] | None = None


class Requests(_Section):
    """Policies of the request (R7)."""

    always_ris: bool = Field(False, description="every request goes through HIS/RIS")
    fallback: bool = Field(True, description="what the modality refuses goes to HIS/RIS")
    rounds: int = Field(5, ge=1, description="after so many automatic rounds of one image a person is asked")
    answer_hours: float = Field(24, gt=0, description="an answer not seen by then is marked overdue")
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _each_rule_once(self) -> Self:
        names = [rule.rule for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"rules named twice: {', '.join(sorted(twice))}")
        return self


class Fitness(_Section):
    """Limits of the automatic judgement (R4, R8)."""

    required: tuple[str, ...] = ("PatientID", "PatientName", "BodyPartExamined")
    film_required: tuple[str, ...] = ()
    clipped_storage: float = Field(0.08, ge=0, le=1, description="fraction of the field that may be saturated")
    clipped_film: float = Field(0.05, ge=0, le=1)
    di_low: float = Field(-6.0, description="deviation index below which an image is under exposed")
    di_high: float = Field(6.0, description="above which it is over exposed")
    film_minimum_pixels: int = Field(256, ge=1, description="shorter side below which film would be useless")


class Exposure(_Section):
    """Detector calibration of one sender (IEC 62494-1): pixel value → detector air kerma.

    ``linear``: K = gain · value + offset; ``log``: K = gain · 10 ** (value / slope), K in µGy.
    """

    sender: str
    form: Literal["linear", "log"]
    gain: float = Field(gt=0)
    offset: float = 0
    slope: float = Field(1000, gt=0)


class Site(_Section):
    """The whole site file."""

    station: Station = Station()
    peers: tuple[Peer, ...] = ()
    apparatus: tuple[OutputApparatus, ...] = ()
    requests: Requests = Requests()
    fitness: Fitness = Fitness()
    exposure: tuple[Exposure, ...] = ()
    folder: Path = Path()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [peer.name for peer in self.peers] + [apparatus.name for apparatus in self.apparatus]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"names used twice: {', '.join(sorted(twice))}")
        return self

    def output(self, name: str) -> OutputApparatus:
        """The output apparatus called `name`."""
        for apparatus in self.apparatus:
            if apparatus.name == name:
                return apparatus
        raise NotFound(f"No output apparatus {name!r}.", f"The site file has {[a.name for a in self.apparatus]}.")

    def peer(self, name: str) -> Peer:
        """The peer called `name`."""
        for peer in self.peers:
            if peer.name == name:
                return peer
        raise NotFound(f"No peer {name!r}.", f"The site file has {[p.name for p in self.peers]}.")

    def peer_by_ae(self, ae_title: str) -> Peer | None:
        """The peer that calls itself `ae_title`, or None."""
        return next((peer for peer in self.peers if peer.ae_title == ae_title.strip()), None)

    def peers_of(self, kind: str) -> tuple[Peer, ...]:
        """Every peer of a kind."""
        return tuple(peer for peer in self.peers if peer.kind == kind)

    def destinations(self, chosen: tuple[str, ...] | None, by_condition: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Where an image goes: as chosen for it, else as its condition key says, else the site's defaults (F2).

        Raises
        ------
        NotFound
            If one of them is not an apparatus of this site.
        """
        if chosen is None:
            chosen = by_condition or tuple(apparatus.name for apparatus in self.apparatus if apparatus.default)
        return tuple(self.output(name).name for name in dict.fromkeys(chosen))

    def known_ae_titles(self) -> frozenset[str]:
        """Calling AE titles that may associate."""
        return frozenset(
            [peer.ae_title for peer in self.peers if peer.ae_title]
            + [apparatus.ae_title for apparatus in self.apparatus]
        )


def load(path: Path | str) -> Site:
    """Read and check a site file.

    Raises
    ------
    ImgdashError
        If the file is missing, is not TOML, or has a value that does not fit; names line or key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ImgdashError(f"No site file at {path}.", f"'imgdash init {path.parent}' makes one.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ImgdashError(f"The site file {path} cannot be read: {error}.", "Check its rights; it is UTF-8.") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImgdashError(f"The site file {path} is not valid TOML: {error}.", "Mend that line.") from None
    return parse(raw, path)


def parse(raw: dict[str, Any], path: Path) -> Site:
    """Check the content of a site file; TOML's singular table names become the plural ones of `Site`."""
    content = {"peers" if key == "peer" else key: value for key, value in raw.items()}
    if "folder" in content:
        raise ImgdashError(f"In {path}: 'folder' is not a setting.", "The site folder is where the site file is.")
    try:
        return Site(**content, folder=path.resolve().parent)
    except ValidationError as error:
        lines = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise ImgdashError(
            f"The site file {path} has {error.error_count()} mistake(s): {lines}.", "Mend these keys."
        ) from None


__all__ = [
    "ALL_STEPS",
    "Exposure",
    "Fitness",
    "OutputApparatus",
    "Peer",
    "Requests",
    "Rule",
    "Site",
    "Station",
    "load",
    "parse",
]
