"""The template environment."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from include.writing.rendering import FOLDER, TAG, environment, styled

TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))


def test_styles_are_in_the_elements_before_a_template_is_used() -> None:
    row = styled('<table><tbody>{% for x in xs %}<tr><td class="tile">{{ x }}</td></tr>{% endfor %}</tbody></table>')
    assert row == (
        '<table><tbody>{% for x in xs %}<tr><td class="tile" style="padding: 4px;">{{ x }}</td></tr>{% endfor %}</tbody></table>'
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_inlining_leaves_every_tag_of_a_template_as_it_was(template: str) -> None:
    source = (FOLDER / template).read_text("utf-8")
    assert sorted(TAG.findall(styled(source))) == sorted(TAG.findall(source))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_loads_nothing_from_elsewhere(template: str) -> None:
    source = (FOLDER / template).read_text("utf-8")
    assert not any(word in source for word in ("http:", "https:", "<script", "<link", "@import", "url("))


def test_a_value_that_is_missing_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError, match="'name' is undefined"):
        environment().from_string("Hello {{ name }}").render()


def test_printed_text_stays_on_one_line_even_without_a_filter() -> None:
    assert environment().from_string("{{ name }}").render(name="Eve\r\nBcc: x") == "Eve␍␊Bcc: x"
