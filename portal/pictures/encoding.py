"""A picture that somebody sent becomes one of our own: decoded, turned upright, made small enough, written anew.

Nothing of the file itself is kept: no metadata (places, names of cameras), no second file hidden behind the first, no
animation. SVG is a program, not a picture: it is not taken.
"""

from __future__ import annotations

import io
import warnings

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 5_000_000  # of the file that is sent
MAX_PIXELS = 40_000_000  # claimed by its head; more would take too much memory to decode
WIDEST, HIGHEST = 1200, 2400  # pixels: twice the width of a letter
KEPT_BYTES = 1_000_000  # of the picture as it is served
QUALITIES = (85, 70, 55)
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
ACCEPT = ".png,.jpg,.jpeg,.gif,.webp"
PNG, JPEG = "image/png", "image/jpeg"


class Encoded(msgspec.Struct, frozen=True):
    """A picture as it is served; pixels, octets."""

    media_type: str
    width: int
    height: int
    content: bytes


class Unfit(Exception):
    """Not a picture we take. `code`: empty, too_big, too_large (pixels), wrong_type."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def encode(data: bytes) -> Encoded:
    """Our own picture of a file. Raises Unfit."""
    if not data:
        raise Unfit("empty")
    if len(data) > MAX_BYTES:
        raise Unfit("too_big")
    image = _opened(data)
    image.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    return _as_png(image) if _has_clear_parts(image) else _smallest(image)


def _opened(data: bytes) -> Image.Image:
    """The first frame, decoded and upright, in RGB or RGBA."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as found:
                if found.width * found.height > MAX_PIXELS:
                    raise Unfit("too_large")
                found.load()
                return _plain(ImageOps.exif_transpose(found))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unfit("too_large") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, TypeError, OverflowError):
        raise Unfit("wrong_type") from None  # what Pillow raises for broken files


def _plain(image: Image.Image) -> Image.Image:
    clear = "A" in image.getbands() or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def _has_clear_parts(image: Image.Image) -> bool:
    return image.mode == "RGBA" and image.getchannel("A").histogram()[255] < image.width * image.height


def _smallest(image: Image.Image) -> Encoded:
    """As PNG where that is no larger (drawings, logos), else as JPEG (photographs)."""
    image = image.convert("RGB")
    png, jpeg = _as_png(image), _as_jpeg(image)
    return png if len(png.content) <= len(jpeg.content) else jpeg


def _as_png(image: Image.Image) -> Encoded:
    """Smaller until it fits: a photograph with clear parts has no other way."""
    while True:
        written = io.BytesIO()
        image.save(written, "PNG", optimize=True)
        if len(written.getvalue()) <= KEPT_BYTES or min(image.size) < 2:
            return Encoded(PNG, image.width, image.height, written.getvalue())
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)), Image.Resampling.LANCZOS)


def _as_jpeg(image: Image.Image) -> Encoded:
    for quality in QUALITIES:
        written = io.BytesIO()
        image.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(written.getvalue()) <= KEPT_BYTES:
            break
    return Encoded(JPEG, image.width, image.height, written.getvalue())
