"""Pairs of records that are, or may be, one person or company: splink on DuckDB, without labels.

Call in a job's child process only: DuckDB may not have been used in the process that forks it.
"""

# ruff: noqa: E501, S608 - SQL of our own constants; values from outside come as tables

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kith_platform.duplicates.clusters import Pair, settled
from kith_platform.duplicates.firms import FIRMS
from kith_platform.duplicates.levels import Model
from kith_platform.duplicates.people import PEOPLE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

AUTOMATIC, REVIEW = "automatic", "review"
CERTAIN = 7.64  # bits: a chance of .995
POSSIBLE = 0.0  # bits: as likely as not
DUPLICATES = 0.1  # expected pairs per record: a tenth of the records have another
_PAIRS_A_KEY = 2  # times as many pairs as records a blocking key may give
_SMALLEST_CAP, _LARGEST_CAP = 30, 100  # records that share a key and are still all compared
_SHRINK = 2_000  # records' worth of prior behind every term frequency

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Found:
    """`clusters`: sets of record ids that are one, `review`: pairs to look at; `fingerprint` of everything compared."""

    clusters: tuple[tuple[int, ...], ...]
    automatic: tuple[Pair, ...]
    review: tuple[Pair, ...]
    fingerprint: str
    records: int


class Matcher:
    """A DuckDB database with a tenant's records in compared form. Use as a context manager.

    `threads` and `memory_mb` are the job's; what does not fit goes to `scratch`.
    """

    def __init__(self, *, threads: int, memory_mb: int, scratch: Path | None = None) -> None:
        import duckdb

        self._con: duckdb.DuckDBPyConnection = duckdb.connect()
        self._con.execute(f"SET threads = {threads}")
        self._con.execute(f"SET memory_limit = '{memory_mb}MB'")
        self._con.execute("SET preserve_insertion_order = false")
        if scratch is not None:
            self._con.execute("SET temp_directory = ?", [str(scratch)])

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def load(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
        """Take the records in; how many."""
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(schema, batches)
        self._con.register("given_records", reader)
        self._con.execute("CREATE TABLE record AS SELECT * FROM given_records")
        self._con.unregister("given_records")
        return int(self._one("SELECT count(*) FROM record"))

    def fingerprint(self) -> str:
        """Changes with anything that is compared, and not with merges or the rows' order."""
        return str(self._one(_FINGERPRINT))

    def find(
        self, *, always: Sequence[tuple[int, int]] = (), never: Sequence[tuple[int, int]] = (), told: Told | None = None
    ) -> Found:
        """Every pair that is worth a look. `always` and `never` are pairs of records that people have decided on."""
        automatic: list[Pair] = []
        review: list[Pair] = []
        for number, model in enumerate((PEOPLE, FIRMS)):
            if told:
                told(number, 2)
            pairs = self._pairs(model)
            automatic += [pair for pair, kind in pairs if kind == AUTOMATIC]
            review += [pair for pair, kind in pairs if kind == REVIEW]
        apart = self._apart(automatic) | {_ordered(pair) for pair in never}
        clusters, held_back = settled(automatic, always=always, never=apart)
        decided = {_ordered(pair) for pair in never}
        own = {record: number for number, cluster in enumerate(clusters) for record in cluster}
        waiting = [
            pair
            for pair in [*held_back, *review]
            if (pair.left, pair.right) not in decided and (pair.left not in own or own[pair.left] != own.get(pair.right))
        ]
        kept = tuple(pair for pair in automatic if pair.left in own and own[pair.left] == own.get(pair.right))
        records = int(self._one("SELECT count(*) FROM record"))
        return Found(clusters, kept, tuple(waiting), self.fingerprint(), records)

    def _one(self, query: str) -> Any:
        row = self._con.execute(query).fetchone()
        return row[0] if row else None

    def _pairs(self, model: Model) -> list[tuple[Pair, str]]:
        count = self._lay_out(model)
        if count < 2:
            return []
        keys = [name for name in (f"key_{number}" for number in range(len(model.keys))) if self._block(name)]
        predicted = self._predict(model, keys, count)
        query = f"""
            WITH pair AS (
                SELECT least(id_l, id_r) AS id_l, greatest(id_l, id_r) AS id_r, match_weight AS weight FROM {predicted}
            ), {_labelled(model)}
            SELECT id_l, id_r, weight, {_why(model)},
                CASE WHEN coalesce({model.automatic}, false) AND weight >= {CERTAIN} THEN '{AUTOMATIC}'
                     WHEN coalesce({model.review}, false) THEN '{REVIEW}' END AS verdict
            FROM labelled WHERE verdict IS NOT NULL ORDER BY ALL"""
        rows = self._con.execute(query).fetchall()
        self._con.execute(f"DROP TABLE {predicted}")
        return [(Pair(left, right, round(weight, 2), why), verdict) for left, right, weight, why, verdict in rows]

    def _lay_out(self, model: Model) -> int:
        """The model's records with their keys, and what the company's own data say of households; how many records."""
        self._con.execute(f"CREATE OR REPLACE TABLE side AS {_side(model)}")
        self._block("household")
        self._con.execute(f"CREATE OR REPLACE TABLE habits AS {model.habits}")
        return int(self._one("SELECT count(*) FROM side"))

    def _block(self, name: str) -> bool:
        """Give up the values of a key that too many records share: they would be compared by the billion and tell nothing.
        Whether any are left."""
        sizes = self._con.execute(
            f"SELECT n, count(*) FROM (SELECT count(*) AS n FROM side WHERE {name} IS NOT NULL GROUP BY {name}) WHERE n > 1 "
            "GROUP BY n ORDER BY n"
        ).fetchall()
        if not sizes:
            return False
        left, cap = _PAIRS_A_KEY * int(self._one("SELECT count(*) FROM side")), _SMALLEST_CAP
        for size, groups in sizes:
            left -= groups * size * (size - 1) // 2
            if left < 0:
                break
            cap = min(max(cap, size), _LARGEST_CAP)
        if sizes[-1][0] > cap:
            self._con.execute(
                f"UPDATE side SET {name} = NULL WHERE {name} IN (SELECT {name} FROM side GROUP BY {name} HAVING count(*) > {cap})"
            )
        return True

    def _predict(self, model: Model, keys: Sequence[str], count: int) -> str:
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on

        logging.getLogger("splink").setLevel(logging.ERROR)
        api = DuckDBAPI(self._con)
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="id",
            probability_two_random_records_match=min(DUPLICATES / count, 0.001),
            comparisons=[field.creator() for field in model.fields],
            blocking_rules_to_generate_predictions=[block_on(key) for key in keys],
            retain_matching_columns=False,
        )
        linker = Linker(api.register("side"), settings, log_level=None, validate_settings=False)
        for column, prior in model.terms.items():
            self._con.execute(f"CREATE OR REPLACE TABLE tf_{column} AS {_frequency(column, prior)}")
            linker.table_management.register_term_frequency_lookup(api.register(f"tf_{column}"), column)
        found = linker.inference.predict(threshold_match_weight=POSSIBLE, warning_mode="never")
        return str(found.physical_name)

    def _apart(self, automatic: Sequence[Pair]) -> set[tuple[int, int]]:
        """Among records that chains of pairs would bring together, those that are certainly not one."""
        if not automatic:
            return set()
        groups, _ = settled(automatic)
        chained = [(number, record) for number, group in enumerate(groups) if len(group) > 2 for record in group]
        if not chained:
            return set()
        import pyarrow as pa

        table = pa.table({"number": [one for one, _ in chained], "id": [record for _, record in chained]})
        self._con.register("chained", table)
        apart: set[tuple[int, int]] = set()
        for model in (PEOPLE, FIRMS):
            self._lay_out(model)
            query = f"""
                WITH pair AS (
                    SELECT a.id AS id_l, b.id AS id_r FROM chained a JOIN chained b ON a.number = b.number AND a.id < b.id
                ), {_labelled(model)}
                SELECT id_l, id_r FROM labelled WHERE coalesce({model.apart}, false) AND NOT coalesce({model.automatic}, false)"""
            apart |= set(self._con.execute(query).fetchall())
        self._con.unregister("chained")
        return apart


