"""Codes and processing parameters as DICOM content items (PS3.3 8, 10.2; R2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

from imgdash.model.codes import SCHEME, Code, parameter_code

YES: Final = Code("373066001", "SCT", "Yes")
NO: Final = Code("373067005", "SCT", "No")
# Units as people write them → UCUM, where the two differ. "1" is UCUM's "no units".
_UCUM: Final = {"": "1", "lp/mm": "/mm", "°": "deg", "degree": "deg", "degrees": "deg", "px": "{pixels}"}


def code_item(code: Code) -> Dataset:
    """A code sequence item; values above 16 characters as Long Code Value (0008,0119)."""
    item = Dataset()
    if len(code.value) <= 16:
        item.CodeValue = code.value
    else:
        item.LongCodeValue = code.value
    item.CodingSchemeDesignator = code.scheme
    item.CodeMeaning = code.meaning[:64]
    return item


def read_code(item: Dataset) -> Code:
    """The code in a code sequence item; what is absent is empty."""
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or ""
    return Code(str(value), str(item.get("CodingSchemeDesignator") or ""), str(item.get("CodeMeaning") or ""))


def parameters_to_items(parameters: Mapping[str, Any], units: Mapping[str, str] | None = None) -> list[Dataset]:
    """Content items for Scheduled or Performed Processing Parameters (0074,1210), (0074,1212).

    Parameters
    ----------
    parameters
        Dotted name → number (NUMERIC), text (TEXT), truth (CODE yes/no, SNOMED CT), `Code` (CODE), or a list
        or table, which goes as JSON text. None is left out.
    units
        Dotted name → unit, for the numbers.
    """
    units = units or {}
    return [_item(name, value, units.get(name, "")) for name, value in parameters.items() if value is not None]


def items_to_parameters(sequence: Iterable[Dataset]) -> dict[str, Any]:
    """The parameters in content items: ours by their dotted names, others as ``scheme:value``.

    Of what a peer sends wrongly (no name, no value, a number that is none) the item is left out.
    """
    parameters: dict[str, Any] = {}
    for item in sequence:
        try:
            names = item.get("ConceptNameCodeSequence") or []
            code = read_code(names[0]) if names else Code("", "", "")
            value = _value(item, ours=code.scheme == SCHEME)
        except Exception:  # pydicom raises whatever the bytes make it do, and only once a value is asked for
            continue
        if code.value and value is not None:
            parameters[code.value.lower() if code.scheme == SCHEME else f"{code.scheme}:{code.value}"] = value
    return parameters


def _item(name: str, value: Any, unit: str) -> Dataset:
    item = Dataset()
    item.ConceptNameCodeSequence = [code_item(parameter_code(name))]
    if isinstance(value, bool):
        value = YES if value else NO
    if isinstance(value, Code):
        item.ValueType = "CODE"
        item.ConceptCodeSequence = [code_item(value)]
    elif isinstance(value, int | float):
        ucum = _UCUM.get(unit, unit)
        item.ValueType = "NUMERIC"
        item.NumericValue = str(value) if isinstance(value, int) else format_number_as_ds(float(value))
        item.MeasurementUnitsCodeSequence = [code_item(Code(ucum, "UCUM", unit or "no units"))]
    else:
        item.ValueType = "TEXT"
        item.TextValue = value if isinstance(value, str) else json.dumps(value)
    return item


def _value(item: Dataset, *, ours: bool) -> Any:
    kind = item.get("ValueType")
    if kind == "NUMERIC":
        return _number(item)
    if kind == "CODE":
        codes = item.get("ConceptCodeSequence") or []
        code = read_code(codes[0]) if codes else None
        return {YES.value: True, NO.value: False}.get(code.value, code) if code else None
    if kind != "TEXT" or item.get("TextValue") is None:
        return None
    text = str(item.TextValue)
    if ours and text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _number(item: Dataset) -> int | float | None:
    value = item.get("NumericValue")
    if value is None or value == "":
        value = item.get("FloatingPointValue")
    if value is None or value == "":
        return None
    if not isinstance(value, int | float):
        value = value[0]
    text = str(getattr(value, "original_string", value))
    return int(text) if text.strip().lstrip("+-").isdigit() else float(value)
