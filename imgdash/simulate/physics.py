"""The X-ray beam of the simulated modalities: spectra, attenuation, what a detector makes of them.

Tables and their origin: ``data/physics/*.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from imgdash.model import shipped

Floats = NDArray[np.float64]

# g/cm³, as in the head of attenuation.csv.
DENSITY = {
    "water": 1.00,
    "soft_tissue": 1.06,
    "adipose": 0.95,
    "cortical_bone": 1.92,
    "aluminium": 2.70,
    "copper": 8.96,
    "lead": 11.35,
    "caesium_iodide": 4.51,
}
_JOULE_PER_KEV = 1.602176634e-16
# A needle CsI screen of 0.6 mm, packed to 75 %.
_SCREEN_G_PER_CM2 = 0.06 * 4.51 * 0.75
# The soft tissue and bone thicknesses (cm) at which transmission is tabulated.
SOFT_STEP_CM, BONE_STEP_CM = 1.0, 0.5
_SOFT = np.arange(0.0, 56.0, SOFT_STEP_CM)
_BONE = np.arange(0.0, 14.5, BONE_STEP_CM)


@cache
def _table(name: str) -> tuple[list[str], Floats]:
    text = (shipped.folder("physics") / name).read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return lines[0].split(","), np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])


@cache
def attenuation() -> dict[str, Floats]:
    """Mass attenuation coefficients (cm²/g) by material; ``energy_keV`` and ``air_en`` beside them."""
    names, rows = _table("attenuation.csv")
    return dict(zip(names, rows.T, strict=True))


def linear_coefficient(material: str) -> Floats:
    """Linear attenuation coefficient in cm⁻¹ at the energies of `attenuation`."""
    return attenuation()[material] * DENSITY[material]


def spectrum(kv: float, *, aluminium_mm: float = 0.0, distance_cm: float = 100.0) -> Floats:
    """Photons per mm² and mAs in 1 keV bins, behind 2.5 mm Al and what is added.

    Parameters
    ----------
    kv
        Tube voltage, 40 to 140 kV; between the tabulated 5 kV steps it is interpolated.
    aluminium_mm
        Added filtration.
    distance_cm
        From the focus.

    Raises
    ------
    ValueError
        If the tables do not reach `kv`.
    """
    names, rows = _table("spectra.csv")
    voltages = np.array([float(name.removeprefix("kv")) for name in names[1:]])
    if not voltages[0] <= kv <= voltages[-1]:
        raise ValueError(f"{kv} kV is outside the tables, {voltages[0]:.0f} to {voltages[-1]:.0f} kV")
    low = int(np.searchsorted(voltages, kv, side="right")) - 1
    low = min(low, len(voltages) - 2)
    share = (kv - voltages[low]) / (voltages[low + 1] - voltages[low])
    photons = (1 - share) * rows[:, low + 1] + share * rows[:, low + 2]
    added = np.exp(-linear_coefficient("aluminium") * aluminium_mm / 10)
    return np.asarray(photons * added * (100.0 / distance_cm) ** 2)


def air_kerma(photons: Floats) -> float:
    """Air kerma in µGy of a spectrum in photons per mm²."""
    energy, en = attenuation()["energy_keV"], attenuation()["air_en"]
    # photons/mm² → /cm²; keV·cm²/g → J/kg → µGy
    return float((photons * 100 * energy * en).sum() * _JOULE_PER_KEV * 1e3 * 1e6)


def half_value_layer(photons: Floats) -> float:
    """First half value layer in mm Al."""
    mu = linear_coefficient("aluminium") / 10
    whole = air_kerma(photons)
    low, high = 0.0, 50.0
    for _ in range(50):
        middle = (low + high) / 2
        if air_kerma(photons * np.exp(-mu * middle)) > whole / 2:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@dataclass(frozen=True)
class Beam:
    """What reaches the detector behind soft tissue and bone, for 1 mAs.

    Attributes
    ----------
    log_signal
        Natural logarithm of the detector signal, float32, shape (soft thickness, bone thickness); the signal is
        the air kerma in µGy that a beam of RQA5 would need for the same reading (IEC 62494-1).
    noise
        Variance of the signal per signal and mm⁻² of pixel area, µGy·mm²: quantum noise of the absorbed photons.
    entrance_ugy
        Air kerma in µGy at the detector without a patient.
    """

    log_signal: NDArray[np.float32]
    noise: float
    entrance_ugy: float


@cache
def beam(kv: float, aluminium_mm: float, distance_cm: float) -> Beam:
    """The transmission table of one beam quality (Beer-Lambert, polyenergetic)."""
    energy = attenuation()["energy_keV"]
    absorbed = 1 - np.exp(-attenuation()["caesium_iodide"] * _SCREEN_G_PER_CM2)
    photons = spectrum(kv, aluminium_mm=aluminium_mm, distance_cm=distance_cm)
    soft = np.exp(-np.outer(_SOFT, linear_coefficient("soft_tissue")))
    bone = np.exp(-np.outer(_BONE, linear_coefficient("cortical_bone")))
    read = np.einsum("se,be,e->sb", soft, bone, photons * energy * absorbed)
    reference = spectrum(70, aluminium_mm=21.0)
    per_ugy = (reference * energy * absorbed).sum() / air_kerma(reference)
    typical = photons * absorbed * soft[12]
    noise = (typical * energy**2).sum() / (typical * energy).sum() / per_ugy
    return Beam(np.log(read / per_ugy).astype(np.float32), float(noise), air_kerma(photons))


__all__ = [
    "BONE_STEP_CM",
    "DENSITY",
    "SOFT_STEP_CM",
    "Beam",
    "air_kerma",
    "attenuation",
    "beam",
    "half_value_layer",
    "linear_coefficient",
    "spectrum",
]
