"""C-FIND as DCMTK's findscu asks (PS3.4 C.4.1): levels, matching, what is not offered, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, generate_uid

from imgdash.model import IMAGE
from imgdash.retrieve.keys import OFFERED
from tests.retrieve.conftest import Archive, opened
from tests.store.dicom import dataset, save

pytestmark = pytest.mark.peer


def image(archive: Archive, state: str = "awaiting", changes: dict[str, Any] | None = None, **attributes: Any) -> str:
    unique = {"SeriesInstanceUID": generate_uid()} | attributes
    ds = dataset(**unique)
    save(ds, archive.files.folder / "made.dcm")
    return archive.put(ds, state, **(changes or {}))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Three patients, four studies; nobody changes it."""
    with opened(tmp_path_factory.mktemp("hospital")) as held:
        _fill(held)
        yield held


def _fill(held: Archive) -> None:
    image(
        held, PatientID="1", PatientName="Müller^Jörg", PatientSex="M", StudyInstanceUID="1.1", StudyDate="20240110",
        StudyTime="081500.25", AccessionNumber="A*1", StudyID="S1", SeriesInstanceUID="1.1.1", SeriesNumber="2",
        InstanceNumber="7", SOPInstanceUID="1.1.1.1", BodyPartExamined="CHEST",
    )  # fmt: skip
    image(
        held, PatientID="1", PatientName="Müller^Jörg", PatientSex="M", StudyInstanceUID="1.1", StudyDate="20240110",
        StudyTime="081500.25", AccessionNumber="A*1", StudyID="S1", SeriesInstanceUID="1.1.2", SeriesNumber="3",
        SOPInstanceUID="1.1.2.1", Modality="CT", SOPClassUID=CTImageStorage,
    )  # fmt: skip
    image(
        held, PatientID="1", PatientName="Müller^Jörg", StudyInstanceUID="1.2", StudyDate="20240301",
        StudyTime="1200", AccessionNumber="A21", SOPInstanceUID="1.2.1.1",
    )  # fmt: skip
    image(
        held, PatientID="2", PatientName="Yamada^Tarou=山田^太郎", StudyInstanceUID="2.1", StudyDate="20240302",
        AccessionNumber="B2", SOPInstanceUID="2.1.1.1", SpecificCharacterSet="ISO_IR 192",
    )  # fmt: skip
    image(
        held, PatientID="3", PatientName="O'Brien^Ann;drop table image--", StudyInstanceUID="3.1", StudyDate=None,
        SOPInstanceUID="3.1.1.1",
    )  # fmt: skip


def uids(answers: list[dict[str, str]], keyword: str = "StudyInstanceUID") -> set[str]:
    return {answer[keyword] for answer in answers}


ALL = {"1.1", "1.2", "2.1", "3.1"}


@pytest.mark.parametrize(
    ("keys", "studies"),
    [
        ([], ALL),
        (["PatientName="], ALL),
        (["PatientName=*"], ALL),
        (["PatientName=müller^jörg"], {"1.1", "1.2"}),
        (["PatientName=M?LLER*"], {"1.1", "1.2"}),
        (["PatientName=山田*"], {"2.1"}),
        (["PatientName=YAMADA^TAROU^^^"], {"2.1"}),
        (["PatientName=Yamada"], set()),
        (["PatientName=o'brien*--"], {"3.1"}),
        (["PatientName=.*"], set()),
        (["PatientID=1"], {"1.1", "1.2"}),
        (["PatientID=1\\3"], {"1.1", "1.2", "3.1"}),
        (["AccessionNumber=A*"], {"1.1", "1.2"}),
        (["AccessionNumber=a*"], set()),
        (["AccessionNumber=A?1"], {"1.1", "1.2"}),
        (["AccessionNumber=' or 1=1 --"], set()),
        (["StudyDate=20240110"], {"1.1"}),
        (["StudyDate=20240110-20240301"], {"1.1", "1.2"}),
        (["StudyDate=-20240301"], {"1.1", "1.2"}),
        (["StudyDate=20240301-"], {"1.2", "2.1"}),
        (["StudyTime=0800-1159"], {"1.1"}),
        (["StudyTime=120000"], {"1.2"}),
        (["StudyInstanceUID=1.1\\2.1\\9.9"], {"1.1", "2.1"}),
        (["ModalitiesInStudy=CT"], {"1.1"}),
        (["ModalitiesInStudy=C*"], ALL),
        (["ModalitiesInStudy=MR\\CT"], {"1.1"}),
        ([f"SOPClassesInStudy={CTImageStorage}"], {"1.1"}),
        (["PatientSex=M", "StudyDate=20240301-"], set()),
    ],
)
def test_matching_of_studies(hospital: Archive, keys: list[str], studies: set[str]) -> None:
    assert uids(hospital.find("STUDY", "StudyInstanceUID", *keys)) == studies


