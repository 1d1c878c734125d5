"""Texts of the Convolution page."""

TITLE = "Convolution"
QUESTION = "How does a convolution work?"
WHAT = """
A window slides over the image. At each position the values under it are multiplied element-wise by the **kernel** and
summed: that is one value of the output.

- **Stride**: the step of the window in pixels. **Padding**: zeros around the image, so that the window can reach over
  the border. **Dilation**: the spacing of the values that the kernel reads; 1 means
  no gaps.
- Deep-learning libraries do not flip the kernel: what they call convolution is cross-correlation.
- The output has its own scale. With negative values, orange is negative, white zero and purple positive; without them,
  black is zero and white the maximum.
- In a model the weights are learned, there are many kernels, and each reads all channels of the previous layer.
"""
VIEW = "View"
VIEWS = {
    "kernel": "Kernel",
    "sizes": "Output size",
    "moved": "Translation",
    "inside": "Inside a unit",
    "drawn": "Draw a digit",
    "shuffled": "Weight randomization",
    "questions": "Quiz",
}

DETAIL = "Resolution"
PRESETS = {
    "edges": "edges",
    "identity": "identity",
    "box-blur": "box blur",
    "gaussian-blur": "Gaussian blur",
    "sharpen": "sharpen",
    "sobel-x": "Sobel x",
    "sobel-y": "Sobel y",
    "edges-4-rows": "edges, 4 rows",
    "edges-5-columns": "edges, 5 columns",
    "emboss": "emboss",
    "laplacian": "Laplacian",
}
STRENGTH_PRESET = "gradient magnitude (Sobel x and y)"
PLAYGROUND = {
    "preset": "Kernel",
    "own": "custom",
    "filter": "a filter of {network}",
    "number": "Filter",
    "kernel": "Kernel",
    "turned": "Flipped kernel",
    "products": "Products",
    "size": "Kernel size",
    "bias": "Bias",
    "flip": "Flip the kernel (mathematical convolution)",
    "stride": "Stride",
    "padding": "Padding",
    "valid": "valid",
    "same": "same",
    "dilation": "Dilation",
    "pool": "Pooling",
    "window": "Pool size",
    "hop": "Pool stride",
    "none": "none",
    "max": "max",
    "average": "average",
    "relu": "ReLU",
    "play": "Play",
    "stop": "Stop",
    "source": "Input",
    "photo": "image",
    "typed": "typed values",
    "side": "Input size",
    "color": "RGB",
    "image": "Image",
    "image_color": "RGB image",
    "channels": ("red", "green", "blue"),
    "groups": ("Sobel x", "Sobel y"),
    "result": "Output",
    "pooled": "Pooled output",
    "rows": "rows",
    "columns": "columns",
    "formula": "{side}: ⌊({n} + {p} − {span}) / {s}⌋ + 1 = {out}",
    "nothing": "The window does not fit into the image. Choose a smaller kernel or dilation, more padding, "
    "or a higher resolution.",
    "refused": "Keras does not allow a stride above 1 together with a dilation above 1; "
    "this is what the formula gives.",
    "symmetric": "This kernel is symmetric: flipping it does not change the output.",
    "learned": "{network} learned this filter on scaled pixels: compare the pattern of the output, not its values.",
    "sum": "Sum: {sum}",
    "colors": "Red {red} + green {green} + blue {blue} = {sum}",
    "strength": "Magnitude: √(({first})² + ({second})²) = {sum}",
    "biased": "With the bias: {sum} + {bias} = {value}",
    "rectified": "ReLU: max(0, {sum}) = {value}",
    "largest": "Max pooling: the maximum of {count} values, {value}",
    "mean": "Average pooling: the mean of {count} values, {value}",
    "where": "Row {row}, column {column} of the output",
    "questions": (
        "The input is {rows} × {columns}, the kernel {kernel_rows} × {kernel_columns}. "
        "What is the output size with a stride of {stride}?",
        "What is this value with a bias of {bias}, and after ReLU?",
        "Rotate the kernel by 180°. What is the value at this position now? Write down the products.",
    ),
}

PADDINGS = {"valid": "valid", "same": "same"}
PADDING_NUMBER = "{count} on each side"
FORMULA = {
    "input": "input",
    "output": "output",
    "padding": "padding",
    "span": "effective kernel",
    "stride": "stride",
    "kernel": "kernel",
    "dilation": "dilation",
    "channels": "channels",
    "filters": "filters",
    "bias": "bias",
    "values": "values",
    "units": "units",
    "parameters": "parameters",
    "field": "receptive field",
    "field_before": "receptive field before",
    "step_before": "effective stride before",
}

