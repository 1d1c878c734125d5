"""File formats by their first bytes: which are read, and what to do about the others."""

from __future__ import annotations

import re
import zlib

from PIL import features

from cnnviz.sentences import Sentence

DICOM, TIFF, NPY = "DICOM", "TIFF", "NPY"
_DICOM_MARK, _DICOM_MARK_AT = b"DICM", 128

_AS_PHOTO = Sentence("Save it as JPEG or PNG and choose that file.")
_NOT_A_IMAGE = Sentence("Choose a JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF, DICOM or .npy file.")
_AS_FRAME = Sentence("Save one of its frames as JPEG or PNG and choose that file.")
_AS_SLICE = Sentence("Save one of its slices as .npy, with nibabel and numpy.save, and choose that file.")
_DEVELOP = Sentence("Develop it: export it as JPEG or TIFF and choose that file.")
_UNPACK = Sentence("Unpack it and choose an image in it.")

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", Sentence("a PDF document"), Sentence("Save the page as PNG and choose that file.")),
    (b"%!PS", Sentence("a PostScript (EPS) file"), _AS_PHOTO),
    (b"\xc5\xd0\xd3\xc6", Sentence("a PostScript (EPS) file"), _AS_PHOTO),
    (
        b"MATLAB ",
        Sentence("a MATLAB file"),
        Sentence("Save its array as .npy, with scipy.io.loadmat and numpy.save, and choose that file."),
    ),
    (b"\x1a\x45\xdf\xa3", Sentence("a video"), _AS_FRAME),
    (b"FUJIFILMCCD-RAW", Sentence("a camera's raw file"), _DEVELOP),
    *((start, Sentence("a camera's raw file"), _DEVELOP) for start in (b"IIRO", b"IIRS", b"MMOR", b"IIU\x00", b"FOVb")),
    (b"\x80\x02", Sentence("a Python pickle"), _NOT_A_IMAGE),
    (b"\x80\x03", Sentence("a Python pickle"), _NOT_A_IMAGE),
    (b"\x80\x04", Sentence("a Python pickle"), _NOT_A_IMAGE),
    (b"\x80\x05", Sentence("a Python pickle"), _NOT_A_IMAGE),
    (
        b"\x89HDF",
        Sentence("an HDF5 file"),
        Sentence("If it is a model, open it as one; an image is a JPEG or PNG file."),
    ),
    (b"8BPS", Sentence("a Photoshop document"), _AS_PHOTO),
    (b"\x00\x00\x01\x00", Sentence("an icon (ICO)"), _AS_PHOTO),
    (b"\x00\x00\x00\x0cjP  ", Sentence("a JPEG 2000 image"), _AS_PHOTO),
    (b"\xff\x4f\xff\x51", Sentence("a JPEG 2000 image"), _AS_PHOTO),
    (b"\x00\x00\x00\x0cJXL ", Sentence("a JPEG XL image"), _AS_PHOTO),
    (b"\xff\x0a", Sentence("a JPEG XL image"), _AS_PHOTO),
    (b"\x76\x2f\x31\x01", Sentence("an OpenEXR image"), _AS_PHOTO),
    (b"#?RADIANCE", Sentence("a Radiance HDR image"), _AS_PHOTO),
    *(
        (b"P%d" % kind + space, Sentence("a Netpbm (PPM) image"), _AS_PHOTO)
        for kind in range(1, 8)
        for space in (b"\n", b" ")
    ),
)
_JPEG_MARKER = 0xFF
_NEXT_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # what stands between markers is passed over, as libjpeg does
_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MOST_MARKERS = 100_000
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_USUAL_JPEG = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive
_NIFTI_HEAD, _GZIP_HEAD = 352, 4096
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")

_READABLE: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x93NUMPY", NPY),
)


def readable_format(data: bytes) -> str | None:
    """Name the readable format that the first bytes promise, if they do."""
    if data.startswith(_DICOM_MARK, _DICOM_MARK_AT):
        return DICOM
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS and features.check("avif"):
        return "HEIF (AVIF)"
    return next((name for start, name in _READABLE if data.startswith(start)), None)


