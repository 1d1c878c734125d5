"""Texts of the Mistakes page."""

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
PARTS = {"test": "test", "validation": "validation", "train": "training", "all": "all"}
CLASS_ORDER = "Class order"
CLASS_ORDERS = {"sorted": "sorted (as Keras)", "natural": "natural (2 before 10)"}
EXAMPLE = "An example: `{network}` on {title}. Choose pictures to see what **{chosen}** gets wrong."
LEARNT = "The network learnt from these pictures: it will look better than it is."
HEADLINE = ("{count} picture, **{share}** right", "{count} pictures, **{share}** right")
RANGE = "between {low} and {high} for other pictures like these"
UNREADABLE = ("{count} picture has no answer: {reason}", "{count} pictures have no answer; the first: {reason}")
UNMAPPED = (
    "{count} picture of {names} is not compared: the network has no such class.",
    "{count} pictures of {names} are not compared: the network has no such class.",
)

EVALUATE = ("Ask about the one picture", "Ask about all {count} pictures")
ESTIMATE = "about {time}"
PROGRESS = "{done} of {total} pictures"
READING = "Reading the pictures ..."

MATRIX_ALT = "Confusion matrix of {count} pictures; {share} lie on the diagonal."
TRUE = "labelled as"
SAID = "network's answer"
CELL = "{true} taken for {said}: {count}"
PAIR = "{true} → {said}"
ALL = "all {kind}"
ONE_CLASS = "{kind} labelled {name}"
KIND_TITLES = {"wrong": "mistakes", "right": "right answers", "unsure": "unsure answers", "every": "pictures"}

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
NEIGHBOURS = (
    "Its nearest picture in this set is labelled {name}.",
    "Of its {count} nearest pictures in this set {most} are labelled {name}.",
)
NEIGHBOURS_LEARNT = (
    "The nearest training picture is labelled {name}.",
    "Of the {count} nearest training pictures {most} are labelled {name}.",
)
PLACES = {(0, 0): "at the top left", (0, 1): "at the top", (0, 2): "at the top right", (1, 0): "on the left",
          (1, 1): "in the centre", (1, 2): "on the right", (2, 0): "at the bottom left", (2, 1): "at the bottom",
          (2, 2): "at the bottom right"}  # fmt: skip
NEAREST = "Nearest in this set labelled {name}"
NEAREST_LEARNT = "Nearest training pictures labelled {name}"
SEARCH_LEARNT = ("Look at the one training picture too", "Look among the {count} training pictures too")
NEAREST_NAME = "{name} · distance {distance}"
LOOK = "Look inside this picture"
MAPPING = "Which class is which"
MAPPING_HELP = "For each class of the pictures, the network's classes that count as right."

NUMBERS = "By class"
COLUMNS = {"support": "pictures", "recall": "found (recall)", "precision": "trusted (precision)", "f1": "F1"}
COLUMN_CLASS = "class"
NUMBERS_HELP = (
    "Found: the share of a class's pictures that is answered so. Trusted: the share of such answers that is right."
)
NUMBERS_ALT = "Precision, recall and F1 of each class."
CALIBRATION = "Is it as sure as it is right?"
CALIBRATION_HELP = "On average it is {confidence} sure; {share} of its answers are right. Mean gap (ECE): {ece}."
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
    "brush": "brush",
    "mask": "box",
    "crop": "crop",
}
STEPS = {"hide": "hottest hidden", "mask": "box covered", "crop": "cropped", "brush": "painted over"}
STRENGTH = "{edit} {strength}"
STRENGTHS = {
    "blur": "blur, in pixels",
    "brightness": "light; 1 is as it is",
    "contrast": "contrast; 1 is as it is",
    "rotation": "degrees counterclockwise",
    "noise": "noise, of 255",
    "jpeg": "JPEG quality",
    "grayscale": "how gray; 1 has no colour",
    "brush": "how much is covered; 1 is all",
}
PAINT = "Paint over what the network should not see"
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

SHOW = "View"
SHOWS = {
    "matrix": "Who is taken for whom",
    "mean": "Mean map",
    "suspects": "Suspects",
    "map": "Map of pictures",
    "compare": "Two networks",
}

