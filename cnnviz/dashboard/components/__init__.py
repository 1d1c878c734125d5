"""Browser components that several pages share: contact sheet, map view, image, bars, paint.

Each is one canvas or list, one message and one tab stop, however many images it holds. User text reaches them
only as data, and is only ever set as text.
"""

from cnnviz.dashboard.components.bars import bars, number, percent, score, scores
from cnnviz.dashboard.components.contact_sheet import contact_sheet
from cnnviz.dashboard.components.image import image
from cnnviz.dashboard.components.map_view import map_view
from cnnviz.dashboard.components.page_language import page_language
from cnnviz.dashboard.components.paint import Stroke, paint, painted
from cnnviz.dashboard.components.playground import playground
from cnnviz.dashboard.components.stack_view import stack_view
from cnnviz.dashboard.components.unit_view import Walked, unit_view
from cnnviz.dashboard.components.windows import windows

__all__ = [
    "Stroke",
    "Walked",
    "bars",
    "contact_sheet",
    "image",
    "map_view",
    "number",
    "page_language",
    "paint",
    "painted",
    "percent",
    "playground",
    "score",
    "scores",
    "stack_view",
    "unit_view",
    "windows",
]