SIZES_PART = "Part"
SIZES_PARTS = {
    "window": "One layer",
    "stack": "Stack of layers",
    "pooling": "Why pooling?",
    "skip": "Skip connections",
}
SIZES_NUMBERS = {
    "input": "Input size",
    "kernel": "Kernel size",
    "stride": "Stride",
    "dilation": "Dilation",
    "channels": "Input channels",
    "filters": "Filters",
    "units": "Units",
}
SIZES_PADDING = "Padding"
SIZES_TOO_MANY = "The windows are drawn for inputs of up to {most} cells per side."
SIZES_CELLS = {
    "title": "Windows along one dimension",
    "reads": "Output {output} reads cells {cells}.",
    "lit": "read by the selected window",
    "zero": "zero padding",
    "never": "not read by any window",
    "out": "output",
}
SIZES_UNEVEN = (
    "**Asymmetric padding.** `same` adds {before} before and {after} after: TensorFlow and Keras put the extra zero at "
    "the end. PyTorch code that pads kernel // 2 on both sides reads other cells."
)
SIZES_SKIPPED = (
    "**Rounding down.** {count} cell at the end is not read by any window: one more step would leave the image.",
    "**Rounding down.** {count} cells at the end are not read by any window: one more step would leave the image.",
)
SIZES_REFUSED = (
    "Keras does not allow a stride above 1 together with a dilation above 1; this is what the formula gives."
)

BLOCKS = {
    "convolution": "conv {kernel} × {kernel}, {filters}",
    "depthwise": "depthwise {kernel} × {kernel}",
    "pooling": "pool {kernel} × {kernel}",
    "flatten": "flatten",
    "global-pooling": "global pooling",
    "dense": "dense {filters}",
}
BLOCK_STRIDE = "stride {stride}"
BLOCK_DILATION = "dilation {dilation}"
KINDS = {
    "convolution": "convolution",
    "depthwise": "depthwise",
    "pooling": "pooling",
    "flatten": "flatten",
    "global-pooling": "global pooling",
    "dense": "dense",
}
STACKS = {
    "lenet5": "LeNet-5",
    "three": "Three 3 × 3",
    "seven": "One 7 × 7",
    "vgg-block": "VGG's first block",
    "vgg16": "VGG16",
    "separable": "Depthwise separable",
    "dilated": "Dilated",
}
STACK_VIEW = {
    "layer": "Layer",
    "output": "Output shape",
    "parameters": "Parameters",
    "multiplications": "MACs",
    "field": "Receptive field",
    "total": "Total",
    "remove": "Remove {layer}",
    "caption": "{layer}: receptive field {field}",
    "alt": "The image, with a square for each layer: the receptive field of one of its outputs.",
}
STACK_FIELD = "{side} × {side}"
STACK_ALL = "whole image"
STACK_KIND = "Layer to add"
STACK_ADD = "Add"
STACK_IMAGE = "Input size"
STACK_PICKED = "**{layer}**"
STACK_DENSE = "A dense layer needs a vector. Add flatten or global pooling before it."
STACK_MAPS = "This layer needs feature maps. Remove it, or move it before flatten."

POOLED_NONE = "This stack has no pooling before a dense layer, so LeNet-5 is shown."
POOLED_NAMES = ("with pooling", "without pooling")
POOLED_PARTS = {"before": "before flatten", "after": "dense layers"}
POOLED_TITLE = "Without pooling: **{factor} times** the parameters"
POOLED_AXIS = "parameters"
POOLED_ALT = "Two bars: {pooled} parameters with pooling, {plain} without."
POOLED_TABLE = {
    "values": "Values after flatten",
    "multiplications": "MACs",
    "field": "Receptive field of the last layer",
}
POOLED_WHY = (
    "2 × 2 pooling reduces four values to one. The number of dense weights depends on how many values are left."
)

SKIP_DEPTH = "Number of blocks"
SKIP_IMAGE = "Input image, x"
SKIP_WITHOUT = "Without skip connections: F(F(… x))"
SKIP_WITH = "With skip connections: F(x) + x in each block"
SKIP_LIKENESS = "correlation with the image {likeness}"
SKIP_SAME = (
    "F is two 3 × 3 convolutions with random weights. Both stacks have **{parameters}** parameters; "
    "adding x needs none."
)
SKIP_AXES = ("blocks", "correlation with the image")
SKIP_NAMES = ("without", "with skip connections")
SKIP_ALT = (
    "Correlation with the image over the number of blocks: at the end {plain} without, {skip} with skip connections."
)
SKIP_SCALE = (
    "Each on its own scale. The weights are random: this shows why deep networks are hard to train: their state at "
    "initialization, not what a trained model computes."
)

