"""Texts of the mistakes page."""

TITLE = "Mistakes"
QUESTION = "What does it get wrong, and why?"
WHAT = """
A network answers a whole set of labelled pictures. **Click a cell** of the matrix to see its pictures, and a picture
to see why: where the evidence for the wrong class lies, where that for the right one, and which pictures the network
holds for alike.

- A row is what the pictures are labelled as, a column what the network says. The diagonal is right.
- The share that is right comes with the range in which it would lie for other pictures like these.
- A label can be wrong too: a picture that is "sure and wrong" is worth a second look for both reasons.
- "Nearest" is near for the network: the pictures that its last layer can hardly tell apart.
"""

DATA = "Pictures"
DATA_PLACEHOLDER = "a set of labelled pictures"
PART = "Part"
PARTS = {"test": "test", "validation": "validation", "train": "training"}
EXAMPLE = "An example: `{network}` on {title}. Choose pictures to see what **{chosen}** gets wrong."
LEARNT = "The network learnt from these pictures: it will look better than it is."
HEADLINE = "{count} pictures, **{share}** right"
RANGE = "between {low} and {high} for other pictures like these"
TOP5 = "right class among the first five: {share}"
UNREADABLE = "{count} pictures have no answer; the first: {reason}"
UNMAPPED = "{count} pictures of {names} are not compared: the network has no such class."

EVALUATE = "Ask about all {count} pictures"
ESTIMATE = "about {time}"
PROGRESS = "{done} of {total} pictures"
STOPPED = "Stopped."
READING = "Reading the pictures ..."

MATRIX = "Who is taken for whom"
MATRIX_ALT = "Confusion matrix of {count} pictures; {share} lie on the diagonal."
TRUE = "labelled as"
SAID = "network's answer"
CELL = "{true} taken for {said}: {count}"
PAIRS = "Most confused"
PAIR = "{true} → {said}"
ALL = "all pictures"
ONE_CLASS = "labelled {name}"

GALLERY = "{title}: {count}"
GALLERY_EMPTY = "No picture is here."
PICTURE = "{true} → {said} {share}"
ORDER = "Sorted by"
ORDERS = {
    "confidence": "surest first",
    "loss": "least probable label",
    "margin": "furthest behind",
    "surprise": "most surprising",
    "shuffle": "shuffled",
}
FILTER = "Filter"
KIND = "Answers"
KINDS = {"wrong": "wrong", "right": "right", "unsure": "unsure", "every": "all"}
CLASS = "Labelled as"
CLASS_PLACEHOLDER = "any class"
SEARCH = "Search"
SEARCH_PLACEHOLDER = "a class, or part of a file's name"

CARD = "Why?"
SURE = "Sure and wrong"
WRONG = "Wrong"
UNSURE = "Undecided, and wrong"
RIGHT = "Right"
SENTENCE = "**{verdict}:** {said} {share}, {true} {true_share}."
EVIDENCE = "The evidence for {said} lies {place}."
NEIGHBOURS = "Of its {count} nearest pictures {most} are labelled {name}."
PLACES = {(0, 0): "at the top left", (0, 1): "at the top", (0, 2): "at the top right", (1, 0): "on the left",
          (1, 1): "in the centre", (1, 2): "on the right", (2, 0): "at the bottom left", (2, 1): "at the bottom",
          (2, 2): "at the bottom right"}  # fmt: skip
NEAREST = "Nearest labelled {name}"
NEAREST_NAME = "{name} · distance {distance}"
LOOK = "Look inside this picture"
MAPPING = "Which class is which"
MAPPING_HELP = "For each class of the pictures, the network's classes that count as right."
MAPPED_TWICE = "The network's class '{name}' stands for two classes of the pictures. Take it away from one of them."

NUMBERS = "By class"
COLUMNS = {"support": "pictures", "recall": "found (recall)", "precision": "trusted (precision)", "f1": "F1"}
COLUMN_CLASS = "class"
NUMBERS_HELP = (
    "Found: the share of a class's pictures that is answered so. Trusted: the share of such answers that is right."
)
NUMBERS_ALT = "Precision, recall and F1 of each class."
CALIBRATION = "Is it as sure as it is right?"
CALIBRATION_HELP = (
    "On average it is {confidence} sure; {share} of its answers are right. Mean gap (ECE): {ece}."
)
CALIBRATION_ALT = "Share of right answers against confidence; the expected calibration error is {ece}."
CONFIDENCE = "confidence"
SHARE_RIGHT = "share right"
CALIBRATION_HOVER = "{count} pictures: {confidence} sure, {share} right"
ROC = "Telling {name} from the other class"
ROC_HELP = "Area {area}: so often is a picture of {name} given the higher probability of two."
ROC_ALT = "ROC curve for {name}; its area is {area}."
FALSE_POSITIVES = "share of the others above the threshold"
TRUE_POSITIVES = "share of {name} above it"

ALIKE = "What it holds for alike"
CHANGE = "What would change the answer?"
ANSWER = "What the network says now"
STAYS = "It still says {said}: {before}, now {after}."
FLIPS = "The answer flips from {was} to {said}, {after}."
HIDE = "Hide the hottest region"
UNDO = "Undo"
START_OVER = "Start over"
TAKE_OFF = "Take this off again"
EDIT = "Edit"
EDITS = {
    "blur": "blur",
    "brightness": "light",
    "contrast": "contrast",
    "rotation": "turn",
    "noise": "noise",
    "jpeg": "JPEG",
    "grayscale": "gray",
    "mask": "cover",
    "crop": "crop",
}
STEPS = {"hide": "hottest hidden", "mask": "box covered", "crop": "cropped"}
STRENGTH = "{edit} {strength}"
STRENGTHS = {
    "blur": "blur, in pixels",
    "brightness": "light; 1 is as it is",
    "contrast": "contrast; 1 is as it is",
    "rotation": "degrees counterclockwise",
    "noise": "noise, of 255",
    "jpeg": "JPEG quality",
    "grayscale": "how gray; 1 has no colour",
}
ACROSS = "from left to right"
DOWN = "from top to bottom"
BOX_BUTTONS = {"mask": "Cover this box", "crop": "Keep this box only"}
SWEEP = "Sweep: {edit}"
SWEEPING = "{done} of {total} strengths"
SWEEP_ALT = "Probability of {name} over the strength of an edit. {text}"
SHARE_OF = "probability of {name}"
FLIP = "The answer flips at {strength}."
NO_FLIP = "The answer stays the same over the whole range."
PATCH = "Find the smallest patch that flips it"
PATCHING = "{done} of {total} patches"
NO_PATCH = "No patch up to half the picture's side flips the answer."
COVER_PATCH = "Cover {width} x {height} pixels: it says {said}"
