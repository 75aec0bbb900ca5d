"""The one template environment of all reports and mails: HTML escaped, nothing undefined, styles inlined when a template is loaded.

Mail programs drop style sheets, so each rule of `mail.css` is written into the elements that it matches. That happens once per template
and not per mail: a reminder is rendered ten thousand times in a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from include.writing import wording

FOLDER = Path(__file__).parents[1]
STYLES = Path(__file__).with_name("mail.css")
TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
STAND_IN = re.compile(r"<!--tag(\d+)-->|\[tag(\d+)\]")


def render(template: str, **values: Any) -> str:
    """The template (`reports/account_digest.html`) with these values. Raises UndefinedError for a value that is missing."""
    return environment().get_template(template).render(values)


@cache
def environment() -> Environment:
    """Templates by their path under `include/`. In a text template every printed value is one line."""
    made = Environment(
        loader=StyledTemplates(FileSystemLoader(FOLDER)),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=wording.harmless,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update({name: getattr(wording, name) for name in ("moment", "long_moment", "span", "counted", "number", "shown")})
    return made


class StyledTemplates(BaseLoader):
    """Loads templates with the styles inlined."""

    def __init__(self, files: FileSystemLoader) -> None:
        self.files = files

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The template's text; of an HTML one, as it leaves `styled`."""
        source, path, uptodate = self.files.get_source(environment, template)
        return (styled(source) if template.endswith(".html") else source), path, uptodate


def styled(source: str) -> str:
    """The template with the style sheet inlined. Its tags hide meanwhile: blocks as comments, which may stand between table rows."""
    tags: list[str] = []

    def hide(found: re.Match[str]) -> str:
        tags.append(found[0])
        stand_in = f"tag{len(tags) - 1}"
        return f"[{stand_in}]" if found[0].startswith("{{") else f"<!--{stand_in}-->"

    page = inlined(TAG.sub(hide, source))
    return STAND_IN.sub(lambda found: tags[int(found[1] or found[2])], page)


def inlined(page: str) -> str:
    """The HTML, whole or a fragment, with the style sheet in its elements; its own style tags (dark mode, phones) stay as they are."""
    styles = STYLES.read_text("utf-8")
    if "<html" in page:
        return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False, extra_css=styles).inline(page)
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False).inline_fragment(page, styles)