TRANSLATED_PART = "Part"
TRANSLATED_PARTS = {"maps": "Maps and prediction", "layers": "Layer by layer", "rivals": "Dense vs. convolutional"}
TRANSLATED_SLIDERS = {
    "right": "Translate x (pixels)",
    "down": "Translate y (pixels)",
    "degrees": "Rotate (degrees)",
    "factor": "Scale",
}
TRANSLATED_CHANNEL = "Channel"
TRANSLATED_IMAGE = "Transformed image"
TRANSLATED_OWN = "Feature map of the transformed image"
TRANSLATED_ALONG = "Original feature map, translated with the image"
TRANSLATED_STILL = "Difference from the original map"
TRANSLATED_FOLLOWED = "Difference from the translated map"
TRANSLATED_DIFFERENCE = (
    "Relative difference over all channels of the layer: norm of the difference divided by the norm of the maps. "
    "0 means identical."
)
TRANSLATED_STEPS = (
    "{layer}, {shape}: its effective stride is {stride} pixels, so here the translation is {right} cells in x and "
    "{down} in y."
)
TRANSLATED_STAYS = "Still **{said}**: {before} before, {after} now"
TRANSLATED_FLIPS = "From **{was}** ({before}) to **{said}** ({after})"
TRANSLATED_BEFORE = "original"
TRANSLATED_AFTER = "transformed"
TRANSLATED_SCORES_ALT = "Probabilities of the top classes, before and after the transformation."
TRANSLATED_SWEEP = "{name} while the image is translated"
TRANSLATED_SHARE = "probability"
TRANSLATED_SWEEP_ALT = "Probability of {name} over the translation in x."
TRANSLATED_SWEEP_LABEL = "Sweep the translation"
TRANSLATED_SWEEPING = "Translating the image: {done} of {total}"
TRANSLATED_LABEL = "Transform"
TRANSLATED_MOVING = "Running the model on the transformed image ..."
TRANSLATED_LAYERS_NAMES = ("from the original maps", "from the translated maps")
TRANSLATED_LAYERS_AXES = ("layer", "difference")
TRANSLATED_LAYERS_ALT = (
    "For each layer, how much its maps differ from the original maps and from the translated original maps."
)
TRANSLATED_LAYERS_WHY = (
    "**From the original maps**: how much the transformation changes a layer's output; where the curve falls, "
    "often after pooling, the maps become more invariant. **From the translated maps**: the difference that "
    "remains after the same transformation of the original maps; near zero means that the layer is equivariant. "
    "Convolution is equivariant to translation by whole strides, not to rotation or scaling."
)

BASELINES_LABEL = "Train the baselines"
BASELINES_LEARNING = "Training two baselines on the same digits (only once): step {done} of {total}"
BASELINES_NAMES = ("LeNet-5", "dense only", "LeNet-5 maps + global pooling")
BASELINES_SENTENCE = (
    "With the digits translated by {shift} pixels, the accuracy of LeNet-5 is **{convolutional}**, of a dense network "
    "**{dense}**, and of one dense layer on globally pooled LeNet-5 feature maps **{pooled}**."
)
BASELINES_RIGHT = "accuracy"
BASELINES_ALT = "Accuracy over the translation, for three models."
BASELINES_HOW = (
    "All were trained on the same {count} digits, none of them translated, and evaluated on {digits} others. LeNet-5 "
    "has {convolutional} parameters, the dense network {dense}. Feature maps move with the image, but LeNet-5's dense "
    "layers have a separate weight for every position. The third model sees only the maximum and the mean of each map "
    "of {layer}."
)
BASELINES_DIGIT = "Translated digit"
BASELINES_SAYS = "{name}: **{said}**, {share}"

