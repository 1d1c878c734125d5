"""Does the page change its language in place, for eyes, screen readers and links, and keep what was chosen?"""


def test_choosing_korean_changes_words_and_link_and_nothing_else(dashboard):
    page = dashboard.open("/activations?layer=stem_relu&channel=5").page
    page.get_by_text("Settings").click()
    page.get_by_text("per layer").click()
    page.keyboard.press("Escape")
    dashboard.settle()
    page.get_by_test_id("stSidebar").get_by_text("한국어").click()
    page.get_by_role("heading", name="활성화", level=1).wait_for()
    dashboard.settle()
    assert "lang=ko" in page.url
    assert "layer=stem_relu" in page.url
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.get_by_text("모두 같은 스케일").is_visible()  # the choice in the settings
    assert page.get_by_text("필터", exact=True).first.is_visible()  # the page's name in the navigation
    page.get_by_test_id("stSidebar").get_by_text("English").click()
    page.get_by_role("heading", name="Activations", level=1).wait_for()
    dashboard.settle()
    assert "lang=" not in page.url
    assert page.get_by_text("shared scale").is_visible()
