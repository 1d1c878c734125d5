"""Texts of the Mistakes page."""

TITLE = "Mistakes"
QUESTION = "What does the model get wrong, and why?"
WHAT = """
The model is evaluated on a labeled dataset. **Click a cell** of the confusion matrix to see its images, and an image to
see why: where the evidence for the predicted and for the true class lies, and which images are similar to the model.

- Rows are true labels, columns are predicted labels. The diagonal is correct.
- The accuracy comes with a confidence interval for images like these: few images, wide interval.
- A label can be wrong too: look twice where the model is confidently wrong.
- Nearest means nearest in feature space, in the values that the model's last layer receives.
"""

DATA = "Dataset"
DATA_PLACEHOLDER = "a labeled dataset"
PART = "Split"
PARTS = {"test": "test", "validation": "validation", "train": "training", "all": "all"}
CLASS_ORDER = "Class order"
CLASS_ORDERS = {"sorted": "alphanumeric (as in Keras)", "natural": "natural (2 before 10)"}
EXAMPLE = "An example: `{network}` on {title}. Choose a dataset to see what **{chosen}** gets wrong."
LEARNED = "The model was trained on these images: its accuracy on new images will be lower."
HEADLINE = "Accuracy **{share}**"
RANGE = (
    "95 % confidence interval {low} to {high}, {count} image",
    "95 % confidence interval {low} to {high}, {count} images",
)
UNREADABLE = ("{count} image could not be read: {reason}", "{count} images could not be read; the first: {reason}")
UNMAPPED = (
    "{count} image of {names} is left out: the model has no such class.",
    "{count} images of {names} are left out: the model has no such class.",
)

EVALUATE = ("Evaluate {count} image", "Evaluate {count} images")
ESTIMATE = "about {time}"
PROGRESS = "{done} of {total} images"
READING = "Reading images ..."

MATRIX_ALT = "Confusion matrix of {count} images; {share} lie on the diagonal."
TRUE = "true label"
SAID = "predicted label"
CELL = "{true} predicted as {said}: {count}"
PAIR = "{true} → {said}"
ALL = "all {kind}"
ONE_CLASS = "{kind} labeled {name}"
KIND_TITLES = {
    "wrong": "mistakes",
    "right": "correct predictions",
    "unsure": "uncertain predictions",
    "every": "images",
}

GALLERY = "{title}: {count}"
GALLERY_EMPTY = "No images match."
IMAGE = "{true} → {said} {share}"
ORDER = "Sort by"
ORDERS = {
    "confidence": "confidence",
    "loss": "loss",
    "margin": "logit margin",
    "surprise": "excess loss",
    "shuffle": "random",
}
FILTER = "Filter"
KIND = "Predictions"
KINDS = {"wrong": "wrong", "right": "correct", "unsure": "uncertain", "every": "all"}
CLASS = "True label"
CLASS_PLACEHOLDER = "any class"
SEARCH = "Search"
SEARCH_PLACEHOLDER = "a class, or part of a file name"

CARD = "Why?"
SURE = "Confidently wrong"
WRONG = "Wrong"
UNSURE = "Uncertain and wrong"
RIGHT = "Correct"
SENTENCE = "**{verdict}:** {said} {share}, {true} {true_share}."
EVIDENCE = "The evidence for {said} lies {place}."
NEIGHBORS = (
    "The nearest image in this dataset is labeled {name}.",
    "Of the {count} nearest images in this dataset, {most} are labeled {name}.",
)
NEIGHBORS_LEARNED = (
    "The nearest training image is labeled {name}.",
    "Of the {count} nearest training images, {most} are labeled {name}.",
)
PLACES = {(0, 0): "at the top left", (0, 1): "at the top", (0, 2): "at the top right", (1, 0): "on the left",
          (1, 1): "in the center", (1, 2): "on the right", (2, 0): "at the bottom left", (2, 1): "at the bottom",
          (2, 2): "at the bottom right"}  # fmt: skip
NEAREST = "Nearest images labeled {name}"
NEAREST_LEARNED = "Nearest training images labeled {name}"
SEARCH_LEARNED = ("Search {count} training image too", "Search {count} training images too")
NEAREST_NAME = "{name} · distance {distance}"
LOOK = "Inspect this image on the other pages"
MAPPING = "Class mapping"
MAPPING_HELP = "For each class of the dataset, the model's classes that count as correct."

