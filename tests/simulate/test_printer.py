"""The film printer: what comes out, what it refuses, what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PrinterInstance,
    PrintJob,
)
from pynetdicom.sop_class import (
    Printer as PrinterClass,
)

from imgdash.simulate.commitment import reference
from imgdash.simulate.film import densities, luminance
from imgdash.simulate.printer import Printer
from imgdash.wire.dicom import associate
from tests.conftest import missing
from tests.helpers import wait_until
from tests.simulate.making import HOST, address, image, run

META = BasicGrayscalePrintManagementMeta


@contextmanager
def _printing(printer: Printer, told: list[tuple[int, str]]) -> Iterator[Association]:
    def event(call: evt.Event) -> tuple[int, None]:
        told.append((call.event_type, call.event_information.ExecutionStatusInfo))
        return 0, None

    role = [build_role(PrintJob, scu_role=True, scp_role=True)]
    with associate("IMGDASH", "FILM55", HOST, printer.address.port, [META, PrintJob],
                   handlers=[(evt.EVT_N_EVENT_REPORT, event)], ext_neg=role) as association:  # fmt: skip
        yield association


def _film(association: Association, layout: str = "STANDARD\\1,1", **settings: object) -> tuple[str, list[str]]:
    session, film = Dataset(), Dataset()
    session.NumberOfCopies, session.MediumType = "1", "BLUE FILM"
    session_uid, film_uid = generate_uid(), generate_uid()
    assert association.send_n_create(session, BasicFilmSession, session_uid, meta_uid=META)[0].Status == 0
    film.ImageDisplayFormat, film.FilmSizeID = layout, "14INX17IN"
    for keyword, value in settings.items():
        setattr(film, keyword, value)
    film.ReferencedFilmSessionSequence = [reference(BasicFilmSession, session_uid)]
    status, made = association.send_n_create(film, BasicFilmBox, film_uid, meta_uid=META)
    assert status.Status == 0
    return film_uid, [item.ReferencedSOPInstanceUID for item in made.ReferencedImageBoxSequence]


def _put(association: Association, box: str, p_values: np.ndarray, polarity: str = "NORMAL") -> int:
    content, image = Dataset(), Dataset()
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.Rows, image.Columns = p_values.shape
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelData = p_values.astype("<u2").tobytes()
    content.ImageBoxPosition, content.Polarity, content.BasicGrayscaleImageSequence = 1, polarity, [image]
    return int(association.send_n_set(content, BasicGrayscaleImageBox, box, meta_uid=META)[0].Status)


def _ask(association: Association, uid: str = PrinterInstance) -> Dataset:
    return association.send_n_get([], PrintJob if uid != PrinterInstance else PrinterClass, uid, meta_uid=META)[1]


def test_a_film_comes_out_dark_where_p_values_are_low(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    wedge = np.tile(np.linspace(0, 4095, 100), (140, 1))
    with Printer(address("FILM55"), tmp_path) as printer, _printing(printer, told) as association:
        assert _ask(association).PrinterStatus == "NORMAL"
        film, (box,) = _film(association)
        assert _put(association, box, wedge) == 0
        status, answer = association.send_n_action(None, 1, BasicFilmBox, film, meta_uid=META)
        assert status.Status == 0
        job = answer.ReferencedPrintJobSequence[0].ReferencedSOPInstanceUID
        wait_until(lambda: printer.status()["films"] == 1)
        wait_until(lambda: _ask(association, job).ExecutionStatus == "DONE")
        _ask(association)
    assert told == [(2, "NORMAL"), (3, "NORMAL")]
    picture = cv2.imread(str(printer.films[0]))
    assert picture.shape == (1728, 1424, 3)
    # The wedge is as high as the film and centred on it.
    middle = picture[800, 120:-120].mean(1)
    assert np.all(np.diff(cv2.blur(middle[None], (25, 1))[0][15:-15]) > -0.2)
    assert middle[5] < 45 < 190 < middle[-5]
    blue, _, red = picture[800, -130]
    assert blue > red
    assert picture[2, 2].max() < 45


def test_images_of_a_multi_format_film_lie_in_their_places(tmp_path: Path) -> None:
    with Printer(address("FILM55"), tmp_path) as printer, _printing(printer, []) as association:
        film, boxes = _film(association, "STANDARD\\2,1", FilmOrientation="LANDSCAPE")
        assert len(boxes) == 2
        _put(association, boxes[1], np.full((50, 50), 4095))
        association.send_n_action(None, 1, BasicFilmBox, film, meta_uid=META)
        wait_until(lambda: printer.films)
    picture = cv2.imread(str(printer.films[0])).mean(2)
    rows, columns = picture.shape
    assert columns > rows
    assert picture[rows // 2, columns // 4] < 60 < 200 < picture[rows // 2, columns * 3 // 4]


def test_reverse_polarity_prints_the_negative(tmp_path: Path) -> None:
    with Printer(address("FILM55"), tmp_path) as printer, _printing(printer, []) as association:
        film, (box,) = _film(association)
        _put(association, box, np.full((50, 40), 4095), "REVERSE")
        association.send_n_action(None, 1, BasicFilmBox, film, meta_uid=META)
        wait_until(lambda: printer.films)
    assert cv2.imread(str(printer.films[0]))[800, 700].max() < 45


def test_what_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    with Printer(address("FILM55"), tmp_path) as printer, _printing(printer, []) as association:
        film, (box,) = _film(association)
        assert association.send_n_action(None, 1, BasicFilmBox, film, meta_uid=META)[0].Status == 0xC603
        assert _put(association, "1.2.3", np.zeros((4, 4))) == 0x0112
        short, image = Dataset(), Dataset()
        image.Rows, image.Columns, image.BitsAllocated, image.BitsStored, image.PixelData = 9, 9, 16, 12, b"\0\0"
        short.BasicGrayscaleImageSequence = [image]
        assert association.send_n_set(short, BasicGrayscaleImageBox, box, meta_uid=META)[0].Status == 0x0106
        assert association.send_n_delete(BasicFilmBox, film, meta_uid=META).Status == 0
        assert association.send_n_delete(BasicFilmBox, film, meta_uid=META).Status == 0x0112


def test_densities_are_those_of_the_standard() -> None:
    """PS3.14 D.2: equal steps of P-value are equal steps of JND index."""
    found = densities(256)
    assert found[[0, -1]] == pytest.approx([3.0, 0.20], abs=1e-4)
    assert np.all(np.diff(found) < 0)
    assert luminance(np.array([1.0]))[0] == pytest.approx(0.05, abs=1e-4)
    assert luminance(np.array([1023.0]))[0] == pytest.approx(3993.33, abs=0.05)


DCMTK_PRINTER = """[[GENERAL]]
[PRINT]
Directory = spool
[DATABASE]
Directory = database
[LUT]
Directory = lut
[NETWORK]
aetitle = DCMPSTATE
[[COMMUNICATION]]
[FILM]
Type = PRINTER
Aetitle = FILM55
Hostname = 127.0.0.1
Port = {port}
MaxPDU = 32768
SupportsPresentationLUT = true
PresentationLUTMatchRequired = false
FilmSizeID = 14INX17IN
MediumType = BLUE FILM
DisplayFormat = 1,1
MaxDensity = 300
MinDensity = 20
MagnificationType = CUBIC
"""


@pytest.mark.peer
def test_dcmtk_prints_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dcmprscu leaves it to the printer to name sessions and films, and brings a presentation LUT."""
    prepare, spool = Path("/usr/bin/dcmpsprt"), Path("/usr/bin/dcmprscu")
    if not (prepare.exists() and spool.exists()):
        missing("dcmpsprt and dcmprscu are not installed")
    for name in ("spool", "database", "lut"):
        (tmp_path / name).mkdir()
    ds = image("DX")
    ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 192", "Phantom^A"
    pydicom.dcmwrite(tmp_path / "image.dcm", ds, enforce_file_format=True)
    monkeypatch.chdir(tmp_path)
    with Printer(address("FILM55"), tmp_path / "films") as printer:
        Path("dcmpstat.cfg").write_text(DCMTK_PRINTER.format(port=printer.address.port))
        run(prepare, "-c", "dcmpstat.cfg", "--printer", "FILM", "image.dcm")
        run(spool, "-c", "dcmpstat.cfg", "--printer", "FILM", *Path("database").glob("SP*"))
        wait_until(lambda: printer.status()["films"] == 1)
