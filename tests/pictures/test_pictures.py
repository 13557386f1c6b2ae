"""Pictures: whatever is sent, what is served is one of our own making, for everybody, for ever."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from portal import db
from portal.pictures import actions
from portal.pictures.encoding import KEPT_BYTES, WIDEST, Unfit, encode
from tests import factories
from tests.clients import Client
from tests.dossiers.documents import drawn

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def noise(size: tuple[int, int], mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 200).convert(mode).save(file, "PNG")
    return file.getvalue()


def test_nothing_of_the_file_is_kept_but_what_one_sees() -> None:
    exif = Image.Exif()
    exif[0x010E] = "shot at home"
    made = encode(drawn("JPEG", exif=exif) + b"PK\x03\x04 an archive behind it")
    assert b"shot at home" not in made.content and b"PK\x03\x04" not in made.content
    assert (made.width, made.height) == (40, 20)


def test_a_photograph_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    made = encode(drawn("JPEG", exif=exif))
    assert (made.width, made.height) == (20, 40)


def test_large_pictures_are_made_to_fit() -> None:
    made = encode(noise((2400, 1500), "L"))
    assert made.width == WIDEST and len(made.content) <= KEPT_BYTES and made.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (SVG, "wrong_type"),
        (b"%PDF-1.7\n%%EOF", "wrong_type"),
        (drawn()[:50], "wrong_type"),
        (drawn("BMP"), "wrong_type"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000_000, "too_big"),
        (drawn(size=(20_000, 3_000)), "too_large"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        encode(data)
    assert unfit.value.code == code


async def test_the_same_picture_twice_is_one(db: None) -> None:
    alice = await factories.account("Alice")
    one, two = await actions.add("logo.png", drawn(), alice.actor), await actions.add("../b.png", drawn(), alice.actor)
    assert (one.key, one.name) == (two.key, "logo")


async def test_alice_adds_a_picture_and_anybody_sees_it(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    page = await client.get("/templates/pictures")
    assert "No picture yet" in page.words
    files = {"picture": ("Our logo.png", drawn(), "image/png")}
    page = await client.post("/templates/pictures", {}, files=files)
    assert page.toasts == ["Picture added: Our logo"]
    path = page.one(".gallery a").attrs["href"]
    client.checked = False
    shown = await client.get(path)
    assert shown.status == 200 and shown.headers["content-type"] == "image/png"
    assert shown.headers["cache-control"] == "max-age=31536000, public, immutable"
    assert shown.headers["cross-origin-resource-policy"] == "cross-origin"
    assert shown.headers["content-security-policy"].endswith("sandbox") and "set-cookie" not in shown.headers
    assert (await client.get("/pictures/" + "0" * 32)).status == (await client.get("/pictures/1'--")).status == 404


async def test_a_hostile_picture_is_refused_in_words(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    page = await client.post("/templates/pictures", {}, files={"picture": ("x.png", SVG, "image/png")})
    assert page.status == 422
    assert page.errors == ["This is not a picture that e-mails can show. Choose a PNG, JPEG, GIF or WebP file."]
    client.checked = False
    answer = await client.post("/templates/pictures/upload", {}, files={"picture": ("x.png", SVG, "image/png")})
    assert answer.status == 422 and '"problem"' in answer.text
    assert await db.fetchval("select count(*) from picture") == 0
