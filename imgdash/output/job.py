"""Everything that forming one output image needs, as one value that can be sent to a worker process."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydicom.uid import UID, ExplicitVRLittleEndian

from imgdash.config import OutputApparatus, Station
from imgdash.config.refusal import refusals
from imgdash.model import Condition, ImageHeader, ImgdashError
from imgdash.output.framing import Framing
from imgdash.process import Chain
from imgdash.store import rows

# What of an image header shows in the output; the rest (who looks at it, comments, …) does not change it.
_SHOWN: Final = (
    "image_id number sop_class_uid sop_instance_uid study_uid series_uid modality body_part acquired_at accession "
    "patient parameters overrides edits overlays ranges "
    "confirmed_at confirmed_by round replaces"
).split()

# What a condition key may say about an apparatus: the form of the image, not where it is sent.
_BY_CONDITION: Final = frozenset(
    "steps scale bits sop_class annotate film_size orientation layout medium dpi true_size split split_overlap_mm "
    "d_min d_max illumination reflected".split()
)


@dataclass(frozen=True)
class Job:
    """One output image to be formed (F5).

    Attributes
    ----------
    apparatus
        With what the condition key says about it: see `profile`.
    record
        The file as it was received.
    folder
        Where output images are kept until they are sent.
    output_uid
        SOP Instance UID of the result.
    unprocessed
        What the site knows about the sender, for images that do not say it.
    syntax
        Transfer syntax UID of the result.
    """

    header: ImageHeader
    condition: Condition
    apparatus: OutputApparatus
    station: Station
    record: Path
    folder: Path
    output_uid: str
    unprocessed: bool | None = None
    syntax: str = ExplicitVRLittleEndian
    version: str = field(default="")

    @property
    def chain(self) -> Chain:
        """The processing parameters: the condition key's, and above them what a person set."""
        return Chain.of(self.condition.processing, {**self.header.overrides, **self.framing.trim})

    @property
    def framing(self) -> Framing:
        """The output image range and its place, as a person set them for this apparatus."""
        return Framing.of(self.header.ranges.get(self.apparatus.name))

    @property
    def attributes(self) -> dict[str, str]:
        """What overlays are written from."""
        return self.header.marked

    @property
    def burnt(self) -> tuple[str, ...]:
        """The steps that change pixels: overlays that go out as a presentation state are not among them."""
        steps = self.apparatus.steps
        return tuple(step for step in steps if step != "overlay") if self.apparatus.annotate == "gsps" else steps

    @property
    def digest(self) -> str:
        """Same digest, same output, byte for byte: so that what is formed can be used again for another try."""
        return _digest(
            {
                **{name: getattr(self.header, name) for name in _SHOWN},
                "condition": [self.condition.key, self.condition.version, self.condition.processing],
                "apparatus": self.apparatus.model_dump(mode="json"),
                "station": [self.station.institution, self.station.name],
                "uid": self.output_uid,
                "attributes": self.attributes,
                "unprocessed": self.unprocessed,
                "syntax": self.syntax,
                "version": self.version,
            }
        )

    @property
    def path(self) -> Path:
        """Where the result goes; deleting an image deletes ``<image_id>*``."""
        suffix = "npz" if self.apparatus.kind == "printer" else "dcm"
        return self.folder / f"{self.header.image_id}-{self.digest}.{suffix}"

    @property
    def presentation(self) -> Path:
        """Where its presentation state goes, if it has one."""
        return self.path.with_suffix(".pr.dcm")


def profile(apparatus: OutputApparatus, condition: Condition) -> OutputApparatus:
    """The apparatus as a condition key wants it: ``[output.<kind>]``, then ``[output.<name>]`` (B1, G2).

    A step runs only where both the site file and the condition key let it run.

    Raises
    ------
    ImgdashError
        If the condition key names a setting that is not its business, or gives one a wrong value.
    """
    settings: dict[str, Any] = {}
    # A folder and a web storage get what an image storage gets.
    kinds = ["printer"] if apparatus.kind == "printer" else ["storage", apparatus.kind]
    for name in dict.fromkeys([*kinds, apparatus.name]):
        settings.update(condition.output.get(name, {}))
    if not settings:
        return apparatus
    where, remedy = f"Condition key {condition.key!r}, [output]", "Mend the condition file."
    if strange := sorted(set(settings) - _BY_CONDITION):
        raise ImgdashError(f"{where}: {strange[0]!r} is no setting of an output image.", remedy)
    if "steps" in settings:
        settings["steps"] = [step for step in apparatus.steps if step in settings["steps"]]
    wanted = {**apparatus.model_dump(), **settings}
    if not wanted["true_size"] and "split" not in settings:
        # What is fitted to the film needs no second one.
        wanted["split"] = False
    try:
        return OutputApparatus.model_validate(wanted)
    except ValidationError as error:
        raise ImgdashError(f"{where}: {refusals(error)[0].removesuffix('.')}.", remedy) from None


def derived_uid(*parts: str) -> UID:
    """A UID that is the same for the same parts (PS3.5 B.2, UUID derived)."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(['imgdash', *parts])).int}")


def series_uid(study_uid: str, modality: str, condition: str, apparatus: str) -> UID:
    """Series Instance UID of output images: one series for each study, modality, condition key and apparatus.

    The modality belongs to it because a series has only one (PS3.3 C.7.3.1).
    """
    return derived_uid("series", study_uid, modality, condition, apparatus)


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(rows.plain(content), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def stage6_digest(job: Job) -> str:
    """Same digest, same image after step (6) (G3): scale, trimming and overlays do not matter."""
    flat = job.chain.flat()
    later = {f"geometry.{name}" for name in ("trim", "left", "top", "right", "bottom", "scale")}
    return _digest(
        {
            "image": job.header.image_id,
            "chain": {
                name: value for name, value in flat.items() if name not in later and not name.startswith("overlay.")
            },
            "calculated": job.header.parameters,
            "steps": [step for step in job.apparatus.steps if step not in ("scale", "overlay")],
            "bits": job.apparatus.bits,
            "attributes": job.attributes,
            "unprocessed": job.unprocessed,
            "version": job.version,
        }
    )
