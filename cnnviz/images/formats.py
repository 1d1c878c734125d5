"""What kind of file is this, if it is not a picture that can be read? Only its first bytes are looked at."""

from __future__ import annotations

from cnnviz.sentences import Sentence

_AS_PHOTO = Sentence("Save it as JPEG or PNG and choose that file.")
_NOT_A_PICTURE = Sentence("Choose a JPEG, PNG, WebP, GIF, BMP or TIFF file.")

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", Sentence("a PDF document"), Sentence("Save the page as PNG and choose that file.")),
    (b"%!PS", Sentence("a PostScript (EPS) file"), _AS_PHOTO),
    (b"\xc5\xd0\xd3\xc6", Sentence("a PostScript (EPS) file"), _AS_PHOTO),
    (b"\x93NUMPY", Sentence("a NumPy array"), Sentence("Pass the array itself, or save it as PNG.")),
    (b"PK\x03\x04", Sentence("a zip archive"), Sentence("Unpack it and choose a picture in it.")),
    (b"\x1f\x8b", Sentence("a gzip archive"), Sentence("Unpack it and choose a picture in it.")),
    (
        b"\x89HDF",
        Sentence("an HDF5 file"),
        Sentence("If it is a network, open it as one; a picture is a JPEG or PNG file."),
    ),
    (b"8BPS", Sentence("a Photoshop document"), _AS_PHOTO),
    (b"\x00\x00\x01\x00", Sentence("an icon (ICO)"), _AS_PHOTO),
    (b"\x00\x00\x00\x0cjP  ", Sentence("a JPEG 2000 picture"), _AS_PHOTO),
    (b"\xff\x4f\xff\x51", Sentence("a JPEG 2000 picture"), _AS_PHOTO),
    (b"\x00\x00\x00\x0cJXL ", Sentence("a JPEG XL picture"), _AS_PHOTO),
    (b"\xff\x0a", Sentence("a JPEG XL picture"), _AS_PHOTO),
    (b"\x76\x2f\x31\x01", Sentence("an OpenEXR picture"), _AS_PHOTO),
    (b"#?RADIANCE", Sentence("a Radiance HDR picture"), _AS_PHOTO),
    *(
        (b"P%d" % kind + space, Sentence("a Netpbm (PPM) picture"), _AS_PHOTO)
        for kind in range(1, 8)
        for space in (b"\n", b" ")
    ),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")

_READABLE: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)


def readable_format(data: bytes) -> str | None:
    """Name the readable format that the first bytes promise, if they do."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((name for start, name in _READABLE if data.startswith(start)), None)


def describe_unreadable(data: bytes) -> tuple[str, str]:
    """Say what a file is that is no readable picture, and what would do instead."""
    for start, what, advice in _STARTS:
        if data.startswith(start):
            return what, advice
    if data[4:8] == b"ftyp":
        return _describe_container(data[8:12])
    return _describe_text(data)


def _describe_container(brand: bytes) -> tuple[str, str]:
    """Tell the kinds of ISO media file apart: phones keep photos and videos in the same container."""
    if brand in _HEIC_BRANDS:
        return Sentence("a HEIC picture"), _AS_PHOTO
    if brand in _AVIF_BRANDS:
        return Sentence("an AVIF picture"), _AS_PHOTO
    return Sentence("a video"), Sentence("Save one of its frames as JPEG or PNG and choose that file.")


def _describe_text(data: bytes) -> tuple[str, str]:
    head = data[:2048]
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in start:
        return Sentence("an SVG drawing"), _AS_PHOTO
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return Sentence("a web page (HTML)"), Sentence("Save the picture on it rather than the page.")
    is_text = b"\x00" not in head and not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return (
        Sentence("text") if is_text and _decodes(head) else Sentence("no picture of a known format")
    ), _NOT_A_PICTURE


def _decodes(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a character cut in two at the end
    return True
