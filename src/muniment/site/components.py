"""GOV.UK components, rendered by their macros; MoJ components are small templates of our own."""

import re
from functools import lru_cache
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from jinja2 import Environment, PackageLoader, PrefixLoader, Template

_CAPITAL = re.compile(r"[-_](\w)")


@lru_cache
def _environment() -> Environment:
    return Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}), autoescape=True
    )


@lru_cache
def _template(component: str) -> Template:
    macro = "govuk" + _CAPITAL.sub(lambda match: match[1].upper(), f"-{component}")
    return _environment().from_string(
        f'{{% from "govuk_frontend_jinja/components/{component}/macro.html" import {macro} %}}{{{{ {macro}(params) }}}}'
    )


def escape(value: Any) -> Any:
    """Escape every text under an `html` key that is not marked safe; the macros print those raw."""
    if isinstance(value, dict):
        return {
            key: conditional_escape(inner) if key == "html" and isinstance(inner, str) else escape(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [escape(inner) for inner in value]
    return value


def render(component: str, params: dict[str, Any]) -> SafeString:
    """Return the HTML of a GOV.UK component, such as `date-input`, with the parameters its macro documents."""
    return mark_safe(_template(component).render(params=escape(params)))  # noqa: S308 - the macros escape
