"""DICOMweb: STOW-RS to Orthanc, in the clear, over TLS, with a password; and to a storage that fails in many ways."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import uid

from imgdash import process
from imgdash.config import parse
from imgdash.model import ImgdashError, PeerFailed
from imgdash.output import conformance, examining
from imgdash.store.pixels import open_image
from imgdash.wire import stow, tls
from tests.conftest import missing
from tests.helpers import wait_until
from tests.output.bench import Bench, radiograph
from tests.output.cloud import Cloud
from tests.output.orthanc import start
from tests.security.certificates import Hospital

Make = Callable[..., Bench]
PLUGIN = Path("/usr/lib/orthanc/libOrthancDicomWeb.so.1.7")


def web(url: str, **more: Any) -> dict[str, Any]:
    return {"name": "CLOUD", "kind": "web", "url": url, **more}


@pytest.fixture
def plugin() -> str:
    found = next(iter(sorted(PLUGIN.parent.glob("libOrthancDicomWeb.so*"))), None)
    if found is None:
        missing("orthanc-dicomweb is not installed")
    return str(found)


@pytest.mark.peer
def test_orthanc_has_the_image_as_formed_and_its_presentation_state(
    bench: Make, program: Callable[..., Any], tmp_path: Path, free_port: int, plugin: str
) -> None:
    orthanc = start(program, tmp_path / "orthanc", free_port, Plugins=[plugin])
    url = f"{orthanc.url}/dicom-web"
    site = bench(web(url, annotate="gsps", scale=0.5), web(url, name="SMALL", transfer_syntax="j2k"))
    assert "answers queries" in examining.web(site.site, site.site.output("CLOUD"))
    images = [site.add(radiograph(number), overrides={"overlay.side": "R"}) for number in (1, 2)]
    entries = [site.register(image, "CLOUD") for image in images]
    small = site.register(images[0], "SMALL")
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 3)
    arrived = {ds.SOPInstanceUID: ds for ds in orthanc.datasets()}
    assert len(arrived) == 5
    for image, entry, scale, steps in (
        (images[0], entries[0], 0.5, process.ALL[:-1]),
        (images[1], entries[1], 0.5, process.ALL[:-1]),
        (images[0], small, 1.0, process.ALL),
    ):
        ds = arrived[site.entry(entry).output_uid]
        chain = process.Chain.of(site.condition.processing, image.overrides)
        source = open_image(site.files.path(image.image_id))
        wanted = process.form(source, chain, image.parameters, scale=scale, steps=steps)
        np.testing.assert_array_equal(ds.pixel_array, wanted.values)
        assert site.events(entry) == ["register", "take", "finish"]
    assert arrived[site.entry(entries[0]).output_uid].file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert arrived[site.entry(small).output_uid].file_meta.TransferSyntaxUID == uid.JPEG2000Lossless
    assert [image.state for image in site.store.images()] == ["delivered"] * 2


@pytest.mark.peer
def test_orthanc_wants_a_password(
    bench: Make, program: Callable[..., Any], tmp_path: Path, free_port: int, plugin: str
) -> None:
    known = {"AuthenticationEnabled": True, "RegisteredUsers": {"imgdash": "secret"}}
    orthanc = start(program, tmp_path / "orthanc", free_port, Plugins=[plugin], **known)
    site = bench(web(f"{orthanc.url}/dicom-web", authorization="cloud.txt"))
    (tmp_path / "cloud.txt").write_text("Basic " + base64.b64encode(b"imgdash:wrong").decode())
    entry = site.register(site.add(radiograph()), "CLOUD")
    with site.running() as outputs:
        wait_until(lambda: "who we are" in outputs.status()["CLOUD"].trouble)
        assert site.entry(entry).attempts == 0
        (tmp_path / "cloud.txt").write_text("Basic " + base64.b64encode(b"imgdash:secret").decode() + "\n")
        wait_until(lambda: site.entry(entry).state == "done")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


def failing(reason: int, instance: str = "1.2.3") -> dict[str, Any]:
    item = {"00081155": {"vr": "UI", "Value": [instance]}, "00081197": {"vr": "US", "Value": [reason]}}
    return {"00081198": {"vr": "SQ", "Value": [item]}}


def test_trouble_of_the_storage_is_waited_for(bench: Make, cloud: Cloud) -> None:
    answers: list[tuple[int, Any, str]] = [
        (401, "who?", "who we are (HTTP 401)"),
        (403, "no", "does not let us store"),
        (404, "nothing", "has no STOW-RS"),
        (302, "", "somewhere else"),
        (429, "slowly", "cannot store now (HTTP 429): slowly"),
        (503, "busy", "cannot store now (HTTP 503): busy"),
        (409, failing(0xA700), "out of resources (reason A700)"),
        (507, "full", "has no room (HTTP 507): full"),
    ]
    cloud.answers = [(status, content) for status, content, _ in answers]
    site = bench(web(cloud.url, attempts=1, retry_seconds=0.01, retry_cap_seconds=0.01))
    entry = site.register(site.add(radiograph()), "CLOUD")
    with site.running():
        wait_until(lambda: site.entry(entry).state == "done")
    assert len(cloud.posts) == len(answers) + 1
    journal = str(site.store.query("select why from journal where id = ? order by seq", [entry]))
    assert [said for _, _, said in answers if said not in journal] == []
    assert site.entry(entry).attempts == 0


def test_trouble_with_one_image_lets_the_others_flow(bench: Make, cloud: Cloud) -> None:
    answers: list[tuple[int, Any, str, int]] = [
        (409, failing(0x0110), "refused the image (reason 0110)", 2),
        (202, failing(0xA900), "reason A900", 2),
        (409, failing(0x0122), "reason 0122", 1),
        (400, "Bad  things\nhappen", "HTTP 400): Bad things happen", 2),
        (413, "", "too large", 1),
        (200, {}, "reported success, but does not have the image (HTTP 405)", 2),
        (200, {"00081198": {"Value": "?"}}, "reported success", 2),
        (200, "stored", "reported success", 2),
    ]
    site = bench(web(cloud.url, attempts=2, retry_seconds=0.01, retry_cap_seconds=0.01))
    image = site.add(radiograph())
    entries = [site.register(image, "CLOUD", state="held", position=k) for k in range(len(answers) + 1)]
    with site.running():
        for entry, (status, content, said, tries) in zip(entries, answers, strict=False):
            cloud.answers, before = [(status, content)] * tries, len(cloud.posts)
            site.store.transition("queue", entry, "release", "anna")
            wait_until(lambda entry=entry: site.entry(entry).state == "failed")
            assert said in site.entry(entry).trouble
            assert len(cloud.posts) == before + tries
        site.store.transition("queue", entries[-1], "release", "anna")
        wait_until(lambda: site.entry(entries[-1]).state == "done")


def test_what_is_there_already_and_what_is_warned_of_is_stored(bench: Make, cloud: Cloud) -> None:
    warned = {"00081155": {"vr": "UI", "Value": ["1.2"]}, "00081196": {"vr": "US", "Value": [0xB000]}}
    cloud.answers = [(409, failing(0x0111)), (202, {"00081199": {"vr": "SQ", "Value": [warned]}}), (200, "fine")]
    cloud.found = (200, "[]")  # it has them, as it says when it is asked
    site = bench(web(cloud.url))
    entries = [site.register(site.add(radiograph(number)), "CLOUD") for number in (1, 2, 3)]
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 3)
    looked = [path for path in cloud.gets if path.endswith("/metadata")]
    assert len(looked) == 3
    assert all(path.startswith("/rs/studies/1.2.3/series/2.25.") for path in looked)
    said = site.store.query("select why from journal where id = ? and event = 'finish'", [entries[1]])
    assert "with a warning: B000" in said[0]["why"]


def test_nothing_is_requested_that_the_conformance_summary_does_not_name(bench: Make, cloud: Cloud) -> None:
    cloud.answers, cloud.found = [(200, {})], (200, "[]")
    site = bench(web(cloud.url))
    site.register(site.add(radiograph()), "CLOUD")
    with site.running():
        wait_until(lambda: site.states() == ["done"])
    patterns = {request: re.sub(r"\\{\w+\\}", "[^/]+", re.escape(request)) for _, request, _ in conformance.web()}
    seen = [request.replace(" /rs", " ") for request in cloud.requests]
    used = {named for named, pattern in patterns.items() for request in seen if re.fullmatch(pattern, request)}
    assert used == set(patterns)
    assert all(any(re.fullmatch(pattern, request) for pattern in patterns.values()) for request in seen)


def test_a_media_type_that_is_not_taken_goes_uncompressed(bench: Make, cloud: Cloud) -> None:
    cloud.answers = [(415, "no")]
    site = bench(web(cloud.url, transfer_syntax="rle"))
    site.register(site.add(radiograph()), "CLOUD")
    with site.running():
        wait_until(lambda: site.states() == ["done"])
    for post, syntax in zip(cloud.posts, (uid.RLELossless, uid.ExplicitVRLittleEndian), strict=True):
        assert pydicom.dcmread(BytesIO(post.partition(b"\r\n\r\n")[2])).file_meta.TransferSyntaxUID == syntax
    assert list(site.files.output.glob("*.dcm")) == []
    kind = cloud.headers[1].get("Content-Type")
    boundary = kind.partition("boundary=")[2]
    assert cloud.posts[1].startswith(f"--{boundary}\r\n".encode())
    assert cloud.posts[1].endswith(f"\r\n--{boundary}--\r\n".encode())


def test_an_image_that_the_storage_fails_on_lets_the_others_flow(bench: Make, cloud: Cloud) -> None:
    site = bench(web(cloud.url, attempts=3, retry_seconds=0.01, retry_cap_seconds=0.01))
    entries = [site.register(site.add(radiograph(number)), "CLOUD") for number in (1, 2)]
    cloud.poison = site.entry(entries[0]).output_uid.encode()
    with site.running():
        wait_until(lambda: site.states() == ["failed", "done"])
    assert "failed (HTTP 500)" in site.entry(entries[0]).trouble


@pytest.mark.parametrize("answer", [(409, failing(0xA700)), (507, "too much")])
def test_an_image_that_there_is_never_room_for_lets_the_others_flow(bench: Make, cloud: Cloud, answer: Any) -> None:
    site = bench(web(cloud.url, attempts=1, retry_seconds=0.01, retry_cap_seconds=0.01))
    entries = [site.register(site.add(radiograph(number)), "CLOUD") for number in (1, 2)]
    cloud.poison, cloud.failing = site.entry(entries[0]).output_uid.encode(), answer
    with site.running():
        wait_until(lambda: site.states() == ["failed", "done"])
    assert len(cloud.posts) == 3


def test_a_broken_connection_counts_only_against_who_breaks_it(bench: Make, cloud: Cloud) -> None:
    # A kept connection is tried once more at once.
    cloud.answers = [(0, "")] * 2
    site = bench(web(cloud.url, attempts=1))
    entries = [site.register(site.add(radiograph(number)), "CLOUD") for number in (1, 2)]
    with site.running():
        wait_until(lambda: site.states() == ["done"] * 2)
    assert "did not answer" in str(site.store.query("select why from journal where id = ?", [entries[0]]))
    assert "answers no queries" in examining.web(site.site, site.site.output("CLOUD"))


def test_over_tls_both_sides_show_certificates(bench: Make, tmp_path: Path, certificates: Hospital) -> None:
    # Debian's Orthanc 1.10 dies of the first HTTPS request, so the other side is Python's.
    cloud = Cloud(tls.server(certificates.station.credentials))
    try:
        url = cloud.url.replace("http:", "https:")
        site = bench(web(url, tls=True), **certificates.station.station())
        entry = site.register(site.add(radiograph()), "CLOUD")
        with site.running():
            wait_until(lambda: site.entry(entry).state == "done")
        output = site.site.output("CLOUD")
        for shown, said in ((None, "its certificate is not accepted here"), (certificates.stranger, "our certificate")):
            with (
                pytest.raises(PeerFailed, match=said),
                stow.Connection(output.url, 5, tls=shown.credentials if shown else None) as connection,
            ):
                connection.ask("/studies?limit=1")
    finally:
        cloud.close()


@pytest.mark.parametrize("shows", [False, True])
def test_a_token_goes_to_nobody_but_the_storage_itself(tmp_path: Path, certificates: Hospital, shows: bool) -> None:
    """Over https the other side must be who it is said to be, also where devices need not (tls_host_names = false)."""
    (tmp_path / "token.txt").write_text("Bearer abc\n")
    ours = str(certificates.station.authority)
    for machine, trusted in ((certificates.modality, False), (certificates.station, True)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(machine.certificate, machine.key)
        cloud = Cloud(context)
        try:
            url = cloud.url.replace("http:", "https:")
            more = {"tls": True} if shows else {"tls_ca": ours}
            content = {
                "station": certificates.station.station(),
                "apparatus": [web(url, authorization="token.txt", **more)],
            }
            site = parse(content, tmp_path / "site.toml")
            if trusted:
                assert "no queries" in examining.web(site, site.output("CLOUD"))
            else:
                with pytest.raises(PeerFailed, match="its certificate is not accepted here"):
                    examining.web(site, site.output("CLOUD"))
            assert bool(cloud.requests) == trusted
        finally:
            cloud.close()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"url": "http://pacs.example/rs", "authorization": "token.txt"}, "https:// url only"),
        ({"url": "http://127.0.0.1.evil.example/rs", "authorization": "token.txt"}, "https:// url only"),
        ({"url": "https://name:password@pacs.example/rs"}, "shown to everybody"),
        ({"url": "http://pacs.example/rs", "tls_ca": "ca.pem"}, "for an https:// url"),
    ],
)
def test_what_would_be_overheard_is_refused_in_the_site_file(tmp_path: Path, more: dict[str, str], words: str) -> None:
    apparatus = {"name": "CLOUD", "kind": "web"}
    with pytest.raises(ImgdashError, match=words):
        parse({"apparatus": [apparatus | more]}, tmp_path / "site.toml")
    for url in ("https://pacs.example/rs", "http://localhost:8042/rs", "http://[::1]/rs", "http://127.1.2.3/rs"):
        parse({"apparatus": [{**apparatus, "url": url, "authorization": "token.txt"}]}, tmp_path / "site.toml")


def test_nobody_there_and_no_authorization(bench: Make, free_port: int) -> None:
    site = bench(
        web(f"http://127.0.0.1:{free_port}/x"), web("http://localhost:1", name="OTHER", authorization="none.txt")
    )
    with pytest.raises(PeerFailed, match="cannot be reached: Connection refused"):
        examining.web(site.site, site.site.output("CLOUD"))
    with pytest.raises(PeerFailed, match=r"none\.txt' cannot be read"):
        examining.web(site.site, site.site.output("OTHER"))
