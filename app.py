"""Opens the dashboard: page configuration, navigation, sidebar, then the page itself."""

import streamlit as st

from cnnviz.dashboard import shell, sidebar

st.set_page_config(page_title="cnnviz", page_icon="🔬", layout="wide")
shell.warm()
page = st.navigation(shell.pages())
sidebar.show()
shell.run_page(page)
