"""Texts of the Convolution page."""

TITLE = "Convolution"
QUESTION = "How does a convolution compute?"
WHAT = """
A window slides over the picture. At each place the numbers under it are multiplied with the **kernel**, one by one, and
added up: that is one number of the result.

- **Stride**: how many steps the window takes at once. **Padding**: zeros around the picture, so that the window may
  stand over its border. **Dilation**: gaps between the numbers that it reads.
- Deep-learning libraries do not flip the kernel: what they call convolution is cross-correlation.
- The result has its own scale: bright means strong, orange negative, purple positive. It is not a picture any more.
- In a network the weights are learnt, there are many kernels, and each reads all channels of the layer below.
"""
VIEW = "View"
VIEWS = {
    "kernel": "A kernel",
    "sizes": "Sizes",
    "moved": "Moved",
    "inside": "Inside the network",
    "drawn": "Draw",
    "shuffled": "Shuffled weights",
    "questions": "Questions",
}

DETAIL = "Pixels a side"
PRESETS = {
    "edges": "edges",
    "identity": "identity",
    "box-blur": "blur (box)",
    "gaussian-blur": "blur (Gaussian)",
    "sharpen": "sharpen",
    "sobel-x": "Sobel, to the right",
    "sobel-y": "Sobel, downwards",
    "edges-4-rows": "edges, 4 rows",
    "edges-5-columns": "edges, 5 columns",
    "emboss": "emboss",
    "laplacian": "Laplacian",
}
STRENGTH_PRESET = "edges all round (both Sobels)"
PLAYGROUND = {
    "preset": "Kernel",
    "own": "your own",
    "filter": "a filter of {network}",
    "number": "Filter",
    "kernel": "Kernel",
    "turned": "Turned",
    "products": "Products",
    "size": "Size",
    "bias": "Bias",
    "flip": "Flip the kernel: convolution as in mathematics",
    "stride": "Stride",
    "padding": "Padding",
    "valid": "none (valid)",
    "same": "same",
    "dilation": "Dilation",
    "pool": "Pooling",
    "window": "Window",
    "hop": "Stride",
    "none": "none",
    "max": "largest",
    "average": "mean",
    "relu": "ReLU",
    "play": "Play",
    "stop": "Stop",
    "source": "What is convolved",
    "photo": "the picture",
    "typed": "numbers to type",
    "side": "Size of the grid of numbers",
    "colour": "in colour",
    "picture": "Picture",
    "picture_colour": "Picture in colour",
    "channels": ("red", "green", "blue"),
    "groups": ("to the right", "downwards"),
    "result": "Result",
    "pooled": "Pooled",
    "rows": "rows",
    "columns": "columns",
    "formula": "{side}: ⌊({n} + {p} − {span}) / {s}⌋ + 1 = {out}",
    "nothing": "The window does not fit into the picture. Choose a smaller kernel or dilation, more padding, "
    "or more pixels.",
    "refused": "Keras refuses a stride together with a dilation; this is what it would compute.",
    "symmetric": "This kernel is the same when it is turned: flipped or not, the result is one.",
    "learnt": "{network} learnt this filter on pixels that it scales first: here its pattern counts, not its numbers.",
    "sum": "Sum: {sum}",
    "colours": "Red {red}, green {green} and blue {blue} added: {sum}",
    "strength": "Strength: √(({first})² + ({second})²) = {sum}",
    "biased": "With the bias: {sum} + {bias} = {value}",
    "rectified": "ReLU: max(0, {sum}) = {value}",
    "largest": "Pooled: the largest of {count} values, {value}",
    "mean": "Pooled: the mean of {count} values, {value}",
    "where": "Row {row}, column {column} of the result",
    "questions": (
        "The picture has {rows} × {columns} numbers, the kernel {kernel_rows} × {kernel_columns}. "
        "How large is the result with a stride of {stride}?",
        "What would this value be with a bias of {bias}, and what after ReLU?",
        "Turn the kernel by 180°. Which value does this place have now? Write down the products.",
    ),
}

