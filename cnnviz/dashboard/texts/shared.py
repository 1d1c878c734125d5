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

NETWORK = "Network"
OWN_NETWORK = "Your own network"
OWN_NETWORK_HELP = (
    "A .keras or .h5 file, or the .zip of Teachable Machine. "
    "No code in it is run; files that would need to are refused."
)
PICTURE = "Picture"
TEST_PICTURE = "{name} · test picture {number}"
OWN_PICTURE = "Your own picture"
OWN_PICTURE_UPLOAD = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF, DICOM or .npy"
STRETCH = "Stretch contrast"
STRETCH_HELP = "The image has more than 8 bits a channel. Shows its smallest value black and its largest white."
CAMERA = "Camera"
DELETE = "Delete"
DELETE_SURE = "Delete this upload from the server for good?"
WHERE = "Where is it?"
LAYER = "Layer"
LAYER_PLACEHOLDER = "this page's own choice"
CHANNEL = "Channel"
CLASS = "Class"
CLASS_PLACEHOLDER = "the predicted class"
VALUE = "Value"
VALUE_PLACEHOLDER = "the largest value"

LOADING = "Opening {name} ..."
LOADING_DOWNLOAD = "Opening {name}. The first time {megabytes} MB are downloaded ..."
LOADING_OWN = "Checking and opening {name}. A strange file is tried out in a guarded process first ..."
GRID_TOKENS = "{tokens} tokens as a {rows} × {columns} grid of patches."
GRID_CLASS_TOKEN = "{tokens} tokens: a {rows} × {columns} grid of patches, class token left out."
GRID_OTHERS = "{tokens} tokens: a {rows} × {columns} grid of patches, {others} other tokens left out."
UNTRAINED = "This is an architecture with random weights: its answers mean nothing until it is trained."
IMPORTING = "Starting TensorFlow. This takes a few seconds, once ..."
CANCEL = "Cancel"
STOPPED = "Stopped."
WAITING = "Waiting for its turn: {count} ahead ..."

PAINT = {
    "brush": "Brush",
    "eraser": "Eraser",
    "size": "Size",
    "undo": "Undo",
    "clear": "Clear",
    "hint": "Arrow keys move the brush. Shift with them paints a line, space a dot. Plus and minus change its size. "
    "Control and Z undoes.",
}

WHAT = "What am I seeing?"
SETTINGS = "Settings"
TAKE_AWAY = "Take away"
CODE = "The code for this view"
DOWNLOAD_PNG = "Picture (PNG)"
DOWNLOAD_NPZ = "Numbers (.npz)"

HEAD_USED = "Output “{name}”, one of {count}. Change it on Overview."
NOT_FINITE = "This network's weights hold {count} NaN or infinite. Nothing that depends on them can be trusted."
NO_CLASSES = "This network has no class scores. Its feature maps and filters can be seen."
LANGUAGE = "Language"

PRESENT = "Present"
PRESENT_HELP = (
    "Twice as large, one thing at a time. Arrow keys to the side, Page Up and Page Down or a remote step on, "
    "with Shift to the next view; arrow keys up and down move the page; Esc leaves. "
    "The link opens it for a class as well."
)
LEAVE_PRESENTER = "Leave (Esc)"

SECONDS = "{n} s"
MINUTES = "{n} min"
HOURS = "{n:.3g} h"
REFUSED = {
    "model": "The network of this link, {asked}, is not on this server (any more).",
    "layer": "The layer of this link, {asked}, is not in this network.",
    "channel": "The channel of this link, {asked}, is not in this layer.",
    "class": "The class of this link, {asked}, is none of this network's.",
    "picture": "The picture is not on this server any more. Upload it again, or choose a sample.",
}
REFUSED_OTHER = "This link asks for {key} {asked}, which there is not."
REFUSED_SHOWN = "Shown instead: {shown}."
REFUSED_SHOWN_OWN = "Shown instead: what the page chooses itself."
