"""Mistakes page: what a model gets wrong on labeled images, and why."""

from cnnviz.dashboard import panels, shell, sidebar
from cnnviz.dashboard.mistakes import card, export, metrics, views
from cnnviz.dashboard.mistakes.subject import choose_subject, evaluation_or_progress, show_example, show_headline
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import require_classes

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
with panels.explained():
    require_classes(selection.convnet)
    subject = choose_subject(selection)
    if subject.is_example:
        show_example(subject, selection.convnet)
    evaluation = evaluation_or_progress(subject)
    if evaluation is not None:
        show_headline(subject, evaluation)
        row = views.show(subject, evaluation)
        if row is not None:
            card.show(subject, evaluation, row)
        metrics.show(evaluation)
        export.show(subject, evaluation, row)