_FINGERPRINT = "SELECT count(*) || '-' || coalesce(bit_xor(hash(said)), 0) FROM (SELECT * EXCLUDE customer_id FROM record) said"


def _ordered(pair: tuple[int, int]) -> tuple[int, int]:
    return (pair[0], pair[1]) if pair[0] < pair[1] else (pair[1], pair[0])


_COMPARED = ("given", "family", "given_sound", "family_sound", "first", "script", "core", "email", "local", "domain", "phone", "birth",
    "street", "house", "city", "postcode", "tail", "gender", "bearers")  # fmt: skip


def _labelled(model: Model) -> str:
    """The parts of a query that put both records' columns and each field's level beside the rows of `pair` (id_l, id_r)."""
    plain = ", ".join(f"l.{name} AS {name}_l, r.{name} AS {name}_r" for name in _COMPARED)
    levels = ", ".join(f"{field.label()} AS {field.name}" for field in model.fields)
    return f"""sides AS (
            SELECT pair.*, l.one_name AND r.one_name AS one_name, habits.*, {plain}
            FROM pair JOIN side l ON l.id = id_l JOIN side r ON r.id = id_r, habits
        ), labelled AS (SELECT *, {levels} FROM sides)"""


def _side(model: Model) -> str:
    """A model's records with their blocking keys. `bearers`: in how many families the given name is borne; `one_name`: no two
    people share the e-mail address."""
    keys = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(model.keys))
    return f"""
        SELECT record.*, coalesce(names.families, 0) AS bearers, coalesce(boxes.people, 0) <= 1 AS one_name, {model.household} AS household, {keys}
        FROM record
        LEFT JOIN (SELECT given, count(DISTINCT family_sound) AS families FROM record WHERE given IS NOT NULL GROUP BY given) names
            USING (given)
        LEFT JOIN (SELECT email, count(DISTINCT given_sound || family_sound) AS people FROM record WHERE email IS NOT NULL GROUP BY email)
            boxes USING (email)
        WHERE {model.where}"""


def _frequency(column: str, prior: float) -> str:
    """How often a value occurs, as if `_SHRINK` records without news stood before the company's own: rare is what is rare
    among many, not what happens to stand once in ten rows. Rare priors count for more records, up to one occurrence."""
    weight = max(_SHRINK, round(1 / prior))
    return (
        f"SELECT {column}, (count(*) + {prior * weight})::double / (sum(count(*)) OVER () + {weight}) AS tf_{column} FROM side "
        f"WHERE {column} IS NOT NULL GROUP BY {column}"
    )


def _why(model: Model) -> str:
    """The levels as one text, `given=exact birth=near`, in the model's order."""
    parts = ", ".join(f"'{field.name}=' || {field.name}" for field in model.fields)
    return f"concat_ws(' ', {parts})"
