"""Decisions about templates and letters, from values alone: colours that can be read, languages, what is complete."""

from __future__ import annotations

from collections.abc import Collection, Sequence

READABLE = 4.5  # contrast of text, WCAG 2.2 1.4.3
PAPER, INK = "#ffffff", "#000000"
NIGHT_PAPER = "#1d2127"
LOGO_WIDTH, LOGO_HEIGHT = 240, 64  # pixels it takes at most above a letter
STEPS = 20


# ------------------------------------------------------------------------------------------------ languages
def pick_locale(available: Collection[str], wishes: Sequence[str], fallback: str) -> tuple[str, bool]:
    """The language a letter goes out in, and whether that is not the one wished for.

    `wishes`: the recipient's, the campaign's, the organisation's, in this order. Then the template's own
    fallback, then any language there is.
    """
    for wish in (*wishes, fallback, *sorted(available)):
        if wish in available:
            return wish, wish != wishes[0]
    raise LookupError("a version without any language")


def missing_locales(available: Collection[str], wanted: Sequence[str]) -> list[str]:
    """The languages that still have to be written, in the order of `wanted`."""
    return [locale for locale in wanted if locale not in available]


# ------------------------------------------------------------------------------------------------ colours
def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: str, ground: str) -> str:
    """The colour, or the nearest mixture with black or white that can be read on the ground."""
    towards = "#000000" if luminance(ground) > 0.18 else "#ffffff"
    mixed = (mixture(colour, towards, step / STEPS) for step in range(STEPS + 1))
    return next((one for one in mixed if contrast(one, ground) >= READABLE), towards)


def text_on(colour: str) -> str:
    """White or black, whichever is read better on the colour."""
    return max((PAPER, INK), key=lambda ink: contrast(ink, colour))


def mixture(one: str, other: str, share: float) -> str:
    """`share` (0 to 1) of the other colour mixed into the one."""
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def logo_size(width: int, height: int) -> tuple[int, int]:
    """Pixels that a picture takes above a letter: it fits there, and is never made larger than it is."""
    share = min(1.0, LOGO_WIDTH / width, LOGO_HEIGHT / height)
    return max(1, round(width * share)), max(1, round(height * share))
