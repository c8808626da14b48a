"""The machines that a site file names: the station itself, its peers, its output apparatus."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from imgdash.config.types import ALL_STEPS, AETitle, Charset, Name, Port, Section, Step, is_loopback


class Station(Section):
    """The apparatus itself."""

    ae_title: AETitle = "IMGDASH"
    host: str = "127.0.0.1"
    dicom_port: Port = 11112
    hl7_port: Port = 2575
    web_port: Port = 5006
    query_port: Port | None = Field(
        None, description="where diagnostic and reference terminals query and retrieve; None: nowhere, 0: any port"
    )
    dicom_tls_port: Port | None = Field(None, description="where DICOM is taken over TLS; None: nowhere, 0: any port")
    hl7_tls_port: Port | None = None
    query_tls_port: Port | None = None
    tls_certificate: Path | None = Field(None, description="our certificate (PEM), from the site folder or absolute")
    tls_key: Path | None = Field(None, description="its private key, without a password")
    tls_ca: Path | None = Field(None, description="certificates of those who signed our peers' certificates")
    tls_host_names: bool = Field(False, description="a peer's certificate must also name its host")
    tls_required: bool = Field(False, description="nothing is taken or sent in the clear")
    institution: str = ""
    name: str = "imgdash"
    receivers: int = Field(2, ge=1, le=64, description="receiver processes")
    workers: int = Field(2, ge=1, le=64, description="processes that decode, reduce and form")
    worker_memory_mb: int = Field(
        1500,
        ge=512,
        description="address space above the start, per worker process; kernels and 15 megapixels need 512",
    )
    open_to: Literal["known", "loopback", "all"] = Field(
        "known", description="who may send besides the peers named here: nobody, anybody on loopback, anybody"
    )
    called_ae_check: bool = Field(True, description="refuse associations that call another AE title")
    max_message_mb: int = Field(2048, ge=1, description="one C-STORE may be no larger")
    minimum_free_mb: int = Field(200, ge=0, description="below this, C-STORE answers A700 out of resources")
    display_size: int = Field(640, ge=128, le=2048, description="longer side of the reduced image for display")
    processing_pitch_mm: float = Field(1.0, gt=0, description="pixel pitch of the reduced image for processing (C3)")
    undo_s: float = Field(
        5, ge=0, le=60, description="what a person confirmed is sent only after so long, so that it can be taken back"
    )
    keep_rejected_days: float = Field(30, ge=0, description="0 deletes a rejected image at once (R7)")
    auto_delete_delivered_days: float | None = Field(None, description="None keeps delivered images")


class Peer(Section):
    """A machine that sends images or orders: modality 51/56/57/59 or HIS/RIS 58."""

    name: Name
    kind: Literal["modality", "ris", "viewer"]
    ae_title: AETitle | None = None
    host: str = "127.0.0.1"
    port: Port = 0
    hl7_port: Port = Field(0, description="where the RIS listens for HL7; 0: it does not")
    hl7_order: Literal["OMG^O19", "ORM^O01", "OMI^O23"] = "OMG^O19"
    hl7_control: Literal["NW", "SN"] = "NW"
    hl7_application: str = Field("", description="what it calls itself in MSH-3, if not by its name or AE title")
    hl7_status: Literal["off", "ORU^R01", "OMI^O23"] = Field(
        "off", description="how it is told what becomes of the images of its orders (D4)"
    )
    hl7_status_of: Literal["own", "all"] = Field("own", description="whose orders it is told of: its own, or all")
    mpps: bool = Field(False, description="modalities' performed procedure steps are forwarded to it")
    availability: bool = Field(False, description="it is told where images can be had, and where no longer (IAN)")
    detached_study: bool = Field(False, description="it knows the retired Detached Study Management (R5)")
    worklist: bool = Field(False, description="poll its modality worklist (MWL SCU)")
    worklist_seconds: float = Field(30, gt=0)
    ups: bool = Field(False, description="takes UPS Push work items (re-generation)")
    ups_pull: bool = Field(False, description="fetches its work items from our query port (UPS Pull) instead")
    resend: bool = Field(False, description="is a Q/R SCP that can C-MOVE an image again")
    unprocessed: bool = Field(False, description="can send the unprocessed image and its processing contents")
    sends_raw: bool | None = Field(None, description="CR images from it are unprocessed; None: DICOM says it")
    tls: bool = Field(False, description="it is spoken to over TLS, and speaks to us in no other way")
    timeout_seconds: float = Field(10, gt=0)

    def calls_itself(self, application: str) -> bool:
        """Whether this is the sender of HL7 messages, or the worklist, of that name."""
        names = (self.hl7_application, self.name, self.ae_title or "")
        return application.strip().casefold() in {name.strip().casefold() for name in names if name.strip()}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.ups and self.ups_pull:
            raise ValueError("work items are pushed (ups) or fetched (ups_pull), not both")
        return self

    @model_validator(mode="after")
    def _told(self) -> Self:
        told = [name for name in ("mpps", "availability", "detached_study") if getattr(self, name)]
        if told and not (self.ae_title and self.port):
            raise ValueError(f"{', '.join(told)} = true needs an ae_title and a port to tell it at")
        return self


class OutputApparatus(Section):
    """One output apparatus: image storage 54 or image forming apparatus 55. Each has a queue of its own (F2).

    A storage is reached by C-STORE, a ``web`` one by STOW-RS (PS3.18 10.5); a ``folder`` gets a DICOM file-set with
    a DICOMDIR (PS3.10).
    """

    name: Name
    kind: Literal["storage", "printer", "folder", "web"]
    ae_title: AETitle = ""
    host: str = "127.0.0.1"
    port: Port = 104
    tls: bool = Field(False, description="it is spoken to over TLS, and speaks to us in no other way")
    timeout_seconds: float = Field(30, gt=0)
    url: str = Field("", description="of a web storage: what stands before /studies, http:// or https://")
    tls_ca: Path | None = Field(None, description="of a web storage: who signed its certificate, if nobody well known")
    authorization: Path | None = Field(None, description="a file with the value of the Authorization header for it")
    path: Path | None = Field(None, description="of a folder: in the site folder, or absolute, which has to exist")
    file_set: Literal["one", "day", "study"] = Field("day", description="images of a folder that share a DICOMDIR")
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
    charset: Charset = Field("keep", description="of the texts; keep: the sender's, UTF-8 where it is not enough")
    private_tags: Literal["own", "keep", "drop"] = Field(
        "own", description="own: a processed image has ours only; keep: the sender's too; drop: none in any image"
    )
    scale: float = Field(1.0, gt=0, le=4, description="enlargement or reduction of stored images")
    bits: int = Field(12, ge=8, le=16)
    annotate: Literal["burnt-in", "gsps", "none"] = "none"
    iocm: bool = Field(True, description="tell it of rejections (KOS); of a folder: take it out again")
    # printer
    film_size: str = "14INX17IN"
    orientation: Literal["PORTRAIT", "LANDSCAPE", "auto"] = "auto"
    layout: str = Field(r"STANDARD\1,1", pattern=r"^STANDARD\\[1-9],[1-9]$")
    medium: str = "BLUE FILM"
    dpi: int = Field(150, ge=50, le=650, description="pixels per inch sent for the image box")
    true_size: bool = False
    print_job_seconds: float = Field(300, ge=0, description="so long a print job is asked whether it is done; 0: once")
    split: bool = Field(False, description="in true size, what is larger than one film goes over several")
    split_overlap_mm: float = Field(10, ge=0, le=100, description="what two neighbouring films both show")
    d_min: float = Field(0.20, ge=0)
    d_max: float = Field(3.00, gt=0, le=4.5)
    illumination: int = Field(2000, gt=0, description="luminance of the light box, cd/m²")
    reflected: int = Field(10, ge=0, description="reflected ambient light, cd/m²")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind in ("storage", "printer") and not self.ae_title:
            raise ValueError(f"a {self.kind} needs an ae_title")
        if self.kind == "web" and not self.url.startswith("https://" if self.tls else ("http://", "https://")):
            raise ValueError("a web storage needs a url, which begins with https:// where tls = true")
        if self.kind == "folder" and self.path is None:
            raise ValueError("a folder needs a path")
        if self.kind in ("web", "folder") and self.transfer_syntax == "implicit":
            raise ValueError(f"transfer_syntax = 'implicit' is not allowed for a {self.kind} (PS3.18 8.7.3, PS3.10)")
        return self

    @model_validator(mode="after")
    def _not_overheard(self) -> Self:
        if self.kind != "web":
            return self
        where = urlsplit(self.url)
        if "@" in where.netloc:
            raise ValueError("the url is shown to everybody: name and password go into the file of authorization")
        if self.authorization and where.scheme == "http" and not is_loopback(where.hostname or ""):
            raise ValueError("authorization is sent to an https:// url only, or to this machine itself")
        if self.tls_ca and where.scheme == "http":
            raise ValueError("tls_ca is for an https:// url")
        return self

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return {"web": self.url, "folder": str(self.path)}.get(self.kind, f"{self.host}:{self.port}")

    @property
    def secure(self) -> bool:
        """Whether nothing goes over the network in the clear."""
        return self.tls or self.kind == "folder" or (self.kind == "web" and self.url.startswith("https://"))

    @model_validator(mode="after")
    def _densities(self) -> Self:
        if self.split and not self.true_size:
            raise ValueError("split is for films in true size: set true_size = true")
        if self.d_max <= self.d_min:
            raise ValueError(f"d_max ({self.d_max}) must be above d_min ({self.d_min})")
        return self
