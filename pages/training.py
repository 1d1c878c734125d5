"""Training page: new runs, live curves, comparison of runs and recipes."""

from cnnviz.dashboard import panels, shell, state
from cnnviz.dashboard.texts import training as texts
from cnnviz.dashboard.training import new_run, outcomes, processes, recipes, runs, series
from cnnviz.errors import CnnvizError
from cnnviz.runs import list_runs

shell.require_shell()

panels.head(texts)
if sentence := processes.take_error():
    panels.explain(sentence)
view = panels.choose_one(texts.VIEW, texts.VIEWS, key=state.VIEW, in_url=True)

if view == "new":
    try:
        new_run.show(*recipes.choose_recipe())
    except CnnvizError as error:
        panels.explain(error)
elif view == "series":
    series.show()
elif not (known := list_runs()):
    runs.show_empty()
else:
    run, others = runs.choose_runs(known)
    runs.show(run, others)
    if others:
        outcomes.show_differences([run, *others])
    if not run.status.is_active:
        outcomes.show_end(run)
    outcomes.show_details(run)
    runs.show_folder()
