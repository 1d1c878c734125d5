"""Streamlit code that the pages share; nothing else in cnnviz imports it.

`shell` (pages and their guard), `state` (the selection, its one home), `cache` (computed results, their one
home), `store` (uploaded files), `jobs` (work that takes seconds), `sidebar`, `panels` and `components` (what
several pages draw), `texts` (every sentence that the interface shows, one module a page).
"""
