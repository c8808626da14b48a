"""``xr.open_dataset(path, engine="imgdash")``: radiographs for anybody who uses xarray."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xarray as xr
from xarray.backends import BackendEntrypoint

from imgdash.store.pixels import open_image


class RadiographBackend(BackendEntrypoint):
    """Opens one DICOM image lazily; the variable is ``pixels``, its coordinates are in mm."""

    description = "DICOM radiographs, lazy, coordinates in mm"
    open_dataset_parameters = ("filename_or_obj", "drop_variables")

    def open_dataset(
        self, filename_or_obj: str | os.PathLike[Any], *, drop_variables: str | Iterable[str] | None = None
    ) -> xr.Dataset:
        dataset = open_image(Path(filename_or_obj)).to_dataset()
        return dataset.drop_vars([drop_variables] if isinstance(drop_variables, str) else drop_variables or [])

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        return isinstance(filename_or_obj, str | os.PathLike) and str(filename_or_obj).lower().endswith(
            (".dcm", ".dicom")
        )
