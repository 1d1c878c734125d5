"""Does Back undo one thing a person did, on the right page with the right selection?"""


def address(dashboard):
    return dashboard.page.url.removeprefix(dashboard.url)


def turn_to(dashboard, name):
    dashboard.page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
    dashboard.page.get_by_role("heading", level=1, name=name).wait_for()
    dashboard.settle()


def choose(dashboard, label, value):
    box = dashboard.page.get_by_test_id("stSidebar").get_by_role("combobox", name=label)
    box.click()
    box.fill(value)
    dashboard.page.get_by_role("option", name=value, exact=True).first.click()
    dashboard.page.wait_for_url(f"**{label.lower()}={value}**")
    dashboard.settle()


def shown(dashboard):
    """Page, layer and class as the page shows them."""
    side = dashboard.page.get_by_test_id("stSidebar")
    choices = [side.get_by_role("combobox", name=name).input_value() for name in ("Layer", "Class")]
    return dashboard.page.get_by_role("heading", level=1).inner_text(), *choices


def wait_until_shown(dashboard, seen):
    """Wait for the server's answer, which a busy machine gives later than the browser changes the address."""
    for _ in range(60):
        if shown(dashboard.settle()) == seen:
            return
    assert shown(dashboard) == seen


def test_back_undoes_one_thing_at_a_time_and_forward_does_it_again(dashboard):
    dashboard.open()
    steps = [(address(dashboard), shown(dashboard))]
    for act in (
        lambda: turn_to(dashboard, "Activations"),
        lambda: choose(dashboard, "Layer", "stem_relu"),
        lambda: choose(dashboard, "Class", "tabby"),
        lambda: turn_to(dashboard, "Heatmaps"),
        lambda: turn_to(dashboard, "Activations"),
    ):
        act()
        steps.append((address(dashboard), shown(dashboard)))
    assert steps[-1] == ("/activations?layer=stem_relu&class=tabby", ("Activations", "stem_relu", "tabby"))
    assert dashboard.page.evaluate("history.length") == len(steps) + 1  # and the empty page before the first
    for move, way in ((dashboard.page.go_back, steps[-2::-1]), (dashboard.page.go_forward, steps[1:])):
        for url, seen in way:
            move()
            dashboard.page.wait_for_url(dashboard.url + url)
            dashboard.page.get_by_role("heading", level=1, name=seen[0]).wait_for()
            wait_until_shown(dashboard, seen)
            assert address(dashboard) == url


def test_a_link_to_what_is_gone_says_so_once_and_then_tells_the_truth(dashboard):
    dashboard.open(f"/activations?layer=stem_relu&image={'0' * 64}")
    dashboard.page.get_by_text("no longer on this server").wait_for()
    dashboard.page.wait_for_url("**/activations?layer=stem_relu")
    dashboard.page.get_by_role("button", name="Next layer").wait_for()
    dashboard.settle()  # else the key may come before anything listens
    dashboard.page.keyboard.press("ArrowRight")
    dashboard.page.wait_for_url("**/activations?layer=block0_dw_conv")
    dashboard.page.get_by_text("no longer on this server").wait_for(state="detached")
