"""Texts of the assumptions about an uploaded model."""

LINE = "Assumptions: {what} · **Change**"
GUESSES = "{what} (guessed)"
GUESS = " (guessed)"
NAMES = {
    "scaling": "pixels {value}",
    "fit": "images {value}",
    "class_names": "{value}",
    "class_order": "folders in {value} order",
    "outputs": "{value}",
    "head": "output “{value}”",
    "layout": "flat input reshaped to {value}",
    "layer": "default layer {value}",
}
VALUES = {
    "fit": {"stretch": "stretched", "crop": "cropped to the center", "pad": "padded with black"},
    "class_order": {"sorted": "sorted", "natural": "natural"},
    "outputs": {
        "softmax": "probabilities that sum to one",
        "sigmoid": "one probability, two classes",
        "independent": "independent probabilities (multi-label)",
        "logits": "logits",
        "scores": "raw scores",
        "numbers": "numbers, no classes",
        "none": "no scores",
    },
}
LAYER_WHY = "the last one with spatial feature maps"
SCALING = "Pixels are scaled to"
FIT = "Images with another aspect ratio are"
OUTPUTS = "The outputs are"
CLASS_NAMES = "Class names, one per line"
CLASS_NAMES_HELP = "Or paste a labels.txt of Teachable Machine, or JSON."
VALUE_NAMES = "Output names, one per line"
VALUE_NAMES_WRONG = "{given} names for {count} values. Give one name per line."
CLASS_NAME_LONG = "A name is too long. Names have at most 200 characters."
CLASS_NAMES_WRONG = "{given} names for {count} classes. Give one name per line."
CLASS_ORDER = "Folders are numbered in this order"
HEAD = "Output used"
CHECK = "The right scaling usually gives the most sensible prediction. Your answers are saved with the model."
CHECK_ROW = "{scaling}: {name}, {share}"
CHECK_VALUE = "{scaling}: {share}"
SAVE = "Save"
