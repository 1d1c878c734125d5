"""Images in and out: decoding, resizing, color maps, overlays and contact sheets. No Keras here.

Reading:  bytes, a path or an array -> `open_photo`, `read_photo`, `read_photos` -> photo, uint8 `(height, width, 3)`
Fitting:  photo -> `fit`, `stretch`, `thumbnail`, `gray`, `rgb`, `scale_up` -> photo; maps -> `enlarge` -> maps
Colors:   numbers -> `value_range`, `to_unit` -> unit, float32 0..1 -> `color` -> photo
Sheets:   photo and heat -> `overlay`, `overlay_signed`; photos -> `contact_sheet`
Files:    photo -> `png_bytes`; arrays -> `npz_bytes`
"""

from cnnviz.images.colors import COLORMAPS, NOT_A_NUMBER, color, lookup_table, to_unit, value_range
from cnnviz.images.decoding import FORMATS, MAX_BYTES, MAX_PIXELS, MAX_SIDE, Photo
from cnnviz.images.fitting import Fit, enlarge, fit, gray, rgb, scale_up, stretch, thumbnail
from cnnviz.images.reading import Source, open_photo, read_photo, read_photos, without_personal_data
from cnnviz.images.samples import SAMPLES, sample_photos
from cnnviz.images.sheets import contact_sheet, npz_bytes, overlay, overlay_signed, png_bytes

__all__ = [
    "COLORMAPS",
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "NOT_A_NUMBER",
    "SAMPLES",
    "Fit",
    "Photo",
    "Source",
    "color",
    "contact_sheet",
    "enlarge",
    "fit",
    "gray",
    "lookup_table",
    "npz_bytes",
    "open_photo",
    "overlay",
    "overlay_signed",
    "png_bytes",
    "read_photo",
    "read_photos",
    "rgb",
    "sample_photos",
    "scale_up",
    "stretch",
    "thumbnail",
    "to_unit",
    "value_range",
    "without_personal_data",
]
