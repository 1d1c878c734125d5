"""Convolution page: kernels, output sizes, translation and quiz, computed step by step."""

from cnnviz.dashboard import panels, shell, sidebar
from cnnviz.dashboard.convolution import views
from cnnviz.dashboard.texts import convolution as texts

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
with panels.explained():
    views.show(selection)