CELL_OF = "Pictures"
MEAN = ("Draw the map of {count} picture", "Average the maps of {count} pictures")
MEAN_PICTURE = "mean picture"
MEAN_ALT = "Mean evidence of: {title}."
LOGIT = "logit"
MEAN_HELP = (
    "What lies in another place in each picture blurs; what always lies in the same place and decides the answer, a "
    "watermark, a corner, a border, stays. All maps share one scale."
)
MEAN_PLACE = "{share} of the evidence lies {place}."
MEAN_ODD = "In right answers it is {share} only: look there for a shortcut."
MEAN_LIKE = "In right answers it is {share}."
MEAN_ALWAYS = "In right answers it is {share}: always in one place, as a watermark or a border would be."
COVER_ALL = ("Cover this place in the picture", "Cover this place in all {count} pictures")
COVERED = (
    "Without this place the answer to {changed} of {count} picture changes; without another one as large: {elsewhere}.",
    "Without this place the answers to **{changed} of {count}** pictures change; without another one as large: "
    "{elsewhere}.",
)
MEAN_NOTHING = "These pictures hold no evidence for this answer."

SUSPECTS = ("{count} label is doubtful", "{count} labels are doubtful")
SUSPECTS_HELP = "The network is surer of another class than it usually is of that class's own pictures."
SUSPECTS_LEARNT = "The network learnt these labels, and agrees with wrong ones too."
SUSPECT = "labelled {true}, looks like {other} (margin {margin})"
SUSPECT_TILES = "doubtful labels"
COPIES = "Look for pictures that are there twice"
COPIES_LEARNT = "Look for pictures that are training pictures too"
COPIES_FOUND = ("{count} pair is almost the same", "{count} pairs are almost the same")
COPY = "differ by {difference} of 255"
ODD = "Look for pictures that stand out"
ODD_FOUND = ("{count} picture stands out", "{count} pictures stand out")
ODD_ONE = "{what} {value}; usual is {median}"
ODD_HELP = "By size, light or colours, 3.5 robust standard deviations from the middle of all."
QUANTITIES = {
    "width": "width",
    "height": "height",
    "brightness": "light",
    "contrast": "contrast",
    "red": "red",
    "green": "green",
    "blue": "blue",
    "colourfulness": "colours",
}

HOW = "Laid out by"
HOWS = {"pca": "main directions (PCA)", "tsne": "neighbours (t-SNE)"}
TSNE = ("Lay out {count} picture by its neighbours", "Lay out {count} pictures by their neighbours")
TSNE_RUNS = "Laying out. This takes up to a minute for 10,000 pictures ..."
GESTURE = "Pointer"
GESTURES = {"click": "opens a picture", "lasso": "draws around pictures"}
MAP_WRONG = "answered wrong"
MAP_ALT = "{count} pictures as points, near where the network holds them for alike; {wrong} are ringed as mistakes."
MAP_HELP = {
    "pca": "The two directions in which the features differ most; what lies together may differ in all others.",
    "tsne": "Neighbours stay together. Sizes of clumps and distances between them mean nothing.",
}
MAP_LASSO = "Click a point to see why it was answered so. Or let the pointer draw around some, to see them here."
MAP_PICKED = "inside the line"

RIVAL = "Compare with"
RIVAL_PLACEHOLDER = "a second network"
RIVAL_HELP = "Both networks are asked about the same pictures."
SCORES = "{own}: **{before}** right. {rival}: **{now}** right."
MCNEMAR = (
    "{rival} gets {fixed} right that were wrong, and {new} wrong that were right. {verdict} "
    "(McNemar's exact test, p {p})"
)
BETTER = "So many more would hardly be luck: {rival} is better on pictures like these."
WORSE = "So many more would hardly be luck: {rival} is worse on pictures like these."
LUCK = "The difference may be luck."
AGREEMENT = """
| | {rival} right | {rival} wrong |
|---|---|---|
| **{own} right** | {right} | {new} |
| **{own} wrong** | {fixed} | {wrong} |
"""
CHANGE_KIND = "Pictures"
CHANGES = {"fixed": "mended", "new": "new mistakes", "both": "wrong in both"}

CSV = "All answers (CSV)"
REPORT = "Report (HTML)"
ONE_PICTURE = "Evidence of this picture (.zip)"
CELL_PICTURES = ("Evidence of {title}, {count} picture (.zip)", "Evidence of {title}, {count} pictures (.zip)")
BUNDLE_HELP = "The evidence: a page that opens offline, pictures, numbers, the code, and which network and data it was."
RECEIVED = "as the network receives it"
EVIDENCE_FOR = "evidence for {name}"
WHERE_FROM = "Where this is from"
