"""How does a convolution compute?"""

from cnnviz.dashboard import panels, shell, sidebar
from cnnviz.dashboard.convolution import views
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import CnnvizError

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
try:
    views.show(selection)
except CnnvizError as error:
    panels.explain(error)
