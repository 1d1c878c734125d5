"""DICOM images from medical scanners: uncompressed pixels through their window, and nothing about the patient.

What pixels mean is in PS3.3 C.7.6.3 (image), C.11.1 (modality: slope and intercept) and C.11.2 (window) of the
standard, https://dicom.nema.org/medical/dicom/current/output/html/part03.html. Compressed pixels are refused: each
kind of compression would need a decoder of its own, which allocates what the file says.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import ImageError
from cnnviz.images.decoding import MAX_PIXELS, Photo, check_size, damaged, quiet
from cnnviz.images.depth import to_eight_bits
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    from pydicom import Dataset

_PREAMBLE = bytes(128) + b"DICM"
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # would be unpacked, whatever its size, before anything can be asked
_MOST_ELEMENTS = 20_000
_GRAY = ("MONOCHROME1", "MONOCHROME2")
_COLORS = ("RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR")
_OF_PIXELS = (
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "PixelAspectRatio", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue",
    "RescaleIntercept", "RescaleSlope", "WindowCenter", "WindowWidth", "VOILUTFunction", "PixelData",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
)  # fmt: skip


def read_dicom(data: bytes, name: str, *, stretch: bool = False) -> Photo:
    """Read one image: the frame in the middle, with slope, intercept and the file's first window.

    Args:
        data: The file.
        name: What messages call it.
        stretch: Whether to show the smallest value black and the largest white instead of the window.

    Raises:
        ImageError: If it is damaged, too large, compressed, holds no image, or pydicom is not installed.

    Note:
        Where a file has no window, values run from the smallest to the largest, which is no radiologist's choice.
    """
    with quiet():
        return _read_image(data, name, stretch)


def _read_image(data: bytes, name: str, stretch: bool) -> Photo:
    dataset = _read(data, name)
    frames, kind = _checked(dataset, name)
    frame = frames // 2
    notes = [Sentence("frame {frame} of {frames}", frame=frame + 1, frames=frames)] if frames > 1 else []
    try:
        values = _frame(dataset, frame)
        pixels, said = (_gray if kind in _GRAY else _colors)(values, dataset, stretch)
    except Exception as error:  # on hostile bytes pydicom raises almost anything
        raise damaged("DICOM", name) from error
    return Photo(
        pixels, "DICOM", (int(dataset.Rows), int(dataset.Columns)), kind, (*notes, *said), int(dataset.BitsStored)
    )


def without_patient(data: bytes, name: str) -> bytes:
    """Rewrite a file with its pixels and what they mean alone: no names, dates, places or numbers.

    Note:
        What is burned into the pixels stays.
    """
    from pydicom import Dataset, FileMetaDataset

    buffer = io.BytesIO(_PREAMBLE)
    buffer.seek(0, io.SEEK_END)
    with quiet():
        dataset = _read(data, name)
        _checked(dataset, name)
        kept = Dataset()
        for keyword in _OF_PIXELS:
            if keyword in dataset:
                kept[keyword] = dataset[keyword]
        kept.file_meta = FileMetaDataset()
        kept.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
        kept.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def _read(data: bytes, name: str) -> Dataset:
    """Read the elements that are needed; others are passed over."""
    try:
        from pydicom.datadict import tag_for_keyword
        from pydicom.filereader import read_partial
    except ImportError as error:
        raise ImageError(
            "{name} is a DICOM file, which is read with pydicom. Install it: pip install 'cnnviz[medical]'.", name=name
        ) from error
    if _DEFLATED in data:
        raise _compressed("Deflated Explicit VR Little Endian", name)
    tags: list[Any] = [tag_for_keyword(keyword) for keyword in _OF_PIXELS]
    try:
        return read_partial(io.BytesIO(data), stop_when=_limited(), specific_tags=tags)
    except Exception as error:  # on hostile bytes pydicom raises almost anything
        raise damaged("DICOM", name) from error


def _limited() -> Callable[..., bool]:
    """Count elements, and give up on a file that is made of nothing else."""
    count = 0

    def stop(*_: object) -> bool:
        nonlocal count
        count += 1
        if count > _MOST_ELEMENTS:
            raise ValueError("too many elements")
        return False

    return stop


def _compressed(syntax: str, name: str) -> ImageError:
    return ImageError(
        "{name} holds its pixels compressed ({syntax}), which is not read. Unpack it: gdcmconv --raw in.dcm out.dcm.",
        name=name, syntax=syntax,
    )  # fmt: skip


def _checked(dataset: Dataset, name: str) -> tuple[int, str]:
    """Check what the header says before any pixel is looked at; return the number of frames and the kind of pixel."""
    try:
        if "PixelData" not in dataset or "Rows" not in dataset:
            raise ImageError("{name} is a DICOM file without an image. Choose one of a slice or a frame.", name=name)
        syntax = dataset.file_meta.TransferSyntaxUID
        size, frames = (int(dataset.Rows), int(dataset.Columns)), int(dataset.get("NumberOfFrames") or 1)
        kind, samples, bits = (
            str(dataset.PhotometricInterpretation),
            int(dataset.SamplesPerPixel),
            dataset.BitsAllocated,
        )
        if syntax.is_compressed:
            raise _compressed(syntax.name, name)
        check_size(size, name)
        needed = size[0] * size[1] * samples * bits // 8
        if samples not in (1, 3) or frames < 1 or min(size) < 1 or needed > 4 * 3 * MAX_PIXELS:
            raise damaged("DICOM", name)
        if kind not in (*_GRAY, *_COLORS) or (kind in _GRAY and samples != 1):
            raise ImageError(
                "{name} stores its colors as {kind}, which is not read. Save it as RGB.", name=name, kind=kind[:40]
            )
        return frames, kind
    except ImageError:
        raise
    except Exception as error:  # a value that is missing, or no number
        raise damaged("DICOM", name) from error


def _frame(dataset: Dataset, frame: int) -> np.ndarray:
    from pydicom.pixels.utils import pixel_array

    return pixel_array(dataset, index=frame)  # YBR becomes RGB


def _gray(values: np.ndarray, dataset: Dataset, stretch: bool) -> tuple[np.ndarray, list[str]]:
    slope, intercept = (float(dataset.get(tag, usual)) for tag, usual in (("RescaleSlope", 1), ("RescaleIntercept", 0)))
    padding = dataset.get("PixelPaddingValue")
    is_valid = None if padding is None else values != padding
    measured = values.astype(np.float64) * slope + intercept
    center, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
    if stretch or center is None or width is None or width < 1:
        is_valid = is_valid if is_valid is not None and is_valid.any() else None
        # Integers: floats within 0..1 would be taken as such.
        low, high = (float(bound(measured if is_valid is None else measured[is_valid])) for bound in (np.min, np.max))
        pixels = to_eight_bits(measured, stretch=True, is_valid=is_valid)[0]
        notes: list[str] = [Sentence("stretched from {low:.3g} (black) to {high:.3g} (white)", low=low, high=high)]
    else:
        function = str(dataset.get("VOILUTFunction") or "LINEAR")
        pixels = np.rint(_window(measured, center, width, function) * 255).astype(np.uint8)
        notes = [Sentence("window of the file: center {center:g}, width {width:g}", center=center, width=width)]
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        pixels = 255 - pixels
        notes.append(Sentence("small values shown bright, as the file says"))
    return np.dstack([pixels] * 3), notes


def _first(values: Any) -> float | None:
    """First of several windows; None if there is none."""
    found = values[0] if isinstance(values, (list, tuple)) or hasattr(values, "append") else values
    return None if found is None else float(found)


def _window(values: np.ndarray, center: float, width: float, function: str) -> np.ndarray:
    """Bring values to 0..1 by a window, as PS3.3 C.11.2.1.2 and C.11.2.1.3 say."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (values - center) / width))
    if function == "LINEAR_EXACT":
        return np.clip((values - center) / width + 0.5, 0, 1)
    if width <= 1:
        return (values > center - 0.5).astype(np.float64)
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def _colors(values: np.ndarray, dataset: Dataset, stretch: bool) -> tuple[np.ndarray, list[str]]:
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        values = apply_color_lut(values, dataset)
    bits = None if dataset.PhotometricInterpretation == "PALETTE COLOR" else int(dataset.BitsStored)
    pixels, notes = to_eight_bits(values, bits=bits, stretch=stretch)
    return pixels[..., :3], notes
