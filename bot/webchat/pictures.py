"""A stranger's picture made anew: only its dots are kept, in a format and a size of ours.

Whatever else the file was (a script, an archive, where it was taken) is gone with its bytes (T55).
"""

from io import BytesIO
from threading import BoundedSemaphore

from PIL import Image, ImageOps

from data.kernel.errors import Invalid

KIND, SUFFIX = "image/webp", ".webp"
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# docs/architecture.md, "limits". Pillow only warns, and at 89 million (T25).
_MOST_DOTS = 25_000_000
_LONGEST_SIDE = 2048
_QUALITY = 82
_AT_ONCE = BoundedSemaphore(2)  # of 25 million dots each takes 100 MB for a moment


def made_anew(content: bytes) -> tuple[bytes, tuple[int, int]]:
    """The new file and its width and height; Invalid for what is no picture, or too many dots."""
    try:
        with _AT_ONCE, Image.open(BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_DOTS:
                raise Invalid("picture")
            return _drawn(image)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Invalid("picture") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid("picture") from error


def _drawn(image: Image.Image) -> tuple[bytes, tuple[int, int]]:
    """Of a moving picture the first frame."""
    image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))  # a JPEG is read smaller, not whole
    upright = ImageOps.exif_transpose(image)
    see_through = upright.has_transparency_data
    plain = upright.convert("RGBA" if see_through else "RGB")
    plain.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    plain.info.clear()  # else a colour profile or a comment would go along
    file = BytesIO()
    plain.save(file, "WEBP", quality=_QUALITY, method=4)
    return file.getvalue(), plain.size
