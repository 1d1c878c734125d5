"""Does what is being computed show in place, without asking the server for each frame?"""


def test_a_slow_heatmap_forms_where_it_will_be_without_requests(dashboard):
    fetched = []
    dashboard.open("/heatmaps?method=occlusion&image=rocket")
    dashboard.page.on("request", lambda request: fetched.append(request.url))
    dashboard.page.get_by_role("button", name="Compute").click()
    forming = dashboard.canvas("Occlusion for")
    forming.wait_for()
    place = forming.bounding_box()
    dashboard.page.get_by_role("button", name="Cancel").wait_for(state="detached")
    dashboard.settle()
    assert dashboard.canvas("Occlusion for").bounding_box()["x"] == place["x"]
    assert dashboard.canvas("Occlusion for").bounding_box()["width"] == place["width"]
    assert not [url for url in fetched if "/media/" in url]
