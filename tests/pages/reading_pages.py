"""What does a page under test say?"""


def sentences(app):
    """All texts, captions and paragraphs."""
    return "\n".join(element.value for kind in (app.markdown, app.caption, app.text) for element in kind)