INSIDE_CHANNEL = "Channel"
INSIDE_UP = "Up to {layer}"
INSIDE_SCORE = "Start from the score of {name}"
INSIDE_TRY = "Open this kernel in the Kernel view"
INSIDE_TITLE = "{layer} · channel {channel}"
INSIDE_TITLE_NAMED = "{layer} · {name}"
INSIDE_TITLE_UNITS = "{layer} · {count} units"
INSIDE_ALT = "Feature map of {layer}, {rows} by {columns}: click, or use the arrow keys, to select another unit"
INSIDE_CHANNEL_NAME = "channel {channel}"
INSIDE_UNIT_NAME = "unit {unit}"
INSIDE_PLACE = "row {row}, column {column}"
INSIDE_COLORS = ("red", "green", "blue")
INSIDE_GRAY = "gray"
INSIDE_IMAGE = "the image"
INSIDE_BETWEEN = "an operation between two layers"
INSIDE_NORMALIZED = "({x} − {mean}) / √({variance} + {epsilon}) × {gamma} + {beta} = {y}"
INSIDE_HELP = (
    "Click a value to go to the unit that computed it. Point at the image to see which units depend on a pixel."
)
INSIDE_VIEW = {
    "image": "Receptive field of this unit",
    "imageHelp": "The image: point, or use the arrow keys, to see which units depend on a pixel",
    "field": ("It depends on this pixel only.", "It depends on {height} × {width} pixels."),
    "whole": "It depends on the whole image.",
    "padding": "It reads padding only.",
    "closer": "Receptive field, enlarged",
    "here": "Row {row}, column {column}: {value}",
    "unit": "{name}: {value}",
    "number": "unit {index}",
    "reaches": ("{count} unit of {total} depends on this pixel.", "{count} units of {total} depend on this pixel."),
    "reachesAll": "Every unit depends on this pixel.",
    "weights": "Kernel",
    "products": "Products",
    "point": "Point at a value to see where it comes from.",
    "product": "row {row}, column {column}:  {value} × {weight} = {product}",
    "cell": "row {row}, column {column}:  {value}",
    "isPadding": "Padding: a zero outside the feature map.",
    "rest": ("{count} other", "{count} others"),
    "sum": "sum",
    "together": "total",
    "bias": "bias",
    "shift": "shift",
    "power": "e^({score} − {largest})",
    "result": "= {value}",
    "own": "The model computes {own}.",
    "down": "Input: {source}",
    "bottom": "Input: {source}.",
    "how": {
        "sum": "Weighted sum: each value times its weight, plus the bias.",
        "maximum": "Maximum of the values under the window.",
        "mean": "Mean of the values under the window.",
        "scale": "One value, scaled and shifted.",
        "addition": "Sum of one value from each branch.",
        "activation": "Activation function, applied to one value.",
        "copy": "The value is copied unchanged.",
        "softmax": "Softmax: the exponential of the score, divided by the sum over all scores.",
        "other": "{name}, applied to all scores at this position.",
    },
    "formulas": {
        "relu": "max(0, {x}) = {y}",
        "relu6": "min(6, max(0, {x})) = {y}",
        "sigmoid": "1 / (1 + e^−({x})) = {y}",
        "tanh": "tanh({x}) = {y}",
        "other": "{name}({x}) = {y}",
    },
    "shares": {
        "softmax": "{own} / {total} = {value}",
        "log_softmax": "log({own} / {total}) = {value}",
        "other": "{name}: {value}",
    },
}

MODEL_KERNEL = "Kernel of **{layer}**, channel {channel}, for"
MODEL_KERNEL_INPUT = "Input channel"
MODEL_KERNEL_GRAY = "sum over all channels (grayscale input)"
MODEL_KERNEL_RETURN = "Back to the presets"

