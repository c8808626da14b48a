"""How an output image was made, written into it so that it can be made again (R3, "contents of processing").

Exact values stand in a private block as JSON; the same parameters as coded content items, for readers that drop
private attributes; and in words in Derivation Description.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import xarray as xr
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imgdash import process
from imgdash.model.codes import (
    EDGE_ENHANCEMENT,
    FOR_PROCESSING_PREDECESSOR,
    PROCESSING_EQUIPMENT,
    SPATIAL_RESAMPLING,
    UNSHARP_MASK,
    Code,
)
from imgdash.output.job import Job
from imgdash.output.placement import Placed
from imgdash.process import Chain
from imgdash.store import rows
from imgdash.wire.items import code_item, items_to_parameters, parameters_to_items

GROUP: Final = 0x0099
CREATOR: Final = "IMGDASH PROCESSING"
# What is a content item beside the processing parameters.
_ITEMS: Final = {
    "condition.key": "condition",
    "condition.version": "version",
    "output.steps": "steps",
    "output.scale": "scale",
    "output.bits": "bits",
    "output.overlays": "overlays",
    "source.unprocessed": "unprocessed",
}
# CID 7202: what a derived image came from, where it was not a For Processing image.
_SOURCE: Final = Code("121322", "DCM", "Source image for image processing operation")


@dataclass(frozen=True)
class Provenance:
    """What made an output image.

    Attributes
    ----------
    parameters
        Every processing parameter by dotted name.
    calculated
        What was found for this image on its reduced image.
    attributes
        Of the image, as corrected: what overlays are written from.
    unprocessed
        What the site knew about the sender of an image that does not say itself whether it is For Processing.
    exact
        False where it was read from content items, which round, and lack what was calculated, the log, and what
        tells of the patient: who takes private attributes away means them.
    """

    parameters: Mapping[str, Any]
    calculated: Mapping[str, Any] = field(default_factory=dict)
    condition: str = ""
    version: int = 0
    steps: tuple[str, ...] = ()
    scale: float = 1.0
    bits: int = 12
    overlays: tuple[Mapping[str, Any], ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    software: str = ""
    log: tuple[Mapping[str, Any], ...] = ()
    unprocessed: bool | None = None
    exact: bool = True

    def reproduce(self, image: xr.DataArray) -> xr.DataArray:
        """Form the same image again from the one it was made of (`source` is its SOP Instance UID).

        An annotation band below it (``annotate = "burnt-in"``) is not part of the image.
        """
        image = image.assign_attrs(self.attributes)
        if image.attrs.get("unprocessed") is None:
            image = image.assign_attrs(unprocessed=self.unprocessed)
        return process.form(
            image,
            Chain.of(overrides=self.parameters),
            self.calculated,
            steps=self.steps,
            scale=self.scale,
            bits=self.bits,
            overlays=self.overlays,
        )


def of(job: Job, formed: xr.DataArray) -> Provenance:
    """The provenance of a formed image."""
    return Provenance(
        parameters=job.chain.flat(),
        calculated=job.header.parameters,
        condition=job.condition.key,
        version=job.condition.version,
        steps=job.burnt,
        scale=job.apparatus.scale,
        bits=job.apparatus.bits,
        overlays=tuple(job.header.overlays),
        attributes=job.attributes,
        source=job.header.sop_instance_uid,
        software=f"imgdash {job.version}",
        log=tuple(formed.attrs["processing_log"]),
        unprocessed=job.unprocessed,
    )


def write(ds: Dataset, provenance: Provenance, units: Mapping[str, str]) -> None:
    """Write it into an output image."""
    content = {name: value for name, value in vars(provenance).items() if name != "exact"}
    block = ds.private_block(GROUP, CREATOR, create=True)
    block.add_new(0x01, "UT", json.dumps(rows.plain(content), sort_keys=True))
    named = {item: rows.plain(getattr(provenance, name)) for item, name in _ITEMS.items()}
    items = parameters_to_items({**named, **provenance.parameters}, units)
    ds.PerformedProcessingParametersSequence = Sequence(items)


def read(ds: Dataset) -> Provenance | None:
    """What `write` wrote, or None where this image was not made by imgdash."""
    try:
        content = json.loads(ds.private_block(GROUP, CREATOR)[0x01].value)
        content["steps"] = tuple(content["steps"])
        content["overlays"], content["log"] = tuple(content["overlays"]), tuple(content["log"])
        return Provenance(**content)
    except (KeyError, ValueError, TypeError):
        items = items_to_parameters(ds.get("PerformedProcessingParametersSequence") or ())
    told = {name: items[item] for item, name in _ITEMS.items() if _is_right(name, items.get(item))}
    if "condition" not in told and "version" not in told:
        return None
    told["steps"], told["overlays"] = tuple(told.get("steps", ())), tuple(told.get("overlays", ()))
    told["scale"] = float(told.get("scale", 1.0))
    # Who processes it further may add items of his own.
    ours = Chain.of().flat()
    parameters = {name: value for name, value in items.items() if name in ours and _is_like(value, ours[name])}
    return Provenance(parameters, **told, source=_source_of(ds), software=_software_of(ds), exact=False)


def _is_right(name: str, value: Any) -> bool:
    """Whether a content item beside the processing parameters has a value of its kind."""
    if name == "steps":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "overlays":
        return isinstance(value, list) and all(isinstance(one, dict) for one in value)
    if name == "condition":
        return isinstance(value, str)
    if name == "unprocessed":
        return isinstance(value, bool)
    return isinstance(value, int | float if name == "scale" else int) and not isinstance(value, bool)


def _is_like(value: Any, shipped: Any) -> bool:
    """Whether a value is of the kind that a parameter has."""
    if isinstance(shipped, bool) or isinstance(value, bool):
        return isinstance(shipped, bool) and isinstance(value, bool)
    if isinstance(shipped, int | float):
        return isinstance(value, int | float)
    return not isinstance(shipped, str) or isinstance(value, str)


def _source_of(ds: Dataset) -> str:
    sources = ds.get("SourceImageSequence") or ()
    return str(sources[0].get("ReferencedSOPInstanceUID", "")) if sources else ""


def _software_of(ds: Dataset) -> str:
    versions = [
        str(item.get("SoftwareVersions", ""))
        for item in ds.get("ContributingEquipmentSequence") or ()
        if item.get("ManufacturerModelName") == "imgdash"
    ]
    return f"imgdash {versions[-1]}" if versions else ""


def derivation(job: Job, formed: xr.DataArray) -> tuple[str, list[Code]]:
    """Derivation Description (0008,2111) and Derivation Code Sequence (0008,9215, CID 7203)."""
    log = formed.attrs["processing_log"]
    steps = {entry["step"]: entry for entry in log}
    codes = []
    if "frequency" in steps:
        codes.append(UNSHARP_MASK if steps["frequency"].get("method") == "unsharp" else EDGE_ENHANCEMENT)
    if "scale" in steps:
        codes.append(SPATIAL_RESAMPLING)
    key = f"condition key {job.condition.key} version {job.condition.version}" if job.condition.key else "defaults"
    words = f"imgdash {job.version}, {key}: {', '.join(steps) or 'no step'}."
    return " ".join([words, *formed.attrs.get("notes", ())])[:1024], codes


def source(ds: Dataset, job: Job, unprocessed: bool | None, placed: Placed) -> None:
    """Source Image Sequence (0008,2112): the record; its own sources stand in the record."""
    item = Dataset()
    item.ReferencedSOPClassUID = job.header.sop_class_uid
    item.ReferencedSOPInstanceUID = job.header.sop_instance_uid
    item.PurposeOfReferenceCodeSequence = [code_item(FOR_PROCESSING_PREDECESSOR if unprocessed else _SOURCE)]
    item.SpatialLocationsPreserved = "NO" if placed.moved else "YES"
    ds.SourceImageSequence = Sequence([item])


def equipment(ds: Dataset, job: Job, at: datetime) -> None:
    """Add imgdash to Contributing Equipment (0018,A001)."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [code_item(PROCESSING_EQUIPMENT)]
    item.Manufacturer = "imgdash"
    item.InstitutionName = job.station.institution[:64]
    item.StationName = job.station.name[:16]
    item.ManufacturerModelName = "imgdash"
    item.SoftwareVersions = job.version
    item.ContributionDateTime = at.strftime("%Y%m%d%H%M%S")
    item.ContributionDescription = "Processed for display, reviewed and sent"
    ds.ContributingEquipmentSequence = Sequence([*(ds.get("ContributingEquipmentSequence") or ()), item])
