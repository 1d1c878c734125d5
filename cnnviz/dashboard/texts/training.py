"""Texts of the Training page."""

from typing import Literal

TITLE = "Training"
QUESTION = "How does it learn?"
WHAT = """
A **run** trains a network in a process of its own: it goes on when this page is closed, and it can be stopped and
resumed. When it has finished, its network stands in the list of networks like any other.

- **Loss** is what training makes small. On the training pictures it nearly always falls.
- Where the **validation** loss rises again, the network learns by heart: that is **over-fitting**. Its accuracy may
  still improve for a while: more answers are right, and the wrong ones are surer.
- In the curves, Shift and the wheel zoom, dragging moves, a double click shows all again.
- The best epoch is the one with the smallest validation loss. The **test** pictures are looked at once, at the end.
- Two runs differ by chance too: repeat with another seed before you believe in a small difference.
"""

VIEW = "View"
VIEWS = {"runs": "Runs", "new": "New run", "series": "New series"}

EMPTY = "Nothing has been trained here yet. LeNet-5 learns 5,000 handwritten digits in under a minute."
EMPTY_OWN = "For photos of your own, **New series** has the ladder: four ways to train on them, side by side."
DEMO = "Train LeNet-5 now"
ALL_RUNS = "All runs are kept in `{folder}`."

RUN = "Run"
COMPARE = "Compare with"
COMPARE_PLACEHOLDER = "other runs"