NUMBERS = "Per-class metrics"
COLUMNS = {"support": "Support", "recall": "Recall", "precision": "Precision", "f1": "F1"}
COLUMN_CLASS = "Class"
NUMBERS_HELP = (
    "Recall: share of a class's images that are predicted as that class. Precision: share of the predictions of a "
    "class that are correct. F1: their harmonic mean. Support: images of the class."
)
NUMBERS_ALT = "Precision, recall and F1 of each class."
CALIBRATION = "Calibration"
CALIBRATION_HELP = "Mean confidence {confidence}, accuracy {share}. Expected calibration error (ECE): {ece}."
CALIBRATION_ALT = "Accuracy against confidence; the expected calibration error is {ece}."
CONFIDENCE = "confidence"
SHARE_RIGHT = "accuracy"
CALIBRATION_HOVER = "{count} images: mean confidence {confidence}, accuracy {share}"
ROC = "ROC curve for {name}"
ROC_HELP = (
    "AUC {area}: the probability that a random image of {name} gets a higher score than a random image of the other "
    "class."
)
ROC_ALT = "ROC curve for {name}; the area under it is {area}."
FALSE_POSITIVES = "false positive rate"
TRUE_POSITIVES = "true positive rate ({name})"

NEAREST_IMAGES = "Nearest images"
CHANGE = "Counterfactual edits"
ANSWER = "Predictions"
STAYS = "Still predicted as {said}: {before} before, {after} now."
FLIPS = "The prediction flips from {was} to {said}, {after}."
HIDE = "Mask the hottest region"
UNDO = "Undo"
START_OVER = "Start over"
TAKE_OFF = "Remove this edit"
EDIT = "Edit"
EDITS = {
    "blur": "blur",
    "brightness": "brightness",
    "contrast": "contrast",
    "rotation": "rotation",
    "noise": "noise",
    "jpeg": "JPEG",
    "grayscale": "grayscale",
    "brush": "brush",
    "mask": "mask",
    "crop": "crop",
}
STEPS = {"hide": "hottest region masked", "mask": "masked", "crop": "cropped", "brush": "painted over"}
STRENGTH = "{edit} {strength}"
STRENGTHS = {
    "blur": "blur radius, in pixels",
    "brightness": "brightness factor (1: unchanged)",
    "contrast": "contrast factor (1: unchanged)",
    "rotation": "rotation, degrees counterclockwise",
    "noise": "noise, standard deviation (of 255)",
    "jpeg": "JPEG quality",
    "grayscale": "grayscale amount (1: no color)",
    "brush": "opacity (1: fully covered)",
}
PAINT = "Paint over what the model should not see"
ACROSS = "Horizontal range"
DOWN = "Vertical range"
BOX_BUTTONS = {"mask": "Mask this box", "crop": "Crop to this box"}
SWEEP = "Sweep: {edit}"
SWEEPING = "{done} of {total} strengths"
SWEEP_ALT = "Probability of {name} over the strength of an edit. {text}"
SHARE_OF = "probability of {name}"
FLIP = "The prediction flips at {strength}."
NO_FLIP = "The prediction stays the same over the whole range."
PATCH = "Find the smallest patch that flips the prediction"
PATCHING = "{done} of {total} patches"
NO_PATCH = "No patch up to half the image size flips the prediction."
MASK_PATCH = "Mask {width} × {height} pixels: prediction {said}"

SHOW = "View"
SHOWS = {
    "matrix": "Confusion matrix",
    "mean": "Mean heatmap",
    "suspects": "Label issues",
    "map": "Embeddings",
    "compare": "Compare models",
}

