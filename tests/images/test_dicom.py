import io
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_windowing
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from cnnviz.errors import ImageError
from cnnviz.images import open_photo, read_photo, without_personal_data

VALUES = np.random.default_rng(0).integers(0, 4096, (20, 30)).astype(np.uint16)


def dicom(values=VALUES, *, syntax=ExplicitVRLittleEndian, **elements) -> bytes:
    """A file as scanners write it, with a patient."""
    data = Dataset()
    data.PatientName, data.PatientID, data.StudyDate = "Doe^Jane", "4711", "20200102"
    is_gray = values.ndim == 2 or values.shape[-1] != 3
    data.Rows, data.Columns = values.shape[-2:] if is_gray else values.shape[-3:-1]
    data.SamplesPerPixel, data.PhotometricInterpretation = (1, "MONOCHROME2") if is_gray else (3, "RGB")
    data.BitsAllocated = 8 * values.dtype.itemsize
    data.BitsStored, data.HighBit = data.BitsAllocated, data.BitsAllocated - 1
    data.PixelRepresentation = int(values.dtype.kind == "i")
    if not is_gray:
        data.PlanarConfiguration = 0
    if is_gray and values.ndim == 3:
        data.NumberOfFrames = len(values)
    data.PixelData = values.tobytes()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def stretched(values) -> np.ndarray:
    values = values.astype(float)
    return (values - values.min()) / (values.max() - values.min()) * 255


def test_without_a_window_values_run_from_smallest_to_largest_and_it_is_said():
    photo = open_photo(dicom())
    np.testing.assert_allclose(photo.pixels, stretched(VALUES)[..., None].repeat(3, axis=2), atol=0.51)
    assert photo.notes == (f"stretched from {VALUES.min()} (black) to {VALUES.max():.3g} (white)",)
    assert (photo.format, photo.size, photo.mode) == ("DICOM", (20, 30), "MONOCHROME2")


def test_small_values_are_bright_where_the_file_says_so():
    photo = open_photo(dicom(PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_allclose(photo.pixels[..., 0], 255 - stretched(VALUES), atol=0.51)
    assert photo.notes[-1] == "small values shown bright, as the file says"


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_the_window_is_the_standards_as_pydicom_computes_it(function):
    signed = VALUES.astype(np.int16) - 1000
    data = dicom(signed, WindowCenter=40, WindowWidth=400, RescaleSlope=2, RescaleIntercept=-24,
                 VOILUTFunction=function)  # fmt: skip
    photo = open_photo(data)
    whole = pydicom.dcmread(io.BytesIO(data))
    reference = apply_windowing(whole.pixel_array * 2.0 - 24, whole)
    low, high = -(2**15) * 2 - 24, (2**15 - 1) * 2 - 24  # the range that pydicom scales to
    np.testing.assert_allclose(photo.pixels[..., 0], (reference - low) / (high - low) * 255, atol=0.6)
    assert len(np.unique(photo.pixels)) > 20
    assert photo.notes == ("window of the file: center 40, width 400",)


def test_the_first_of_several_windows_is_used_and_can_be_left_aside():
    data = dicom(WindowCenter=[2000, 100], WindowWidth=[500, 50])
    assert open_photo(data).notes == ("window of the file: center 2000, width 500",)
    np.testing.assert_allclose(open_photo(data, stretch=True).pixels[..., 0], stretched(VALUES), atol=0.51)


def test_padding_is_no_value():
    values = VALUES.astype(np.int16) + 10
    values[:3] = -2000
    photo = open_photo(dicom(values, PixelPaddingValue=-2000))
    assert not photo.pixels[:3].any()
    np.testing.assert_allclose(photo.pixels[3:, :, 0], stretched(values[3:]), atol=0.51)


def test_of_several_frames_the_middle_one_is_shown():
    frames = np.stack([VALUES + step for step in range(5)])
    frames[2] = VALUES[::-1]
    photo = open_photo(dicom(frames))
    np.testing.assert_allclose(photo.pixels[..., 0], stretched(VALUES[::-1]), atol=0.51)
    assert photo.notes[0] == "frame 3 of 5"


def test_colors_are_those_that_were_written():
    colors = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(read_photo(dicom(colors)), colors)
    planes = np.moveaxis(colors, -1, 0)
    data = dicom(colors, PlanarConfiguration=1, PixelData=planes.tobytes())
    np.testing.assert_array_equal(read_photo(data), colors)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "examples_palette.dcm", "SC_rgb_small_odd.dcm"])
