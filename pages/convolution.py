"""How does a convolution compute?"""

from cnnviz.dashboard import convolution, panels, shell, sidebar
from cnnviz.dashboard.texts import convolution as texts

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
convolution.show_playground(convolution.choose_picture(selection))