CELL_OF = "Images"
MEAN = ("Compute the heatmap of {count} image", "Average the heatmaps of {count} images")
MEAN_IMAGE = "mean image"
MEAN_ALT = "Mean heatmap: {title}."
LOGIT = "logit"
MEAN_HELP = (
    "Evidence that moves from image to image blurs; evidence that is always in the same place, such as a watermark, a "
    "corner or a border, stays. All heatmaps share one scale."
)
MEAN_PLACE = "{share} of the evidence lies {place}."
MEAN_ODD = "In correct predictions it is only {share}: look there for a shortcut."
MEAN_LIKE = "In correct predictions it is {share}."
MEAN_ALWAYS = "In correct predictions it is {share}: always in one place, like a watermark or a border."
MASK_ALL = ("Mask this region in the image", "Mask this region in all {count} images")
MASKED = (
    "Masking this region changes the prediction for **{changed} of {count}** image; masking a region of the same size "
    "elsewhere: {elsewhere}.",
    "Masking this region changes the predictions for **{changed} of {count}** images; masking a region of the same "
    "size elsewhere: {elsewhere}.",
)
MEAN_NOTHING = "There is no evidence for this class in these images."

LABEL_ISSUES = ("{count} likely label issue", "{count} likely label issues")
LABEL_ISSUES_HELP = (
    "The model gives another class a probability at least as high as its average over the images with that label "
    "(confident learning)."
)
LABEL_ISSUES_LEARNED = "The model was trained on these labels, and may have memorized wrong ones."
LABEL_ISSUE = "labeled {true}, suggested {other} (probability margin {margin})"
LABEL_ISSUE_TILES = "label issues"
DUPLICATES = "Find near-duplicates"
DUPLICATES_LEARNED = "Find near-duplicates in the training images"
DUPLICATES_FOUND = ("{count} pair of near-duplicates", "{count} pairs of near-duplicates")
DUPLICATE = "RMS difference {difference} of 255"
OUTLIERS = "Find outliers"
OUTLIERS_FOUND = ("{count} outlier", "{count} outliers")
OUTLIER = "{what} {value}; median {median}"
OUTLIERS_HELP = "Modified z-score of size, brightness, contrast or color above 3.5 in magnitude (Iglewicz and Hoaglin)."
QUANTITIES = {
    "width": "width",
    "height": "height",
    "brightness": "brightness",
    "contrast": "contrast",
    "red": "red",
    "green": "green",
    "blue": "blue",
    "colorfulness": "colorfulness",
}

HOW = "Projection"
HOWS = {"pca": "PCA", "tsne": "t-SNE"}
TSNE = ("Run t-SNE on {count} image", "Run t-SNE on {count} images")
TSNE_RUNS = "Running t-SNE. This takes up to a minute for 10,000 images ..."
GESTURE = "Pointer"
GESTURES = {"click": "open an image", "lasso": "lasso selection"}
MAP_WRONG = "misclassified"
MAP_ALT = "{count} images as points; images with similar features are close. {wrong} misclassified ones are ringed."
MAP_HELP = {
    "pca": "The two directions of largest variance; points that are close here may differ in all others.",
    "tsne": "Neighbors stay together. Cluster sizes and distances between clusters mean nothing.",
}
MAP_LASSO = (
    "Click a point to see why it was predicted so. Or choose the lasso and draw around some points to see them here."
)
MAP_PICKED = "selected with the lasso"

RIVAL = "Compare with"
RIVAL_PLACEHOLDER = "a second model"
RIVAL_HELP = "Both models are evaluated on the same images."
SCORES = "Accuracy: {own} **{before}**, {rival} **{now}**."
MCNEMAR = "{rival} corrects {fixed} mistakes and makes {new} new ones. {verdict} (McNemar's exact test, p {p})"
BETTER = "The difference is statistically significant: {rival} is better on images like these."
WORSE = "The difference is statistically significant: {rival} is worse on images like these."
LUCK = "The difference is not statistically significant: it may be due to chance."
AGREEMENT = """
| | {rival} correct | {rival} wrong |
|---|---|---|
| **{own} correct** | {right} | {new} |
| **{own} wrong** | {fixed} | {wrong} |
"""
CHANGE_KIND = "Images"
CHANGES = {"fixed": "fixed", "new": "new mistakes", "both": "wrong in both"}

CSV = "All predictions (CSV)"
REPORT = "Report (HTML)"
ONE_IMAGE = "Export this image (.zip)"
CELL_IMAGES = (
    "Export {title}, {count} image (.zip)",
    "Export {title}, {count} images (.zip)",
)
BUNDLE_HELP = "A page that opens offline, the images, arrays and code, and which model and dataset they come from."
RECEIVED = "model input"
EVIDENCE_FOR = "evidence for {name}"
WHERE_FROM = "Provenance"
