"""Customer records as matching reads them: from PostgreSQL as Arrow, every field in compared form."""
# ruff: noqa: E501 - lists of words

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, Text, cast, func, literal_column, select

from kith_platform.duplicates import addresses, companies, contacts, names
from kith_platform.facts.models import CustomerRecord

if TYPE_CHECKING:
    import pyarrow as pa

    from kith_tenants.doors import ArrowDoor

RECORD: Table = CustomerRecord.__table__
# Columns of a source that Kith has no field for, by the words they are headed with. Nothing else of `raw` is compared.
_HEADED = {
    "born": ("date_of_birth", "birth_date", "birthdate", "birthday", "dob", "出生日期", "生日", "生年月日", "出生年月日"),
    "number": ("street_number", "house_number", "house_no", "street_no", "门牌号", "門牌號", "番地"),
    "more": ("address_2", "address2", "address_line_2", "地址2", "地址二"),
}
_PLAIN = (
    "name", "given_name", "family_name", "kind", "email", "phone", "birth_year", "gender", "address", "city", "region", "postcode",
    "country",
)  # fmt: skip
_REGIONS = {"中国": "CN", "china": "CN", "台湾": "TW", "taiwan": "TW", "香港": "HK", "hong kong": "HK", "日本": "JP", "japan": "JP",
    "germany": "DE", "deutschland": "DE", "united kingdom": "GB", "uk": "GB", "united states": "US", "usa": "US", "france": "FR",
    "australia": "AU", "canada": "CA", "singapore": "SG", "italy": "IT", "spain": "ES"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """One record in compared form; None where nothing comparable was said. `core` is a company's name, None for people."""

    id: int
    customer_id: int
    given: str | None
    family: str | None
    given_sound: str | None
    family_sound: str | None
    first: str | None
    tail: str | None
    script: str | None
    core: str | None
    email: str | None
    local: str | None
    domain: str | None
    phone: str | None
    birth: str | None
    gender: str | None
    street: str | None
    house: str | None
    city: str | None
    postcode: str | None
    country: str | None


COLUMNS = tuple(field.name for field in fields(Compared))


def statement() -> Any:
    """Every record that belongs to a customer, with what is compared of it, in the order of their ids."""
    headed = [_headed(words).label(name) for name, words in _HEADED.items()]
    plain = [RECORD.c[name] for name in _PLAIN]
    return (
        select(RECORD.c.id, RECORD.c.customer_id, *plain, *headed).where(RECORD.c.customer_id.is_not(None)).order_by(RECORD.c.id)
    )


def _headed(words: Sequence[str]) -> Any:
    pair = func.jsonb_each_text(RECORD.c.raw).table_valued("key", "value", name="said")
    key = func.lower(func.regexp_replace(func.btrim(pair.c.key), literal_column(r"'[\s-]+'"), "_", "g"))
    found = select(cast(pair.c.value, Text)).where(key.in_(words)).limit(1)
    return found.scalar_subquery()


def read(door: ArrowDoor, region: str) -> Iterator[pa.RecordBatch]:
    """The tenant's records in compared form. `region` is where phone numbers without a country belong (ISO 3166)."""
    import pyarrow as pa

    for batch in door.read(statement()):
        rows = [compared(*row, home=region) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
        arrays = [pa.array([getattr(row, name) for row in rows], _type(name)) for name in COLUMNS]
        yield pa.RecordBatch.from_arrays(arrays, list(COLUMNS))


def schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, _type(name)) for name in COLUMNS])


def _type(name: str) -> Any:
    import pyarrow as pa

    return pa.int64() if name in ("id", "customer_id") else pa.string()


def compared(
    id: int,  # noqa: A002
    customer_id: int,
    name: str | None = None,
    given_name: str | None = None,
    family_name: str | None = None,
    kind: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    birth_year: int | None = None,
    gender: str | None = None,
    address: str | None = None,
    city: str | None = None,
    region: str | None = None,
    postcode: str | None = None,
    country: str | None = None,
    born: str | None = None,
    number: str | None = None,
    more: str | None = None,
    *,
    home: str = "",
) -> Compared:
    """One record's columns in compared form."""
    firm = companies.is_company(name, kind)
    person = names.NOBODY if firm else names.parse(name, given_name, family_name)
    mail = contacts.email(email)
    # A box that an office shares, and one made up by a form, tell no person.
    mail = "" if not firm and contacts.is_office(mail) else mail
    local, _, domain = mail.partition("@")
    land = addresses.place(country)
    number_home = _REGIONS.get(land, land.upper() if len(land) == 2 else home)
    street, house = addresses.parse(address, number, more)
    sex = (gender or "").strip().lower()[:1]
    return Compared(
        id,
        customer_id,
        person.given or None,
        person.family or None,
        person.given_sound or None,
        person.family_sound or None,
        person.first or None,
        person.tail or None,
        person.script or None,
        (companies.core(name) or None) if firm else None,
        mail or None,
        local or None,
        domain if domain and domain not in contacts.FREE_MAIL else None,
        contacts.phone(phone, number_home) or None,
        contacts.birth(born, birth_year) or None,
        {"男": "m", "女": "f", "w": "f"}.get(sex, sex if sex in ("m", "f") else "") or None,
        street or None,
        house or None,
        (addresses.place(city) or addresses.place(region)) or None,
        addresses.postcode(postcode) or None,
        land or None,
    )
