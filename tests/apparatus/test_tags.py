"""The header of an image, element by element: what it says, what was corrected, what cannot be shown as text."""

from __future__ import annotations

from pydicom.dataset import Dataset

from imgdash.apparatus.tags import elements


def header() -> Dataset:
    ds = Dataset()
    ds.PatientName, ds.PatientID, ds.Rows = "Doe^Jane", "P1", 12
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3"
    item.PatientID = "inside"
    ds.SourceImageSequence = [item]
    ds.add_new(0x00090010, "LO", "ACME")
    ds.add_new(0x00091001, "OB", b"\x00\x01\x02")
    ds.ImageComments = "x" * 1000
    return ds


def test_elements_say_what_the_file_says_in_order() -> None:
    found = elements(header(), {})
    assert [element.tag for element in found] == sorted(element.tag for element in found)
    by_tag = {element.tag: element for element in found}
    assert by_tag["(0008,0008)"].value == "ORIGINAL\\PRIMARY"
    assert by_tag["(0008,2112)"].value == "1 item"
    inside = by_tag["(0008,2112)[1](0008,1155)"]
    assert (inside.value, inside.depth, inside.editable) == ("1.2.3", 1, False)
    assert by_tag["(0009,1001)"].value == "3 bytes"
    assert len(by_tag["(0020,4000)"].value) == 400


def test_a_correction_is_shown_with_its_original_and_only_at_the_top() -> None:
    found = elements(header(), {"PatientID": "P2", "AccessionNumber": "A1"})
    by_tag = {element.tag: element for element in found}
    assert (by_tag["(0010,0020)"].value, by_tag["(0010,0020)"].original) == ("P2", "P1")
    assert by_tag["(0010,0020)"].editable
    assert by_tag["(0010,0010)"].original is None
    assert by_tag["(0008,2112)[1](0010,0020)"].value == "inside"
    added = by_tag["(0008,0050)"]
    assert (added.value, added.original, added.name) == ("A1", "", "Accession Number")
    assert not by_tag["(0028,0010)"].editable
