"""How does it learn?"""

from cnnviz.dashboard import panels, processes, recipes, runs, shell, state
from cnnviz.dashboard.texts import training as texts
from cnnviz.errors import CnnvizError
from cnnviz.runs import list_runs

shell.require_shell()

panels.head(texts)
if sentence := processes.take_error():
    panels.explain(sentence)
view = panels.choose_one(texts.VIEW, texts.VIEWS, key=state.VIEW, in_url=True)

known = list_runs()
if view == "new":
    try:
        recipes.show(recipes.choose_recipe())
    except CnnvizError as error:
        panels.explain(error)
elif not known:
    runs.show_empty()
else:
    run, others = runs.choose_runs(known)
    runs.show(run, others)
    if not run.status.is_active:
        runs.show_end(run)
    runs.show_folder()