def test_what_a_study_says(hospital: Archive) -> None:
    (answer,) = hospital.find(
        "STUDY", "StudyInstanceUID=1.1", "PatientName", "PatientID", "StudyDate", "StudyTime", "StudyID",
        "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
        "ReferringPhysicianName",
    )  # fmt: skip
    assert answer == {
        "SpecificCharacterSet": "ISO_IR 192", "QueryRetrieveLevel": "STUDY", "RetrieveAETitle": "IMGDASH",
        "InstanceAvailability": "ONLINE", "StudyInstanceUID": "1.1", "PatientName": "Müller^Jörg", "PatientID": "1",
        "StudyDate": "20240110", "StudyTime": "081500.25", "StudyID": "S1", "AccessionNumber": "A*1",
        "ModalitiesInStudy": "CR\\CT", "NumberOfStudyRelatedSeries": "2", "NumberOfStudyRelatedInstances": "2",
        "ReferringPhysicianName": "",
    }  # fmt: skip


def test_patients_series_and_images(hospital: Archive) -> None:
    patients = hospital.find("PATIENT", "PatientID", "PatientName=*", "NumberOfPatientRelatedStudies", model="-P")
    assert {(one["PatientID"], one["NumberOfPatientRelatedStudies"]) for one in patients} == {
        ("1", "2"), ("2", "1"), ("3", "1"),
    }  # fmt: skip
    assert uids(hospital.find("STUDY", "PatientID=1", "StudyInstanceUID", model="-P")) == {"1.1", "1.2"}
    series = hospital.find("SERIES", "StudyInstanceUID=1.1", "SeriesInstanceUID", "Modality=CR", "SeriesNumber")
    assert [(one["SeriesInstanceUID"], one["SeriesNumber"]) for one in series] == [("1.1.1", "2")]
    assert hospital.find("SERIES", "StudyInstanceUID=1.1", "SeriesNumber=3", "NumberOfSeriesRelatedInstances")[0][
        "SeriesInstanceUID"
    ] == ("1.1.2")
    keys = ("StudyInstanceUID=1.1", "SeriesInstanceUID=1.1.1", "SOPInstanceUID", "InstanceNumber=7", "Rows")
    (one,) = hospital.find("IMAGE", *keys)
    assert (one["SOPInstanceUID"], one["Rows"], one["InstanceNumber"]) == ("1.1.1.1", "6", "7")


def test_only_what_may_be_shown_is_offered(archive: Callable[..., Archive]) -> None:
    held = archive()
    for state in sorted(IMAGE.states):
        image(held, state, StudyInstanceUID="1.5", SeriesInstanceUID="1.5.1", StudyID=state)
    found = held.find("IMAGE", "StudyInstanceUID=1.5", "SeriesInstanceUID=1.5.1", "StudyID", "SOPInstanceUID")
    assert {one["StudyID"] for one in found} == set(OFFERED)
    assert not set(OFFERED) & {"rejected", "replaced", "deleted", "quarantined", "received"}


def test_one_uid_with_two_contents_is_one_image_the_confirmed_one(archive: Callable[..., Archive]) -> None:
    held = archive()
    for state, name in (("awaiting", "First"), ("confirmed", "Right"), ("awaiting", "Later")):
        image(
            held, state, SOPInstanceUID="1.6.1.1", SeriesInstanceUID="1.6.1", StudyInstanceUID="1.6", PatientName=name
        )
    keys = ("StudyInstanceUID=1.6", "SeriesInstanceUID=1.6.1", "SOPInstanceUID", "PatientName")
    assert [one["PatientName"] for one in held.find("IMAGE", *keys)] == ["Right"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["QueryRetrieveLevel=PATIENT", "PatientID"], "level 'PATIENT' is none"),
        (["QueryRetrieveLevel=ROOM"], "level 'ROOM' is none"),
        (["QueryRetrieveLevel=SERIES", "SeriesInstanceUID"], "a single StudyInstanceUID is needed"),
        (["QueryRetrieveLevel=SERIES", "StudyInstanceUID=1.1\\1.2"], "a single StudyInstanceUID is needed"),
        (["QueryRetrieveLevel=STUDY", "StudyDate=yesterday"], "StudyDate is not a date"),
        (["QueryRetrieveLevel=STUDY", "StudyDate=-"], "a range without ends"),
        (["QueryRetrieveLevel=STUDY", "StudyTime=noon"], "StudyTime is not a time"),
        (["QueryRetrieveLevel=STUDY", "PatientID=" + "x" * 2000], "PatientID is too long"),
    ],
)
def test_a_wrong_identifier_is_refused_in_words(hospital: Archive, keys: list[str], said: str) -> None:
    arguments = [argument for key in keys for argument in ("-k", key)]
    done = hospital.ask("findscu", "-d", "-S", *arguments)
    assert "0xa900" in done.stdout + done.stderr
    assert said in done.stdout + done.stderr


def test_an_attribute_that_is_not_known_is_a_warning_with_the_answer(hospital: Archive) -> None:
    done = hospital.ask(
        "findscu", "-d", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.1", "-k", "PatientWeight=99"
    )
    assert "0xff01" in done.stdout + done.stderr
    known = hospital.ask("findscu", "-d", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.1")
    assert "0xff00" in known.stdout + known.stderr


def test_a_pattern_made_to_take_long_does_not(archive: Callable[..., Archive]) -> None:
    held = archive()
    image(held, PatientName="a" * 64)
    assert held.find("STUDY", "PatientName=" + "*a" * 30 + "*b") == []
