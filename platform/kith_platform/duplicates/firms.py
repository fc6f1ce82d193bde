"""How two records of companies are compared, and when they are one company. A name alone never merges: branches and namesakes."""

from __future__ import annotations

from kith_platform.duplicates.levels import Field, Level, Model, equal, missing
from kith_platform.duplicates.people import ADDRESS, AREA, EMAIL, PHONE

CORE = Field(
    "core",
    missing("core"),
    (
        Level("exact", equal("core"), 0.8, 0.00005, "core"),
        Level(
            "typo",
            "least(length(core_l), length(core_r)) >= 8 AND core_l ~ '^[a-z0-9 ]+$' AND damerau_levenshtein(core_l, core_r) <= 1",
            0.07,
            0.00005,
        ),
        Level(
            "part",
            "least(length(core_l), length(core_r)) >= 4 AND (starts_with(core_l, core_r) OR starts_with(core_r, core_l) "
            "OR ends_with(core_l, core_r) OR ends_with(core_r, core_l))",
            0.08,
            0.001,
        ),
        Level("other", "ELSE", 0.05, 0.998),
    ),
)
DOMAIN = Field(
    "domain",
    missing("domain"),
    (Level("exact", equal("domain"), 0.8, 0.0001, "domain"), Level("other", "ELSE", 0.2, 0.9999)),
)
_BRANCH = "(contains(core_l, '@branch') OR contains(core_r, '@branch') OR contains(core_l, '支店') OR contains(core_r, '支店'))"

FIRMS = Model(
    where="core IS NOT NULL",
    fields=(CORE, DOMAIN, EMAIL, PHONE, ADDRESS, AREA),
    keys=(
        "core",
        "left(core, 5) || '|' || coalesce(city, postcode)",
        "domain || '|' || left(core, 2)",
        "right(phone, 9)",
        "email",
        "right(core, 5) || '|' || domain",
    ),
    terms={"core": 0.0001, "domain": 0.0001, "email": 0.00001, "phone": 0.00001, "postcode": 0.003, "city": 0.03},
    automatic="""
        core = 'exact' AND (domain = 'exact' OR email = 'exact' OR phone IN ('exact', 'typo') OR address IN ('exact', 'near')
            OR area IN ('postcode', 'city') AND coalesce(domain <> 'other', true) AND coalesce(address <> 'other', true)
               AND coalesce(phone <> 'other', true) AND length(core_l) >= 4)
        OR core = 'typo' AND (domain = 'exact' OR email = 'exact' OR phone = 'exact')""",
    review="core IN ('exact', 'typo') OR core = 'part' AND (domain = 'exact' OR phone = 'exact' OR address = 'exact')",
    apart=f"(core = 'other' OR {_BRANCH} AND core_l <> core_r)",
    habits="SELECT false AS names_overwritten, false AS days_overwritten",
    household="NULL",
)
