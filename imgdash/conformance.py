"""The conformance summary (PS3.2), made from the tables that the services themselves go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import get_args

from pydicom.uid import UID

from imgdash.config import Peer, Site
from imgdash.output import conformance as output
from imgdash.receive import conformance as receive
from imgdash.receive.orders import CONTROLS, TYPES
from imgdash.request import conformance as request
from imgdash.retrieve import conformance as retrieve
from imgdash.wire import tls
from imgdash.wire.conformance import Service
from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME


def summary(site: Site) -> str:
    """The summary in Markdown, with the AE title and the ports of `site`."""
    return "\n".join(_lines(site)) + "\n"


def _lines(site: Site) -> Iterator[str]:
    station = site.station
    yield f"# imgdash {version('imgdash')}: conformance summary"
    yield ""
    yield f"- AE title: {station.ae_title}"
    yield f"- Implementation Class UID: {IMPLEMENTATION_CLASS_UID}"
    yield f"- Implementation Version Name: {IMPLEMENTATION_VERSION_NAME}"
    yield "- Ports: " + "; ".join(_ports(site))
    others = {"known": ".", "loopback": ", and anybody on loopback.", "all": ", and anybody else."}[station.open_to]
    yield f"- Who may associate: AE titles named in the site file from their addresses{others}"
    yield f"- Who may send orders: the HIS/RIS named in the site file from their addresses{others}"
    yield "- Character sets: received as they are; what is written anew is ASCII or ISO_IR 192 (UTF-8)."
    yield ""
    yield "## Accepted on the DICOM port"
    yield ""
    yield "In each context the transfer syntax that the peer names first, of those listed below; images are kept in it."
    yield ""
    accepted = receive.accepted()
    yield from _table(accepted)
    yield ""
    yield "Transfer syntaxes:"
    yield ""
    yield from (f"- {UID(syntax).name} ({syntax})" for syntax in accepted[0].syntaxes)
    yield ""
    yield "## Accepted on the query port"
    yield ""
    yield "Images that are rejected, replaced, quarantined or deleted are not offered. Relational queries: negotiated."
    yield "Storage is accepted with the peer as SCP, for C-GET. Images go out in the transfer syntax they came in;"
    yield "uncompressed ones in any uncompressed syntax."
    yield ""
    yield from _table([*retrieve.accepted(), *request.accepted()])
    yield ""
    yield "| Level | Attributes matched and returned (unique key in bold) |"
    yield "|---|---|"
    levels: dict[str, list[str]] = {}
    for level, keyword, unique in retrieve.attributes():
        levels.setdefault(level, []).append(f"**{keyword}**" if unique else keyword)
    yield from (f"| {level} | {', '.join(keywords)} |" for level, keywords in levels.items())
    yield ""
    yield "## Requested of peers"
    yield ""
    yield "Each only where the site file says that the peer has it."
    yield ""
    requested = [*output.requested(), *request.requested(), *receive.requested()]
    yield from _table(requested)
    yield ""
    syntaxes = dict.fromkeys(syntax for service in requested for syntax in service.syntaxes)
    yield f"Images are sent in: {', '.join(UID(syntax).name for syntax in syntaxes)}, as set for each storage."
    yield ""
    yield "## Requested of web storages (DICOMweb)"
    yield ""
    yield "Over HTTP or HTTPS, with the Authorization header of the site file."
    yield ""
    yield "| Transaction | Request | Remark |"
    yield "|---|---|---|"
    yield from (f"| {transaction} | {request} | {remark} |" for transaction, request, remark in output.web())
    yield ""
    yield "## Written on media and shares"
    yield ""
    records, kept_in = output.media()
    yield "File-set creator (FSC): images and presentation states as part 10 files, with a DICOMDIR (PS3.10)."
    yield ""
    yield f"- Directory records: {', '.join(records)}"
    yield f"- Transfer syntaxes: {', '.join(UID(syntax).name for syntax in kept_in)}, as set for each folder"
    yield ""
    yield "## HL7 v2 over MLLP"
    yield ""
    yield "| Message | Direction | Contents |"
    yield "|---|---|---|"
    controls = ", ".join(f"{code} ({meaning})" for code, meaning in CONTROLS.items())
    yield from (f"| {name} | in | orders; ORC-1 {controls} |" for name in sorted(TYPES))
    sent = request.messages()
    for name in get_args(Peer.model_fields["hl7_order"].annotation):
        yield f"| {name} | out | orders for a better image; segments {', '.join(sent[name])} |"
    for name in get_args(Peer.model_fields["hl7_status"].annotation)[1:]:
        yield f"| {name} | out | state of the image of an order; ORC-1 SC; where hl7_status names it |"
    yield "| ACK | in, out | MSA-1 AA, AE, AR; MSA-2 must be the MSH-10 sent |"
    yield ""
    yield "## Secured connections"
    yield ""
    versions, suites = tls.profile()
    yield "DICOM and MLLP, BCP 195 profile (PS3.15 B.12), certificates on both sides; by setting for each peer."
    yield ""
    yield f"- Versions: {', '.join(versions)}"
    yield f"- Cipher suites: {', '.join(suites)}"


def _ports(site: Site) -> Iterator[str]:
    station = site.station
    clear = not station.tls_required
    for name, port in (
        ("DICOM", station.dicom_port if clear else None),
        ("HL7", station.hl7_port if clear else None),
        ("queries", station.query_port),
        ("DICOM over TLS", station.dicom_tls_port),
        ("HL7 over TLS", station.hl7_tls_port),
        ("queries over TLS", station.query_tls_port),
    ):
        yield f"{name} {'none' if port is None else port or 'chosen at the start'}"


def _table(services: Iterable[Service]) -> Iterator[str]:
    yield "| SOP class | UID | Role | Operations | Remark |"
    yield "|---|---|---|---|---|"
    for service in services:
        operations = ", ".join(service.operations)
        yield f"| {service.name} | {service.sop_class} | {service.role} | {operations} | {service.remark} |"


__all__ = ["summary"]
