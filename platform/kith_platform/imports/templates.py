"""Templates a company may use: core's and those of its modules; which one a file looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.imports.core_templates import CORE_TEMPLATES
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.words import TRADITIONAL
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.sdk.templates import ImportTemplate, TemplateColumn


def offered(session: Session, plugins: Plugins) -> list[ImportTemplate]:
    """Core's, then those of the modules that are on."""
    return [*CORE_TEMPLATES, *(found for _name, found in plugins.brought("import_templates", modules.enabled(session, plugins)))]


def named(known: Sequence[ImportTemplate], key: str, table: str = "") -> ImportTemplate:
    """The template called `key`. Raises Invalid where there is none, or where it is for another table than `table`."""
    found = next((one for one in known if one.key == key), None)
    if found is None:
        keys = ", ".join(one.key for one in known)
        raise Invalid(N_("There is no template '%(key)s' here. Choose from: %(known)s."), key=key, known=keys)
    if table and found.table != table:
        raise Invalid(N_("The template '%(key)s' is for %(table)s. Import the file as that."), key=key, table=found.table)
    return found


def recognised(dialect: Dialect, known: Sequence[ImportTemplate]) -> ImportTemplate | None:
    """The template whose needs the header meets, the one with most of its columns; None for a file nobody knows."""
    fitting = [(len(found), one) for one in known if (found := places_of(one, dialect.header)) and set(one.needs) <= set(found)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def places_of(template: ImportTemplate, header: Sequence[str]) -> Mapping[str, tuple[int, TemplateColumn]]:
    """Target → position from 0 and column, of those that the header has. A header goes to one target, a target to one header."""
    names = [plain(name) for name in header]
    found: dict[str, tuple[int, TemplateColumn]] = {}
    for column in template.columns:
        taken = {at for at, _column in found.values()}
        for wanted in map(plain, column.headers):
            if wanted in names and (at := names.index(wanted)) not in taken and column.target not in found:
                found[column.target] = (at, column)
    return found


def plain(header: str) -> str:
    """A header without letter case, spaces and signs; traditional Chinese as simplified."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", header).translate(TRADITIONAL).lower()).strip()
