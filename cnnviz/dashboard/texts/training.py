"""Texts of the Training page."""

from typing import Literal

TITLE = "Training"
QUESTION = "How does a model learn?"
WHAT = """
A **run** trains a model in a process of its own: it continues when this page is closed, and can be stopped and resumed.
When it has finished, its model is in the list of models like any other.

- The **loss** is what training minimizes. On the training images it nearly always falls.
- Where the **validation** loss rises again, the model is **overfitting**. Its accuracy may still improve for a while:
  more predictions are correct, and the wrong ones are more confident.
- In the curves, Shift + wheel zooms, dragging pans, a double click resets the view.
- The best epoch is the one with the lowest validation loss. The **test** set is used once, at the end.
- Two runs differ by chance too: repeat with another seed before you trust a small difference.
"""

VIEW = "View"
VIEWS = {"runs": "Runs", "new": "New run", "series": "Compare recipes"}

EMPTY = "Nothing has been trained here yet. LeNet-5 trains on 5,000 handwritten digits in under a minute."
EMPTY_OWN = "For your own photos, **Compare recipes** trains four models on them, from scratch to fine-tuning."
DEMO = "Train LeNet-5 now"
ALL_RUNS = "Runs are saved in `{folder}`."

RUN = "Run"
COMPARE = "Compare with"
COMPARE_PLACEHOLDER = "other runs"

STATES = {
    "queued": "Queued",
    "running": "Training",
    "stopping": "Stopping",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
ICONS = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/play_arrow:",
    "stopping": ":material/stop:",
    "finished": ":material/check:",
    "stopped": ":material/pause:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
}
DOING = {"reading images": "reading images", "training": "", "testing": "testing", "waiting": "", "": ""}
EPOCH_OF = "epoch {epoch} of {epochs}"
LEFT = "about {left} left"
RATE_NOW = "{images} images/s · {seconds} s per epoch"
SO_FAR = "current epoch: loss {loss}, accuracy {accuracy}"
NO_PACE = "The time left is estimated after the first batches."

STOP = "Stop"
KILL = "Kill the process"
KILL_HELP = "The training process does not respond. Killing it keeps the best weights so far."
OTHERS_GO_ON = (
    "{count} other run is active or queued; see the table below.",
    "{count} other runs are active or queued; see the table below.",
)
STOP_OTHERS = "Stop all"
RESUME = "Resume"
LOOK_INSIDE = "Open the model"
COMPLETING = "Attaching the new head to the base model ..."
DELETE = "Delete"
DELETE_SURE = "Permanently delete this run and its model?"

TRAINING = "training"
VALIDATION = "validation"
EPOCH = "epoch"
PANELS: dict[Literal["loss", "accuracy"], str] = {"loss": "Loss", "accuracy": "Accuracy"}
CURVES_ALT = "{panel} over the epochs of {names}."
BEST_MARK = "best"
OVER_FITS_MARK = "best; overfitting after it"
PHASE_MARK = "fine-tuning"
REMARKS = {
    "at chance": (
        "Accuracy is still at chance level ({chance}), even on the training images. The usual causes: a learning rate "
        "that is far too high or too low, or pixels that were scaled twice or not at all."
    ),
    "surer where wrong": (
        "Since epoch {best} both the validation loss and the validation accuracy have risen. That is no "
        "contradiction: more predictions are correct, and the wrong ones are more confident."
    ),
    "by heart": (
        "Training accuracy is {train}, validation accuracy {validation}: the model overfits. More images, data "
        "augmentation or dropout narrow the gap."
    ),
}
FEW_TO_VALIDATE = (
    "There are only {count} validation images: each counts for {share} of the validation accuracy, so the curve is "
    "noisy. Look at the loss, or use more images."
)
NO_EPOCH = "The curves start with the first epoch."

BEST = "Best epoch"
VALIDATION_ACCURACY = "Validation accuracy"
TEST = "Test accuracy"
PARAMETERS = "Parameters"
TIME = "Time"

CONFUSION = "Confusion matrix (test set)"
CONFUSION_HELP = "{images} test images. The numbers are counts; the color is the share of the row."
CONFUSION_ALT = "Confusion matrix of {images} test images; {share} lie on the diagonal."
TRUE = "true label"
SAID = "predicted label"
CELL = "{true} predicted as {said}: {count}"

LAPSE = "Training time lapse"
LAPSE_HELP = (
    "The weights of some epochs were saved. Heatmaps, kernels and probabilities share one scale over all epochs, so "
    "that growth is visible; each feature map has its own. Kernels: orange is negative, purple positive; kernels over "
    "RGB are shown in color."
)
LAPSE_MAKE = "Compute the time lapse"
LAPSE_READING = "Running the model with the weights of each epoch: {done} of {total} ..."
LAPSE_IMAGE = "Image"
LAPSE_LAYER = "Layer"
LAPSE_PLAY = "Play"
LAPSE_EPOCH = "Epoch"
LAPSE_UNTRAINED = "before training"
LAPSE_AFTER = "epoch {epoch}"
LAPSE_EVIDENCE = "Evidence for {name}"
LAPSE_EVIDENCE_ALT = "Grad-CAM for {name} over the image, {epoch}."
LAPSE_ANSWER = "Predictions"
LAPSE_KERNELS = "Kernels of the first convolution"
LAPSE_MAPS = "Feature maps of the layer"
LOGIT = "logit"

