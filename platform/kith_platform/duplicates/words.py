"""What matching compared and how alike it was, in words that people read."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.i18n import N_

FIELDS: Mapping[str, str] = {
    "given": N_("Given name"),
    "family": N_("Family name"),
    "core": N_("Company name"),
    "birth": N_("Birth day"),
    "email": N_("E-mail"),
    "domain": N_("Domain"),
    "phone": N_("Phone"),
    "address": N_("Address"),
    "area": N_("Area"),
}
LEVELS: Mapping[str, tuple[str, str]] = {  # words, tone
    "exact": (N_("same"), "good"),
    "postcode": (N_("same postcode"), "good"),
    "city": (N_("same city"), "good"),
    "sound": (N_("sounds the same"), "good"),
    "swapped": (N_("exchanged"), "good"),
    "local": (N_("same before the @"), "good"),
    "typo": (N_("nearly the same"), "warn"),
    "near": (N_("nearly the same"), "warn"),
    "initial": (N_("shortened"), "warn"),
    "crossed": (N_("partly exchanged"), "warn"),
    "part": (N_("one contains the other"), "warn"),
    "year": (N_("same year"), "warn"),
    "other": (N_("different"), "bad"),
}
SHOWN: Mapping[str, str] = {
    "name": N_("Name"),
    "kind": N_("Kind"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "city": N_("City"),
    "country": N_("Country"),
}
RECORD: Mapping[str, str] = {
    **SHOWN,
    "address": N_("Address"),
    "region": N_("Region"),
    "postcode": N_("Postcode"),
    "birth_year": N_("Birth year"),
    "gender": N_("Gender"),
}
RULES: Mapping[str, str] = {
    "trusted": N_("what people entered, then the sources in this order"),
    "recent": N_("the latest import"),
    "filled": N_("the record that says most"),
}
