"""What does it get wrong, and why?"""

from cnnviz.dashboard import (
    mistake_card,
    mistake_export,
    mistake_numbers,
    mistake_views,
    mistakes,
    panels,
    shell,
    sidebar,
)
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.dashboard.texts import shared
from cnnviz.errors import CnnvizError

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
if not selection.convnet.class_names:
    panels.explain(shared.NO_CLASSES)
    panels.end()
try:
    subject = mistakes.choose_subject(selection)
    if subject.is_example:
        mistakes.show_example(subject, selection.convnet)
    evaluation = mistakes.evaluation_or_progress(subject)
    if evaluation is not None:
        mistakes.show_headline(subject, evaluation)
        row = mistake_views.show(subject, evaluation)
        if row is not None:
            mistake_card.show(subject, evaluation, row)
        mistake_numbers.show(evaluation)
        mistake_export.show(subject, evaluation, row)
except CnnvizError as error:
    panels.explain(error)
