"""Do the table and the page hold what was found, and nothing that runs?"""

import csv
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from mistake_nets import answers, one_hot, plain_part, random_colors

from cnnviz.mistakes.reports import predictions_csv, report_html

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def wrong():
    return answers([0, 0, 1, 1], one_hot([0, 1, 1, 0], 2, sure=0.75), class_names=(HOSTILE, '=cmd|"x"'))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_holds_a_line_a_image(wrong):
    rows = rows_of(predictions_csv(wrong, ["a.png", "b,c.png", "d\ne.png", "ü.png"]))
    assert [row["image"] for row in rows] == ["a.png", "b,c.png", "d\ne.png", "ü.png"]
    assert [row["label"] for row in rows] == [HOSTILE] * 2 + ['\'=cmd|"x"'] * 2
    np.testing.assert_allclose([float(row["loss"]) for row in rows], wrong.loss, rtol=1e-5)
    assert rows[1]["predicted"] == '\'=cmd|"x"' and float(rows[1]["confidence"]) == 0.75


def test_images_without_an_answer_stand_at_the_end_with_the_reason(wrong):
    import dataclasses

    broken = dataclasses.replace(wrong, unreadable=((4, "It is empty."),))
    rows = rows_of(predictions_csv(broken, [*"abcd", "=e.png"]))
    assert (rows[4]["image"], rows[4]["problem"], rows[4]["label"]) == ("'=e.png", "It is empty.", "")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_the_page_escapes_every_name_and_loads_nothing(wrong):
    part = plain_part(random_colors(4), [0, 0, 1, 1], class_count=2)
    page = report_html(wrong, part, title=HOSTILE, names=[f'"><img src=x onerror="{index}">' for index in range(4)])
    parser = Tags()
    parser.feed(page)
    tags = [tag for tag, _ in parser.found]
    assert "script" not in tags and "link" not in tags and "iframe" not in tags
    images = [attributes for tag, attributes in parser.found if tag == "img"]
    assert len(images) == 2  # the two mistakes
    assert all(image["src"].startswith("data:image/png;base64,") and "onerror" not in image for image in images)
    assert all(image["alt"] for image in images)
    assert any("default-src 'none'" in attributes.get("content", "") for _, attributes in parser.found)
    assert "2 of 4 images are classified correctly: 50.0%" in page


def test_what_is_left_out_is_told(wrong):
    import dataclasses

    left = dataclasses.replace(
        wrong, unmapped=(("<b>", 7),), unreadable=tuple((0, f"Reason {number}.") for number in range(60))
    )
    page = report_html(left, plain_part(random_colors(4), [0, 0, 1, 1], class_count=2), title="t", names=list("abcd"))
    assert "Class &#x27;&lt;b&gt;&#x27;, 7 images: the model has no such class." in page
    assert "a: Reason 49." in page and "Reason 50." not in page and "10 more images cannot be read." in page


def test_many_classes_have_no_matrix_but_all_else():
    labels = np.arange(60)
    evaluation = answers(labels, one_hot(labels, 60, sure=0.5))
    page = report_html(evaluation, plain_part(random_colors(60), labels, class_count=60), title="t",
                       names=[str(label) for label in labels])  # fmt: skip
    assert "class 59" in page and 'class="matrix"' not in page and "No mistakes." in page
    assert "Top-5 accuracy: 100.0%" in page


def test_a_report_speaks_the_language_of_its_reader(wrong):
    part = plain_part(random_colors(4), [0, 0, 1, 1], class_count=2)
    page = report_html(wrong, part, title="t", names=list("abcd"), language="ko", say=str.upper)
    assert '<html lang="ko">' in page
    assert "<h2>CLASSES</h2>" in page
    assert "IMAGES ARE CLASSIFIED CORRECTLY" in page
    assert "Rows are labels" not in page