DETAILS = "Settings, log, TensorBoard"
LOG_EMPTY = "The log is empty: there were no errors."
TENSORBOARD = "tensorboard --logdir {folder}"

DIFFERENCES = "Differences"
DIFFERENCES_NOTHING = "These runs have the same settings."
DIFFERENCES_BEST = (
    "**{best}** is best on the {count} test images, with **{share}**. Its lead over {following} ({other}) is "
    "statistically significant."
)
DIFFERENCES_CHANCE = (
    "**{best}** reaches **{share}** on the {count} test images, {following} {other}: the difference is not "
    "statistically significant."
)
COLUMN_LAYER = "Layer"
COLUMN_KIND = "Type"
COLUMN_OUTPUT = "Output shape"
COLUMN_RUN = "Run"
COLUMN_WHAT = "Description"
COLUMN_EPOCHS = "Epochs"
COLUMN_STATE = "State"
COLUMN_BEST = "Best epoch"
COLUMN_LOSS = "Validation loss"
COLUMN_ACCURACY = "Validation accuracy"
COLUMN_TEST = "Test accuracy"
COLUMN_SECONDS = "Seconds per epoch"
NO_VALUE = "–"

RECIPE = "Recipe"
DATA = "Dataset"
BASE = "Base model"
EPOCHS = "Epochs"
LAUNCH = "Train"
ADVICE = "Recommend a recipe"
ADVISING = "{base} extracts features from some of the images ..."
ADVISED = "**{title}.** {reason}"
TAKE_ADVICE = "Use {title}"
SERIES = "Comparison"
LAUNCH_SERIES = "Train all {count}"
SERIES_ESTIMATE = "About {time} for all runs on this machine."
SERIES_HELP = (
    "All runs use the same dataset, split and seed, and train one after the other. Their curves are shown in one chart."
)
UPLOAD_DATASET = "Upload a dataset"
UPLOAD_DATASET_HELP = (
    "A .zip with one folder per class, optionally inside train, validation and test. "
    "Folders in `{folder}` are listed automatically."
)
DOWNLOADED = "{title} (download)"

BATCH = "Batch size"
OPTIMIZER = "Optimizer"
RATE = "Learning rate (0: default)"
SCHEDULE = "Learning-rate schedule"
SCHEDULES = {"constant": "constant", "plateau": "reduce on plateau", "exponential": "exponential decay"}
PATIENCE = "Early stopping patience (epochs, 0: off)"
SEED = "Seed"
SIZE = "Image size (0: default)"
DROPOUT = "Dropout rate before the last layer (0: default)"
L1 = "L1 regularization"
L2 = "L2 regularization"
BATCH_NORM = "Batch normalization"
CLIP_NORM = "Clip gradient norm (0: off)"
CLIP_VALUE = "Clip gradient value (0: off)"
ONE_HOT = "One-hot labels"

SETTINGS = {
    "data": "Dataset",
    "network": "Model",
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "schedule": "Learning-rate schedule",
    "patience": "Early stopping patience",
    "seed": "Seed",
    "size": "Image size",
    "dropout": "Dropout rate",
    "l1": "L1 regularization",
    "l2": "L2 regularization",
    "has_batch_norm": "Batch normalization",
    "clip_norm": "Clip gradient norm",
    "clip_value": "Clip gradient value",
    "is_one_hot": "One-hot labels",
    "transfer.base": "Base model",
}
"""Settings of a recipe as columns; the others go by the name that the command line takes."""

AUGMENTATION = "Data augmentation"
ROTATION = "Rotation range"
WIDTH_SHIFT = "Width shift range"
HEIGHT_SHIFT = "Height shift range"
SHEAR = "Shear range"
ZOOM = "Zoom range"
CONTRAST = "Contrast range"
HORIZONTAL_FLIP = "Horizontal flip"
VERTICAL_FLIP = "Vertical flip"
FILL = "Fill mode"
FILLS = {"nearest": "nearest", "constant": "constant (black)", "reflect": "reflect", "wrap": "wrap"}
PREVIEW = "One image as nine epochs would see it. Validation and test images are never augmented."
PREVIEW_NONE = "No augmentation: every epoch sees the same image."

SAMPLES = "Training images"
SAMPLE_NAME = "{name} · image {number}"
BALANCE = "{train} training, {validation} validation and {test} test images in {classes} classes."
BALANCE_AXIS = "training images"
BALANCE_ALT = "Training images per class."
PLAN = "Model"
PLAN_FACTS = "{parameters} parameters, {trainable} trainable. Input shape {rows} × {columns} × {channels}."
ESTIMATE = "About {time} for {epochs} epochs on this machine."
ESTIMATE_FEATURES = (
    "About {time} for {epochs} epochs on this machine. About {look} of it is feature extraction: the base runs once "
    "over every image, unless its features are cached; the epochs themselves are fast."
)
INSIDE = "Preprocessing is part of the model: it cannot be forgotten or applied twice."
READING = "Reading images ..."