PADDINGS = {"valid": "none (valid)", "same": "same"}
PADDING_NUMBER = "{count} on each side"
FORMULA = {
    "input": "input",
    "output": "output",
    "padding": "padding",
    "span": "span",
    "stride": "stride",
    "kernel": "kernel",
    "dilation": "dilation",
    "channels": "channels",
    "filters": "filters",
    "bias": "bias",
    "values": "values",
    "units": "units",
    "parameters": "parameters",
    "field": "field",
    "field_before": "field before",
    "step_before": "step before",
}

SIZES_PART = "Part"
SIZES_PARTS = {"window": "One window", "stack": "A stack of layers", "pooling": "Why pooling?", "skip": "Why skip?"}
SIZES_NUMBERS = {
    "input": "Input",
    "kernel": "Kernel",
    "stride": "Stride",
    "dilation": "Dilation",
    "channels": "Channels",
    "filters": "Filters",
    "units": "Units",
}
SIZES_PADDING = "Padding"
SIZES_TOO_MANY = "With more than {most} cells a side the windows cannot be told apart, and are not drawn."
SIZES_CELLS = {
    "title": "Windows along one side of the picture",
    "reads": "Output {output} reads cells {cells}.",
    "lit": "read by the chosen window",
    "zero": "zero from the padding",
    "never": "read by no window",
    "out": "output",
}
SIZES_UNEVEN = (
    "**The uneven rule.** `same` adds {before} before and {after} behind: TensorFlow and Keras put the odd zero at the "
    "far end. PyTorch's habit of kernel // 2 zeros on each side reads other cells."
)
SIZES_SKIPPED = (
    "**The floor.** {count} cell at the end is read by no window: one more step would leave the picture.",
    "**The floor.** {count} cells at the end are read by no window: one more step would leave the picture.",
)
SIZES_REFUSED = "Keras refuses a stride together with a dilation; this is what it would compute."

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
    "separable": "Depthwise, then 1 × 1",
    "dilated": "Dilated",
}
STACK_VIEW = {
    "layer": "Layer",
    "output": "Output",
    "parameters": "Parameters",
    "multiplications": "Multiplications",
    "field": "Sees",
    "total": "All",
    "remove": "Take off {layer}",
    "caption": "{layer} sees {field}",
    "alt": "The picture, with a square for each layer: what one of its outputs sees.",
}
STACK_FIELD = "{side} × {side}"
STACK_ALL = "all"
STACK_KIND = "Next layer"
STACK_ADD = "Add"
STACK_PICTURE = "Picture's size"
STACK_PICKED = "**{layer}**"
STACK_DENSE = "A dense layer reads a row of values. Put flatten or global pooling before it."
STACK_MAPS = "This layer reads maps, and there are none any more. Take it off, or put it before flatten."

POOLED_NONE = "This stack has no pooling before a dense layer, so here is LeNet-5."
POOLED_NAMES = ("with pooling", "without pooling")
POOLED_PARTS = {"before": "before flatten", "after": "dense layers"}
POOLED_TITLE = "Without pooling: **{factor} times** the parameters"
POOLED_AXIS = "parameters"
POOLED_ALT = "Two bars: {pooled} parameters with pooling, {plain} without."
POOLED_TABLE = {
    "values": "Values after flatten",
    "multiplications": "Multiplications",
    "field": "The last window sees",
}
POOLED_WHY = "A pool of 2 × 2 keeps one value of four. All dense weights hang on how many values are left."

SKIPPED_DEPTH = "Blocks on top of each other"
SKIPPED_PICTURE = "The picture, x"
SKIPPED_WITHOUT = "Without: F(F(… x))"
SKIPPED_WITH = "With: F(x) + x in each block"
SKIPPED_LIKENESS = "likeness to the picture {likeness}"
SKIPPED_SAME = (
    "F is two 3 × 3 convolutions with fresh random weights. Both have the same **{parameters}** parameters; "
    "adding x costs none."
)
SKIPPED_AXES = ("blocks", "likeness to the picture")
SKIPPED_NAMES = ("without", "with F(x) + x")
SKIPPED_ALT = "Likeness to the picture over the number of blocks: at the end {plain} without, {skip} with x added."
SKIPPED_SCALE = (
    "Each on its own scale. Random weights: why a deep network is hard to start, not what a trained one sees."
)

