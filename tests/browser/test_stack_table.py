"""Can a student step through the windows by keys, and take a layer off a stack?"""

import re


def test_windows_are_stepped_by_keys_and_layers_taken_off(dashboard):
    page = dashboard.open("/convolution?view=sizes&model=lenet5-mnist&window=8x8x1,conv3x1s2same").page
    cells = page.get_by_role("slider", name="Windows along one dimension")
    cells.press("End")
    page.get_by_text("Output 4 reads cells 7, 8, 0.").wait_for()
    cells.press("ArrowLeft")
    page.get_by_text("Output 3 reads cells 5, 6, 7.").wait_for()
    dashboard.open("/convolution?view=sizes&model=lenet5-mnist&topic=stack&stack=28x28x1,conv5x6,pool2,conv5x16")
    page.get_by_role("button", name="Remove pool 2 × 2").click()
    page.get_by_role("cell", name="9 × 9").wait_for()
    page.wait_for_url(re.compile(r"stack=28x28x1%2Cconv5x6%2Cconv5x16$|stack=28x28x1%2Cconv5x6%2Cconv5x16&"))
    page.get_by_role("button", name="conv 5 × 5, 16", exact=True).click()
    page.get_by_text("conv 5 × 5, 16: receptive field 9 × 9").wait_for()