def test_files_of_other_programs_are_read(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"pydicom came without {name}")
    photo = open_photo(path)
    dataset = pydicom.dcmread(path)
    assert photo.pixels.shape == (dataset.Rows, dataset.Columns, 3)
    assert photo.pixels.std() > 5
    if name == "CT_small.dcm":
        expected = stretched(dataset.pixel_array * 1.0)
        assert np.corrcoef(photo.pixels[..., 0].ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("data", [
    dicom(syntax=DeflatedExplicitVRLittleEndian),
    dicom().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"),
], ids=["deflated", "run length"])  # fmt: skip
def test_compressed_pixels_are_named_with_what_would_do(data):
    with pytest.raises(ImageError, match=r"holds its pixels compressed \(.+\).*gdcmconv --raw"):
        read_photo(data)


def test_of_the_patient_nothing_is_kept_or_shown():
    data = dicom(WindowCenter=2000, WindowWidth=500)
    kept = without_personal_data(data)
    assert b"Doe" in data and b"4711" in data
    for secret in (b"Doe", b"Jane", b"4711", b"20200102", b"1.2.3.4"):
        assert secret not in kept.replace(b"1.2.840", b"")
    np.testing.assert_array_equal(read_photo(kept), read_photo(data))
    assert open_photo(kept).notes == open_photo(data).notes
    assert "Doe" not in repr(open_photo(data))


def test_other_files_are_kept_as_they_are():
    assert without_personal_data(b"\xff\xd8\xff any") == b"\xff\xd8\xff any"


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Rows": 60_000, "Columns": 60_000}, "60000 x 60000 pixels, more than"),
        ({"Rows": 6_000, "Columns": 6_000}, "DICOM file that is damaged or cut short"),
        ({"NumberOfFrames": 900_000}, "damaged or cut short"),
        ({"PhotometricInterpretation": "HSV"}, "stores its colors as HSV"),
    ],
)
def test_what_a_header_claims_is_checked_before_pixels(elements, reason):
    read_photo(dicom())  # imports
    tracemalloc.start()
    with pytest.raises(ImageError, match=reason):
        read_photo(dicom(**elements))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_file_without_an_image_says_so():
    with pytest.raises(ImageError, match="a DICOM file without an image"):
        read_photo(bytes(128) + b"DICM" + dicom()[132:].split(b"\xe0\x7f\x10\x00")[0])


def test_thousands_of_elements_do_not_take_long():
    data = dicom()
    place = data.index(b"\x10\x00\x10\x00PN")
    element = b"".join(b"\x09\x00" + number.to_bytes(2, "little") + b"LO\x00\x00" for number in range(0x1000, 0xFFF0))
    begin = time.perf_counter()
    with pytest.raises(ImageError, match="damaged"):
        read_photo(data[:place] + 20 * element + data[place:])
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_what_is_cut_short_is_named_as_such(share):
    data = dicom()
    with pytest.raises(ImageError, match="DICOM file"):
        read_photo(data[: int(len(data) * share)])


def test_flipped_bytes_give_a_photo_or_one_sentence():
    data = dicom(WindowCenter=2000, WindowWidth=500)
    header = len(data) - VALUES.nbytes
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(data)
        broken[rng.integers(132, header)] ^= int(rng.integers(1, 256))
        try:
            assert read_photo(bytes(broken)).shape[-1] == 3
        except ImageError as error:
            assert str(error).startswith("The image")


def test_without_pydicom_one_sentence_says_what_to_install(tmp_path):
    path = tmp_path / "scan.dcm"
    path.write_bytes(dicom())
    code = (
        "import sys; sys.modules['pydicom'] = None\n"
        "from cnnviz.images import read_photo\n"
        "try: read_photo(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    assert said.strip() == (
        "ImageError 'scan.dcm' is a DICOM file, which is read with pydicom. Install it: pip install 'cnnviz[medical]'."
    )
