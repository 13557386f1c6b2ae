"""What is said about pictures."""

from __future__ import annotations

from collections.abc import Callable

from portal.formats import file_size
from portal.i18n import _
from portal.pictures.encoding import MAX_BYTES


def unfit_word(code: str) -> str:
    """Why a file is not taken as a picture, and what to do."""
    words: dict[str, Callable[[], str]] = {
        "empty": lambda: _("The file is empty. Choose another."),
        "too_big": lambda: _("The file is too big: at most {size}.").format(size=file_size(MAX_BYTES)),
        "too_large": lambda: _("The picture has too many pixels. Make it smaller."),
        "wrong_type": lambda: _("This is not a picture that e-mails can show. Choose a PNG, JPEG, GIF or WebP file."),
    }
    return words[code]()