STATES = {
    "queued": "Waiting for its turn",
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
DOING = {"reading pictures": "reading the pictures", "training": "", "testing": "testing", "waiting": "", "": ""}
EPOCH_OF = "epoch {epoch} of {epochs}"
LEFT = "about {left} left"
RATE_NOW = "{pictures} pictures a second · {seconds} s an epoch"
SO_FAR = "this epoch so far: loss {loss}, accuracy {accuracy}"
NO_PACE = "The first batches will tell how quick it is."

STOP = "Stop"
KILL = "End it now"
KILL_HELP = "Its trainer does not answer. Its process is killed; the best weights so far are kept."
OTHERS_GO_ON = (
    "{count} other run goes on or waits for its turn; the table below says where it stands.",
    "{count} other runs go on or wait for their turn; the table below says where they stand.",
)
STOP_OTHERS = "Stop them too"
RESUME = "Resume"
LOOK_INSIDE = "Look inside"
COMPLETING = "Putting base and head together, as the trainer would have done at the end ..."
DELETE = "Delete"
DELETE_SURE = "Delete this run and its network for good?"

TRAINING = "training"
VALIDATION = "validation"
EPOCH = "epoch"
PANELS: dict[Literal["loss", "accuracy"], str] = {"loss": "Loss", "accuracy": "Accuracy"}
CURVES_ALT = "{panel} over the epochs of {names}."
BEST_MARK = "best"
OVER_FITS_MARK = "best; after it, over-fitting"
PHASE_MARK = "fine-tuning"
REMARKS = {
    "at chance": (
        "It is still about as good as guessing ({chance}), even on the pictures it learns from. The usual causes: "
        "a learning rate that is far too large or too small, or pixels that were scaled twice or not at all."
    ),
    "surer where wrong": (
        "Since epoch {best} the validation loss has risen, and yet validation accuracy improved. That is no "
        "contradiction: more answers are right, and the wrong ones are given with more confidence."
    ),
    "by heart": (
        "Training accuracy is {train}, validation accuracy {validation}: it knows its pictures by heart. More "
        "pictures, augmentation or dropout narrow the gap."
    ),
}
FEW_TO_VALIDATE = (
    "There are {count} validation pictures: each is {share} of the validation accuracy, so its curve jumps by chance. "
    "Look at the loss, or take more pictures."
)
NO_EPOCH = "The curve begins with the first epoch."

BEST = "Best epoch"
VALIDATION_ACCURACY = "Validation"
TEST = "Test"
PARAMETERS = "Parameters"
TIME = "Time"

CONFUSION = "What it confuses"
CONFUSION_HELP = "{pictures} test pictures: a row for each true class, coloured by its share."
CONFUSION_ALT = "Confusion matrix of {pictures} test pictures; {share} lie on the diagonal."
TRUE = "true class"
SAID = "network's answer"
CELL = "{true} taken for {said}: {count}"

LAPSE = "Time lapse: how it formed"
LAPSE_HELP = (
    "Weights of some epochs were kept. All pictures of one kind share a scale over all epochs, so that what grows is "
    "seen to grow; each map has its own. Kernels: orange is below zero, purple above; those that look at colours are "
    "shown in them."
)
LAPSE_MAKE = "Replay its epochs"
LAPSE_READING = "Running the network with the weights of each epoch: {done} of {total} ..."
LAPSE_PICTURE = "Picture of"
LAPSE_LAYER = "Layer"
LAPSE_PLAY = "Play"
LAPSE_EPOCH = "Epoch"
LAPSE_UNTRAINED = "before training"
LAPSE_AFTER = "epoch {epoch}"
LAPSE_EVIDENCE = "Evidence for {name}"
LAPSE_EVIDENCE_ALT = "Grad-CAM for {name} over the picture, {epoch}."
LAPSE_ANSWER = "Its answer"
LAPSE_KERNELS = "Kernels of the first convolution"
LAPSE_MAPS = "Maps of the layer"
LOGIT = "logit"

DETAILS = "Settings, log, TensorBoard"
LOG_EMPTY = "The log is empty: nothing went wrong."
TENSORBOARD = "tensorboard --logdir {folder}"

DIFFERENCES = "What differs"
DIFFERENCES_NOTHING = "These runs have the same settings."
DIFFERENCES_BEST = (
    "Best on the {count} test pictures: **{best}** with **{share}**, more than chance ahead of {following} "
    "with {other}."
)
DIFFERENCES_CHANCE = (
    "**{best}** has **{share}** of the {count} test pictures right, {following} {other}: "
    "so few pictures cannot tell these two apart."
)
COLUMN_LAYER = "layer"
COLUMN_KIND = "kind"
COLUMN_OUTPUT = "output"
COLUMN_RUN = "run"
COLUMN_WHAT = "what it is"
COLUMN_EPOCHS = "epochs"
COLUMN_STATE = "state"
COLUMN_BEST = "best epoch"
COLUMN_LOSS = "validation loss"
COLUMN_ACCURACY = "validation accuracy"
COLUMN_TEST = "test accuracy"
COLUMN_SECONDS = "seconds an epoch"
NO_VALUE = "–"

RECIPE = "Recipe"
DATA = "Pictures"
BASE = "Base"
EPOCHS = "Epochs"
LAUNCH = "Train"
ADVICE = "Which recipe fits these pictures?"
ADVISING = "{base} looks at some of the pictures ..."
ADVISED = "**{title}.** {reason}"
TAKE_ADVICE = "Take {title}"
SERIES = "Series"
LAUNCH_SERIES = "Train all {count}"
SERIES_ESTIMATE = "About {time} for all of them on this machine."
SERIES_HELP = (
    "All runs have the same pictures, the same split and the same seed; they wait for each other. "
    "Their curves stand in one chart."
)
OWN_DATA = "Your own pictures"
OWN_DATA_HELP = (
    "A .zip with one folder per class, or train, validation and test above them. "
    "Folders in `{folder}` are in the list by themselves."
)
DOWNLOADED = "{title} (is downloaded)"

BATCH = "Pictures a step"
OPTIMIZER = "Optimiser"
RATE = "Learning rate (0: the usual one)"
SCHEDULE = "Rate over time"
SCHEDULES = {"constant": "constant", "plateau": "smaller when it stands still", "exponential": "smaller every epoch"}
PATIENCE = "Stop after epochs without progress (0: never)"
SEED = "Seed"
SIZE = "Side of the pictures (0: the network's own)"
DROPOUT = "Dropout before the last layer (0: the network's own)"
L1 = "L1"
L2 = "L2"
BATCH_NORM = "Batch normalisation"
CLIP_NORM = "Longest gradient (0: any)"
CLIP_VALUE = "Largest entry of a gradient (0: any)"
ONE_HOT = "One-hot labels"

AUGMENTATION = "Augmentation"
ROTATION = "Turn, to either side"
WIDTH_SHIFT = "Move sideways, of the width"
HEIGHT_SHIFT = "Move up or down, of the height"
SHEAR = "Lean, to either side"
ZOOM = "Zoom in or out"
CONTRAST = "Contrast, more or less"
HORIZONTAL_FLIP = "Mirror every second one"
VERTICAL_FLIP = "Turn every second one upside down"
FILL = "Fill with"
FILLS = {"nearest": "the nearest pixel", "constant": "black", "reflect": "the mirror image", "wrap": "the other side"}
PREVIEW = "One picture, as nine epochs would see it. Validation and test pictures are never varied."
PREVIEW_NONE = "Nothing is varied: every epoch sees the same picture."

SAMPLES = "Pictures to learn from"
SAMPLE_NAME = "{name} · picture {number}"
BALANCE = "{train} to train, {validation} to validate, {test} to test, in {classes} classes."
BALANCE_AXIS = "pictures to train on"
BALANCE_ALT = "Pictures of each class."
PLAN = "What will be trained"
PLAN_FACTS = "{parameters} parameters, {trainable} of them learn. Pictures of {rows} × {columns} × {channels}."
ESTIMATE = "About {time} for {epochs} epochs on this machine."
ESTIMATE_FEATURES = (
    "About {time} for {epochs} epochs on this machine. For about {look} of it the base looks at every "
    "picture once, unless it has before; the epochs are quick then."
)
INSIDE = "Scaling is part of the network: nobody can forget it or do it twice."
READING = "Reading the pictures ..."