MOVED_PART = "Part"
MOVED_PARTS = {"maps": "Maps and answer", "layers": "Layer by layer", "rivals": "Dense beside convolutional"}
MOVED_SLIDERS = {
    "right": "Shift to the right (pixels)",
    "down": "Shift down (pixels)",
    "degrees": "Turn (degrees)",
    "factor": "Scale",
}
MOVED_CHANNEL = "Channel"
MOVED_PICTURE = "The moved picture"
MOVED_OWN = "Map of the moved picture"
MOVED_ALONG = "Old map, moved along"
MOVED_STILL = "The map changed by"
MOVED_FOLLOWED = "Moved along, it differs by"
MOVED_DIFFERENCE = "All channels of the layer; length of the difference over the maps' own length. 0 is the same."
MOVED_STEPS = (
    "{layer}, {shape}: from one value to the next it is {stride} pixels of the picture, so the shift counts {right} to "
    "the right and {down} down here."
)
MOVED_STAYS = "Still **{said}**: {before} before, {after} now"
MOVED_FLIPS = "From **{was}** ({before}) to **{said}** ({after})"
MOVED_BEFORE = "before"
MOVED_AFTER = "moved"
MOVED_SCORES_ALT = "Probabilities of the best classes, before and after the move."
MOVED_SWEEP = "{name} while the picture is shifted"
MOVED_SHARE = "probability"
MOVED_SWEEP_ALT = "Probability of {name} over the shift to the right."
MOVED_SWEEP_LABEL = "Shift it through"
MOVED_SWEEPING = "Shifting the picture: {done} of {total}"
MOVED_LABEL = "Move it"
MOVED_MOVING = "Running the network on the moved picture ..."
MOVED_LAYERS_NAMES = ("in place", "moved along")
MOVED_LAYERS_AXES = ("layer", "difference")
MOVED_LAYERS_ALT = "For each layer how much its maps differ after the move, in place and moved along."
MOVED_LAYERS_WHY = (
    "**In place**: how much a layer notices of the move; where it falls, pooling has forgotten some of it. "
    "**Moved along**: what is left when the old maps are moved like the picture; near zero, convolution just follows. "
    "It follows shifts by whole steps; turning and scaling it does not follow."
)

RIVALS_LABEL = "Let them learn"
RIVALS_LEARNING = "Two more networks learn from the same digits, once: step {done} of {total}"
RIVALS_NAMES = ("LeNet-5", "dense only", "LeNet-5's maps, pooled")
RIVALS_SENTENCE = (
    "Shifted by {shift} pixels, LeNet-5 still recognises **{convolutional}** of the digits, a dense network "
    "**{dense}**, and one dense layer on LeNet-5's own maps, pooled over all places, **{pooled}**."
)
RIVALS_RIGHT = "recognised"
RIVALS_ALT = "Share of recognised digits over the shift, for three networks."
RIVALS_HOW = (
    "All learnt from the same {count} digits, none of them shifted; counted on {digits} others. LeNet-5 has "
    "{convolutional} parameters, the dense network {dense}. Maps move along with the picture; LeNet-5's dense layers "
    "then read every place with a weight of its own. The third keeps of each map of {layer} its largest value and its "
    "mean only."
)
RIVALS_DIGIT = "The shifted digit"
RIVALS_SAYS = "{name}: **{said}**, {share}"