def describe_unreadable(data: bytes) -> tuple[str, str]:
    """Say what a file is that is no readable image, and what would do instead."""
    for start, what, advice in _STARTS:
        if data.startswith(start):
            return what, advice
    if _is_nifti(data):
        return Sentence("a NIfTI volume"), _AS_SLICE
    if data.startswith(b"\x1f\x8b"):
        return (
            (Sentence("a NIfTI volume"), _AS_SLICE)
            if _is_nifti(_unpacked(data))
            else (Sentence("a gzip archive"), _UNPACK)
        )
    if data.startswith(b"PK\x03\x04"):
        return _describe_archive(data)
    if data[4:8] == b"TFL3":
        return Sentence("a TensorFlow Lite model"), _NOT_A_IMAGE
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return Sentence("a video"), _AS_FRAME
    if data[4:8] == b"ftyp":
        return _describe_container(data[8:12])
    return _describe_text(data)


def describe_rare_kind(data: bytes) -> tuple[str, str] | None:
    """Say how a file is stored that may be whole but that its reader does not know; None if in no such way."""
    if data.startswith(b"\xff\xd8\xff"):
        bits, process = _jpeg_frame(data)
        if bits not in (None, 8):
            return Sentence("a JPEG image of {bits} bits per channel", bits=bits), _AS_PHOTO
        if process not in (None, *_USUAL_JPEG):
            return Sentence("a JPEG image of a rare kind (lossless or arithmetic)"), _AS_PHOTO
    if data.startswith(b"BM") and int.from_bytes(data[2:6], "little") <= len(data):
        return Sentence("a BMP image of a rare kind"), _AS_PHOTO
    return None


def _jpeg_frame(data: bytes) -> tuple[int | None, int | None]:
    """Bits a channel and the kind of coding that a JPEG's frame header says."""
    place = 2
    while place + 5 <= len(data) and data[place] == _JPEG_MARKER:
        marker = data[place + 1]
        if marker in _JPEG_FRAMES:
            return data[place + 4], marker
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None, None


def count_scans(data: bytes) -> int:
    """How many scans the first image of a JPEG file has; an absurd number of markers counts as scans."""
    if data.count(b"\xff\xda") < 2:  # each is one at most: many a file is done with
        return data.count(b"\xff\xda")
    place, scans = 2, 0
    for _ in range(_MOST_MARKERS):
        found = _NEXT_MARKER.search(data, place)
        if found is None or (marker := found[1][0]) == _END_OF_IMAGE:
            return scans
        scans += marker == _SCAN
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return _MOST_MARKERS


def _is_nifti(data: bytes) -> bool:
    """Whether the header is that of NIfTI: 348 bytes, or 540 of the second version, in either order of bytes."""
    return data[344:347] in (b"n+1", b"ni1") or data[4:7] in (b"n+2", b"ni2")


def _unpacked(data: bytes) -> bytes:
    """First bytes of what a gzip file holds."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data[:_GZIP_HEAD], _NIFTI_HEAD)
    except zlib.error:
        return b""


def _describe_archive(data: bytes) -> tuple[str, str]:
    """Tell the kinds of zip archive apart by the name of the first file."""
    first = data[30 : 30 + int.from_bytes(data[26:28], "little")]
    if first.endswith(b".npy"):
        return Sentence("a NumPy archive (.npz)"), Sentence("Save one of its arrays as .npy and choose that file.")
    if first in (b"metadata.json", b"config.json", b"model.weights.h5"):
        return Sentence("a Keras model"), Sentence("Open it as a model.")
    if first.endswith((b"/data.pkl", b"/version", b"/byteorder")):
        return Sentence("a PyTorch model"), _NOT_A_IMAGE
    return Sentence("a zip archive"), _UNPACK


def _describe_container(brand: bytes) -> tuple[str, str]:
    """Tell the kinds of ISO media file apart: phones keep photos and videos in the same container."""
    if brand in _HEIC_BRANDS:
        return Sentence("a HEIC image"), _AS_PHOTO
    if brand in _AVIF_BRANDS:
        return Sentence("an AVIF image"), _AS_PHOTO
    if brand == b"crx ":
        return Sentence("a camera's raw file"), _DEVELOP
    return Sentence("a video"), _AS_FRAME


def _describe_text(data: bytes) -> tuple[str, str]:
    head = data[:2048]
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in start:
        return Sentence("an SVG drawing"), _AS_PHOTO
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return Sentence("a web page (HTML)"), Sentence("Save the image on it rather than the page.")
    is_text = b"\x00" not in head and not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return (
        Sentence("text") if is_text and _decodes(head) else Sentence("not an image in a supported format")
    ), _NOT_A_IMAGE


def _decodes(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a character cut in two at the end
    return True
