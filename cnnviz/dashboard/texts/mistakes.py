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
ALL = "all mistakes"

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
PAGE = "Page"

CARD = "Why?"
CARD_EMPTY = "Choose a picture to see why."
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
NEAREST_NAME = "{true} → {said} {share} · distance {distance}"
LOOK = "Look inside this picture"
NUMBERS = "By class"
COLUMNS = {"class": "class", "support": "pictures", "recall": "found", "precision": "trusted", "f1": "F1"}
MAPPING = "Which class is which"
MAPPING_HELP = "For each class of the pictures, the network's classes that count as right."
