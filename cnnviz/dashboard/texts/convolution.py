"""Texts of the convolution page."""

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
VIEWS = {"kernel": "A kernel"}

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
PLAYGROUND = {
    "preset": "Kernel",
    "own": "your own",
    "kernel": "Kernel",
    "stride": "Stride",
    "padding": "Padding",
    "valid": "none (valid)",
    "same": "same",
    "dilation": "Dilation",
    "pool": "Pooling, 2 × 2",
    "none": "none",
    "max": "largest",
    "average": "mean",
    "relu": "ReLU",
    "play": "Play",
    "stop": "Stop",
    "picture": "Picture",
    "result": "Result",
    "pooled": "Pooled",
    "rows": "rows",
    "columns": "columns",
    "formula": "{side}: ⌊({n} + {p} − {span}) / {s}⌋ + 1 = {out}",
    "nothing": "The window does not fit into the picture. Choose a smaller dilation, or more padding.",
    "refused": "Keras refuses a stride together with a dilation; this is what it would compute.",
    "sum": "sum = {sum}",
    "rectified": "→ ReLU → {value}",
    "where": "Row {row}, column {column} of the result: picture × kernel",
}
