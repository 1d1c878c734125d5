"""Dashboard entry point: page configuration, navigation, sidebar and the selected page."""

import streamlit as st

from cnnviz.dashboard import shell, sidebar, startup, state

shell.configure()
startup.warm()
state.follow_url()
page = st.navigation(shell.pages())
sidebar.show()
shell.run_page(page)
