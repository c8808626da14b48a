"""What the simulated hospital orders, and for whom: procedures, and persons who do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from imgdash.model import Patient

Kind = Literal["CR", "DX", "CT"]


@dataclass(frozen=True)
class Procedure:
    """One thing that can be ordered; `code` is what condition keys know (D4)."""

    code: str
    text: str
    body_part: str
    view: str
    kinds: tuple[Kind, ...] = ("CR", "DX")
    paired: bool = False
    indication: str = ""


@dataclass(frozen=True)
class Person:
    """A patient and the character set his machines write his name in (PS3.3 C.12.1.1.2)."""

    patient: Patient
    charset: tuple[str, ...]


PROCEDURES: tuple[Procedure, ...] = (
    Procedure("CHESTPA", "Chest PA", "CHEST", "PA", indication="Cough for two weeks"),
    Procedure("HANDPA", "Hand PA", "HAND", "PA", paired=True, indication="Fall on the hand"),
    Procedure("PELVISAP", "Pelvis AP", "PELVIS", "AP", indication="Pain in the groin"),
    Procedure("CTCHEST", "CT chest", "CHEST", "", ("CT",), indication="Nodule, follow-up"),
    Procedure("SKULLLAT", "Skull lateral", "SKULL", "LL", indication="Shunt control"),
    Procedure("KNEEAP", "Knee AP", "KNEE", "AP", paired=True, indication="Pain on stairs"),
    Procedure("ABDSUP", "Abdomen supine", "ABDOMEN", "AP", indication="Distended abdomen"),
    Procedure("CHESTBED", "Chest AP in bed", "CHEST", "AP", indication="Control of a catheter"),
    Procedure("HIPAP", "Hip AP", "HIP", "AP", paired=True, indication="Control after surgery"),
    Procedure("CTHEAD", "CT head", "HEAD", "", ("CT",), indication="Headache"),
    Procedure("KNEELAT", "Knee lateral", "KNEE", "LL", paired=True, indication="Effusion"),
)
# Lateral views by their DICOM term, and as the phantoms call them.
PHANTOM_VIEW = {"LL": "LAT", "RL": "LAT"}

# Invented: every family name says phantom in some language.
_NAMES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Phantom^Chester", "M", ("ISO_IR 100",)),
    ("Mokei^Tarou=模型^太郎=もけい^たろう", "M", ("", "ISO 2022 IR 87")),
    ("Gespenst^Jürgen", "M", ("ISO_IR 100",)),
    ("Fantom^Anna=Фантом^Анна", "F", ("ISO_IR 192",)),
    ("Moxing^Xiaoming=模型^小明", "M", ("GB18030",)),
    ("Fantôme^Hélène", "F", ("ISO_IR 100",)),
    ("Mohyeong^Gilsun=模型^吉順=모형^길순", "F", ("", "ISO 2022 IR 149")),
    ("Fantasma^Begoña", "F", ("ISO_IR 100",)),
    ("Mokei^Hanako=模型^花子=もけい^はなこ", "F", ("", "ISO 2022 IR 87")),
    ("Фантом^Борис", "M", ("ISO_IR 144",)),
    ("Φάντασμα^Ελένη", "F", ("ISO_IR 126",)),
    ("Phantom^Handley^^Dr", "F", ("ISO_IR 100",)),
    ("Mô Hình^Thị Ảnh", "F", ("ISO_IR 192",)),
    ("شبح^ليلى", "F", ("ISO_IR 127",)),
)


def person(number: int, seed: int) -> Person:
    """The patient with this number; the same seed gives the same persons."""
    name, sex, charset = _NAMES[number % len(_NAMES)]
    rng = np.random.default_rng([seed, number, 3])
    birth = date(1930, 1, 1) + timedelta(days=int(rng.integers(0, 365 * 78)))
    return Person(Patient(f"PH{seed % 1000:03d}{number:04d}", name, sex, birth.strftime("%Y%m%d")), charset)


def procedures(kinds: set[Kind]) -> list[Procedure]:
    """What can be ordered where there are these kinds of modality."""
    return [procedure for procedure in PROCEDURES if kinds & set(procedure.kinds)]


__all__ = ["PHANTOM_VIEW", "PROCEDURES", "Kind", "Person", "Procedure", "person", "procedures"]
