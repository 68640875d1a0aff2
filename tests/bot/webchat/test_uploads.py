"""Pictures and files of strangers: made anew or refused, never run, never somebody else's (T55)."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from bot.webchat.uploads import LARGEST, read_upload
from data.kernel.errors import Invalid
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import Frame, a_frame

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def a_picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "#2b6b4c").save(file, kind, **more)
    return file.getvalue()


def a_photo() -> bytes:
    """A telephone's: lying on its side, and it knows where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "CANARY description"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 49.0)
    return a_picture("JPEG", exif=exif, comment=b"CANARY comment")


def a_bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """A PNG of some KB that would be 400 million dots (T25)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(60_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_arrives_as_one_of_ours(demo: Demo, frame: Frame, kind: str) -> None:
    sent = frame.send(a_picture(kind)).json()["file"]
    assert sent["media"] == "image"
    news = frame.hear()["items"]
    assert [item["kind"] for item in news] == ["said", "message"]
    assert news[0]["file"] == {**sent, "size": [40, 30]}
    shown = frame.client.get(sent["address"])
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"].startswith("inline; filename=")
    assert "sandbox" in shown.headers["content-security-policy"]
    with Image.open(BytesIO(shown.content)) as image:
        assert (image.format, image.size) == ("WEBP", (40, 30))
    assert demo.tuanzi.settings.public_url + sent["address"] in news[0]["text"]


def test_what_a_photo_knows_besides_its_dots_is_gone(frame: Frame) -> None:
    upload = read_upload(a_photo())
    assert upload.size == (30, 40), "it stands upright"
    assert b"CANARY" not in upload.content
    with Image.open(BytesIO(upload.content)) as image:
        assert not image.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


def test_a_polyglot_leaves_its_other_half_behind(frame: Frame) -> None:
    """A picture that is a page, a script or an archive as well."""
    for more in (SCRIPT, b"PK\x03\x04 archive", b"*/=alert(1)//"):
        address = frame.send(a_picture("GIF") + more).json()["file"]["address"]
        assert more not in frame.client.get(address).content
    commented = a_picture("JPEG", comment=SCRIPT)
    assert SCRIPT in commented
    assert SCRIPT not in read_upload(commented).content


def test_a_paper_is_handed_out_as_a_file_and_never_opened(frame: Frame) -> None:
    paper = b"%PDF-1.7\n" + SCRIPT
    sent = frame.send(paper).json()["file"]
    assert sent["media"] == "file"
    shown = frame.client.get(sent["address"])
    assert shown.content == paper
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["content-security-policy"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SCRIPT,
        SVG,
        b"\xef\xbb\xbf" + SVG,
        b"\x89PNG\r\n\x1a\n" + SVG,
        b"\xff\xd8\xff" + SCRIPT,
        b"RIFF\x00\x00\x00\x00WEBP" + SCRIPT,
        b"GIF89a",
        b" %PDF-1.7",
        b"MZ\x90\x00",
        b"BM" + bytes(60),
        a_picture("TIFF"),
        a_picture("PNG")[:60],
        a_bomb(),
    ],
    ids=range(14),
)
def test_whatever_is_something_else_is_refused(frame: Frame, content: bytes) -> None:
    """By its bytes; nobody asks what it is called."""
    answer = frame.send(content)
    assert answer.status_code == 422
    assert frame.hear()["items"] == []


def test_a_large_picture_is_made_smaller() -> None:
    upload = read_upload(a_picture("JPEG", (2400, 1200)))
    assert upload.size == (2048, 1024)
    with pytest.raises(Invalid):
        read_upload(a_bomb(5_001, 5_000))


def test_more_than_eight_megabytes_is_not_read(frame: Frame) -> None:
    """T24"""
    assert frame.send(b"%PDF-" + bytes(LARGEST)).status_code == 413


def test_the_same_upload_again_is_kept_once(demo: Demo, frame: Frame) -> None:
    first, second = (frame.send(a_picture(), "line-upload-1").json() for _ in range(2))
    assert (first["new"], second["new"]) == (True, False)
    assert first["file"]["address"] == second["file"]["address"]
    assert len([item for item in frame.hear()["items"] if item["kind"] == "said"]) == 1


def test_a_visitor_may_send_ten_files_in_ten_minutes(frame: Frame) -> None:
    answers = [frame.send(b"%PDF-1.7").status_code for _ in range(11)]
    assert answers == [202] * 10 + [429]


def test_no_name_leads_anywhere_else(demo: Demo, frame: Frame) -> None:
    """T08: another account's folder, our database, a name that is guessed."""
    address = frame.send(b"%PDF-1.7").json()["file"]["address"]
    name = address.rsplit("/", 1)[1]
    stranger = a_frame(demo, frame.account, begun=False)
    assert stranger.client.get(address).status_code == 200, "the name is the key"
    for path in (
        f"/webchat/files/acc_other/{name}",
        f"/webchat/files/{frame.account}/..%2f..%2fshop.db",
        f"/webchat/files/..%2fwebchat%2f{frame.account}/{name}",
        f"/webchat/files/{frame.account}/{name[:-5]}B.pdf",
        f"/webchat/files/{frame.account}/shop.db",
    ):
        assert stranger.client.get(path).status_code == 404, path