RANDOMIZED_WHAT = (
    "Layer by layer, from the output toward the input, the weights are randomly shuffled: the model loses what it "
    "learned. "
    "**If a map does not change, do not trust it.**"
)
RANDOMIZED_COUNT = "Randomized layers (of {total}), starting at the output"
RANDOMIZED_START = "Randomize"
RANDOMIZED_SLOW = "{method} needs {runs} forward passes, about {seconds} s."
RANDOMIZED_PROGRESS = "Randomizing up to {total} layers ..."
RANDOMIZED_TRAINED = "Trained"
RANDOMIZED_AFTER = "{count} of {total} layers randomized"
RANDOMIZED_HEAT = "**{method}** for **{name}**"
RANDOMIZED_HEAT_ALT = "{method} for {name}: {title}"
RANDOMIZED_MAP = "**{layer}**, channel {channel}"
RANDOMIZED_MAP_ALT = "Feature map of {layer}, channel {channel}: {title}"
RANDOMIZED_CHANNEL = "Feature map channel"
RANDOMIZED_UNIT = "activation"
RANDOMIZED_CORRELATION = "Rank correlation"
RANDOMIZED_CORRELATION_HELP = (
    "Spearman's rank correlation. 1: both maps rank all positions in the same order. 0: unrelated. −1: the reverse "
    "order. Magnitudes do not count; each map has its own scale."
)
RANDOMIZED_NOTHING = "No layer is randomized yet: both maps are the same."
RANDOMIZED_BELOW = "All randomized layers come after {layer}: its map cannot change yet."
RANDOMIZED_EMPTY = "One map is constant, so there is no rank correlation."
RANDOMIZED_ALIKE = (
    "The map hardly changes, although {count} of {total} layers is randomized: **do not trust it**. "
    "It shows the image, not what the model learned.",
    "The map hardly changes, although {count} of {total} layers are randomized: **do not trust it**. "
    "It shows the image, not what the model learned.",
)
RANDOMIZED_PARTLY = "The map changes in part: it shows both what the model learned and the image itself."
RANDOMIZED_CHANGED = "The map changes with the weights: it passes this test, so it depends on what the model learned."
RANDOMIZED_STRIP = "Cascading randomization"
RANDOMIZED_STOP = "{count} of {total} layers · rank correlation {correlation}"

QUIZ_NUMBER = "Question {number}"
QUIZ_NEXT = "Next question"
QUIZ_PREVIOUS = "Previous question"
QUIZ_SETTINGS = (
    "Input {rows} × {columns} × {channels} · kernel {kernel} × {kernel} · stride {stride} · padding {padding} · "
    "dilation {dilation} · {filters} filters"
)
QUIZ = {
    "output-size": "How many rows and columns does the output have?",
    "parameters": "How many parameters does this layer have, biases included?",
    "brightest": "Where is the output of this kernel largest?",
    "class": "Which class does {network} predict?",
}
QUIZ_DEPTH = "{depth} of these layers are stacked. What is the receptive field of one output, in pixels per side?"
QUIZ_CHANGED = {
    "kernel": "With a {now} × {now} kernel instead, how many rows and columns does the output have?",
    "stride": "With a stride of {now} instead, how many rows and columns does the output have?",
    "dilation": "With a dilation of {now} instead, how many rows and columns does the output have?",
}
QUIZ_CHOICES = "Answers"
QUIZ_SIZE = "{rows} × {columns}"
QUIZ_REVEAL = "Show the answer"
QUIZ_ANSWER = "Answer: **{answer}**"
QUIZ_RIGHT = "Correct: **{answer}**"
QUIZ_WRONG = "Not {chosen}: the answer is **{answer}**"
QUIZ_SCORE = "Score"
QUIZ_SCORES = ("{right} of {count} answer correct", "{right} of {count} answers correct")
QUIZ_NO_SCORE = "No score yet. Choose an answer, then select “Show the answer”."
QUIZ_KERNEL = "Kernel"
QUIZ_PLACES = "Input image, {side} × {side} pixels, padded with its mean gray"
QUIZ_OUTPUT = "Output of the kernel: orange is negative, purple positive"
QUIZ_IMAGE = "Input image"

DRAW = "Draw"
DRAW_KINDS = {"digit": "a digit", "garment": "clothing"}
DRAW_TITLES = {"digit": "Draw a digit", "garment": "Draw clothing"}
DRAW_WAY = "Preprocessing"
DRAW_WAYS = {"fitted": "as in training", "raw": "resize only"}
DRAW_WAYS_HELP = {
    "digit": "As in MNIST: scaled to fit 20 × 20, then placed in 28 × 28 by its center of mass.",
    "garment": "As in Fashion-MNIST: scaled to fill 28 × 28, and centered.",
    "raw": "Resized to 28 × 28 only. Draw small or in a corner: the model never saw such an image.",
}
DRAW_EMPTY = {
    "digit": "Draw a digit from 0 to 9. The model runs when you lift the pen.",
    "garment": "Draw and fill in trousers, a shirt, a bag or a shoe. The model runs when you lift the pen.",
}
DRAW_EXAMPLE = "Start with an example"
DRAW_RECEIVED = "Model input"
DRAW_ANSWER = "Predictions"
DRAW_LAYER = "**{layer}** · {shape}"
DRAW_LAYER_ALT = "Output of the layer {layer} for the drawing"
DRAW_KEEP = "Inspect on all pages"
DRAW_KEEP_HELP = "Selects the drawing and this model on every page."
