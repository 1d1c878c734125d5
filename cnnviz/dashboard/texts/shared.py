"""Texts that several pages show."""

PAGES = {
    "overview": "Overview",
    "activations": "Activations",
    "filters": "Filters",
    "heatmaps": "Heatmaps",
    "mistakes": "Mistakes",
    "training": "Training",
    "convolution": "Convolution",
}

MODEL = "Model"
UPLOAD_MODEL = "Upload a model"
UPLOAD_MODEL_HELP = (
    "A .keras or .h5 file, or a .zip exported from Teachable Machine. "
    "Code in the file is never run; a file that needs it is refused."
)
IMAGE = "Image"
IMAGE_ALT = "The image as the model receives it"
TEST_IMAGE = "{name} · test image {number}"
UPLOAD_IMAGE = "Upload an image"
UPLOAD_IMAGE_TYPES = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF, DICOM or .npy"
STRETCH = "Stretch contrast"
STRETCH_HELP = "The image has more than 8 bits per channel. Shows its smallest value black and its largest white."
CAMERA = "Camera"
DELETE = "Delete"
DELETE_SURE = "Permanently delete this upload from the server?"
WHERE = "Where is it?"
LAYER = "Layer"
LAYER_PLACEHOLDER = "automatic"
CHANNEL = "Channel"
CLASS = "Class"
CLASS_PLACEHOLDER = "predicted class"
VALUE = "Value"
VALUE_PLACEHOLDER = "largest value"

LOADING = "Loading {name} ..."
LOADING_DOWNLOAD = "Loading {name}. The first time, {megabytes} MB are downloaded ..."
LOADING_OWN = "Checking and loading {name}. An unknown file is first loaded in a sandboxed process ..."
GRID_TOKENS = "{tokens} tokens as a {rows} × {columns} grid of patches."
GRID_CLASS_TOKEN = "{tokens} tokens: a {rows} × {columns} grid of patches, class token left out."
GRID_OTHERS = "{tokens} tokens: a {rows} × {columns} grid of patches, {others} other tokens left out."
UNTRAINED = "This model has random weights: its predictions mean nothing until it is trained."
IMPORTING = "Starting TensorFlow. This takes a few seconds the first time ..."
CANCEL = "Cancel"
STOPPED = "Stopped."
WAITING = "In the queue: {count} ahead ..."

PAINT = {
    "brush": "Brush",
    "eraser": "Eraser",
    "size": "Size",
    "undo": "Undo",
    "clear": "Clear",
    "hint": "Arrow keys move the brush, Shift + arrow keys paint a line, Space paints a dot, + and - change the size, "
    "Ctrl + Z undoes.",
}

WHAT = "What am I seeing?"
SETTINGS = "Settings"
EXPORT = "Export"
CODE = "Python code for this view"
DOWNLOAD_PNG = "Image (PNG)"
DOWNLOAD_NPZ = "Arrays (.npz)"

HEAD_USED = "Output “{name}”, one of {count}. Change it on Overview."
NOT_FINITE = "{count} of this model's weights are NaN or infinite. Nothing that depends on them can be trusted."
NO_CLASSES = "This model has no class scores. You can still look at its feature maps and filters."
LANGUAGE = "Language"

PRESENT = "Present"
PRESENT_HELP = (
    "Doubles the size and shows one thing at a time. Left and right arrows, Page Up, Page Down or a remote control go "
    "to the next step, with Shift to the next view; up and down arrows scroll; Esc exits. "
    "Copy the link to share this mode."
)
LEAVE_PRESENTER = "Exit (Esc)"

SECONDS = "{n} s"
MINUTES = "{n} min"
HOURS = "{n:.3g} h"
GONE = {
    "model": "The model in this link, {asked}, is not on this server.",
    "layer": "The layer in this link, {asked}, does not exist in this model.",
    "channel": "The channel in this link, {asked}, does not exist in this layer.",
    "class": "The class in this link, {asked}, is not one of this model's classes.",
    "image": "The image in this link is no longer on this server. Upload it again, or choose a sample.",
}
GONE_OTHER = "This link asks for {key} {asked}, which does not exist."
SHOWN_INSTEAD = "Shown instead: {shown}."
SHOWN_DEFAULT = "Shown instead: the default."