INSIDE_CHANNEL = "Channel"
INSIDE_UP = "Back up to {layer}"
INSIDE_SCORE = "Start at the score of {name}"
INSIDE_TRY = "Try this kernel on the picture"
INSIDE_TITLE = "{layer} · channel {channel}"
INSIDE_TITLE_NAMED = "{layer} · {name}"
INSIDE_TITLE_UNITS = "{layer} · {count} units"
INSIDE_ALT = "Map of {layer}, {rows} by {columns}: click, or use the arrow keys, to look at another unit"
INSIDE_CHANNEL_NAME = "channel {channel}"
INSIDE_UNIT_NAME = "unit {unit}"
INSIDE_PLACE = "row {row}, column {column}"
INSIDE_COLOURS = ("red", "green", "blue")
INSIDE_GRAY = "gray"
INSIDE_PICTURE = "the picture"
INSIDE_BETWEEN = "what lies between two layers"
INSIDE_NORMALISED = "({x} − {mean}) / √({variance} + {epsilon}) × {gamma} + {beta} = {y}"
INSIDE_HELP = (
    "Click a number to go down to the unit that gave it. Point at the picture to see which units a pixel reaches."
)
INSIDE_VIEW = {
    "picture": "What this unit sees",
    "pictureHelp": "The picture: point, or use the arrow keys, to see which units a pixel reaches",
    "field": ("It depends on this pixel alone.", "It depends on {height} × {width} pixels."),
    "whole": "It depends on the whole picture.",
    "padding": "It sees nothing but padding.",
    "closer": "The same pixels, closer",
    "here": "Row {row}, column {column}: {value}",
    "unit": "{name}: {value}",
    "number": "unit {index}",
    "reaches": ("This pixel reaches {count} unit of {total}.", "This pixel reaches {count} units of {total}."),
    "reachesAll": "This pixel reaches every unit.",
    "weights": "Kernel",
    "products": "Products",
    "point": "Point at a number to see where it comes from.",
    "product": "row {row}, column {column}:  {value} × {weight} = {product}",
    "cell": "row {row}, column {column}:  {value}",
    "isPadding": "Padding: a zero that lies outside the map.",
    "rest": ("{count} other", "{count} others"),
    "sum": "sum",
    "together": "together",
    "bias": "bias",
    "shift": "shift",
    "power": "e^({score} − {largest})",
    "result": "= {value}",
    "own": "The network itself computed {own}.",
    "down": "One step down: {source}",
    "bottom": "Below is {source}.",
    "how": {
        "sum": "Each number times its weight, and all of it added up.",
        "maximum": "The largest number under the window.",
        "mean": "The mean of the numbers under the window.",
        "scale": "One number, scaled and shifted.",
        "addition": "One number of each branch, added up.",
        "activation": "One number, through a function.",
        "copy": "The number is only moved; it stays what it was.",
        "softmax": "Softmax: e to the power of the score, as a share of what all scores give.",
        "other": "All scores of this place, through {name}.",
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

BORROWED = "Kernel of **{layer}**, channel {channel}, reading"
BORROWED_INPUT = "Input channel"
BORROWED_GRAY = "all channels alike (a gray picture)"
BORROWED_RETURN = "Back to the presets"

SHUFFLED_WHAT = (
    "From the top down, each layer's weights are put in random places: the network forgets what it learnt. "
    "**If a map does not change, do not trust it.**"
)
SHUFFLED_COUNT = "How many of {total} layers are shuffled, from the top down"
SHUFFLED_START = "Shuffle"
SHUFFLED_SLOW = "{method} needs {runs} runs of the network, about {seconds} s."
SHUFFLED_PROGRESS = "Shuffling up to {total} layers ..."
SHUFFLED_TRAINED = "Trained"
SHUFFLED_AFTER = "{count} of {total} layers shuffled"
SHUFFLED_HEAT = "**{method}** for **{name}**"
SHUFFLED_HEAT_ALT = "{method} for {name}: {title}"
SHUFFLED_MAP = "**{layer}**, channel {channel}"
SHUFFLED_MAP_ALT = "Feature map of {layer}, channel {channel}: {title}"
SHUFFLED_CHANNEL = "Channel of the feature map"
SHUFFLED_UNIT = "activation"
SHUFFLED_CORRELATION = "Rank correlation"
SHUFFLED_CORRELATION_HELP = (
    "1: both maps put all places in the same order. 0: one says nothing about the other. Below 0: turned round. "
    "Strengths do not count, and each map has its own scale."
)
SHUFFLED_NOTHING = "Nothing is shuffled yet: both maps are the same."
SHUFFLED_BELOW = "All shuffled layers lie above {layer}: its map cannot change yet."
SHUFFLED_EMPTY = "One map is the same everywhere: there is no order to compare, and nothing of the map is left."
SHUFFLED_ALIKE = (
    "The map hardly changes, though {count} of {total} layers forgot what it learnt: **do not trust it**. "
    "It shows the picture, not what the network knows.",
    "The map hardly changes, though {count} of {total} layers forgot what they learnt: **do not trust it**. "
    "It shows the picture, not what the network knows.",
)
SHUFFLED_PARTLY = "The map changes in part: it shows what the network learnt, and the picture as such."
SHUFFLED_CHANGED = "The map changes when the network forgets: it shows what the network learnt."
SHUFFLED_STRIP = "Forgetting, step by step"
SHUFFLED_STOP = "{count} of {total} layers · rank correlation {correlation}"

ASKED_NUMBER = "Question {number}"
ASKED_NEXT = "Next question"
ASKED_PREVIOUS = "Back"
ASKED_SETTINGS = (
    "Input {rows} × {columns} × {channels} · kernel {kernel} × {kernel} · stride {stride} · padding: {padding} · "
    "dilation {dilation} · filters {filters}"
)
ASKED = {
    "output-size": "How many rows and columns does the output have?",
    "parameters": "How many parameters does this layer have, biases included?",
    "brightest": "Where will this kernel's answer be brightest?",
    "class": "Which class will {network} find most probable?",
}
ASKED_DEPTH = "{depth} of these layers stand on top of each other. How many pixels a side does one output see?"
ASKED_CHANGED = {
    "kernel": "The kernel becomes {now} × {now} instead. How many rows and columns does the output have then?",
    "stride": "The stride becomes {now} instead. How many rows and columns does the output have then?",
    "dilation": "The dilation becomes {now} instead. How many rows and columns does the output have then?",
}
ASKED_CHOICES = "Answers"
ASKED_SIZE = "{rows} × {columns}"
ASKED_REVEAL = "Show the answer"
ASKED_ANSWER = "The answer: **{answer}**"
ASKED_RIGHT = "Right: **{answer}**"
ASKED_WRONG = "Not {chosen}: the answer is **{answer}**"
ASKED_SCORE = "Score"
ASKED_SCORES = ("{right} of {count} answer right", "{right} of {count} answers right")
ASKED_NO_SCORE = "Nothing counted yet. An answer counts that was chosen before it was shown."
ASKED_KERNEL = "The kernel"
ASKED_PLACES = "The picture, {side} × {side} pixels; outside of it lies its mean gray"
ASKED_OUTPUT = "What the kernel makes of it: orange is negative, purple positive"
ASKED_PICTURE = "The picture"

DRAW = "What is drawn"
DRAW_KINDS = {"digit": "a digit", "garment": "a garment"}
DRAW_TITLES = {"digit": "Draw a digit", "garment": "Draw a garment"}
DRAW_WAY = "How the drawing becomes a picture"
DRAW_WAYS = {"fitted": "fitted as in training", "raw": "as it is drawn"}
DRAW_WAYS_HELP = {
    "digit": "As MNIST did it: scaled into 20 × 20, its centre of mass in the middle of 28 × 28.",
    "garment": "As Fashion-MNIST did it: scaled until it fills 28 × 28, and laid into the middle.",
    "raw": "Only made smaller. Draw small or in a corner: the network never saw such a picture.",
}
DRAW_EMPTY = {
    "digit": "Draw a digit from 0 to 9. Every layer answers when the pen lifts.",
    "garment": "Draw a garment, and fill it: trousers, a shirt, a bag, a shoe. Every layer answers when the pen lifts.",
}
DRAW_EXAMPLE = "Begin with an example"
DRAW_RECEIVED = "What the network receives"
DRAW_ANSWER = "What the network says"
DRAW_LAYER = "**{layer}** · {shape}"
DRAW_LAYER_ALT = "Output of the layer {layer} for the drawing"
DRAW_KEEP = "Look inside"
DRAW_KEEP_HELP = "Makes the drawing the picture of all pages, and this network theirs."
