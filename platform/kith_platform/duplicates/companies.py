"""Company names without what says only their legal form, in Chinese, Japanese and Western languages."""
# ruff: noqa: E501 - lists of words

from __future__ import annotations

import re
from functools import lru_cache

from kith_platform.duplicates.names import fold
from kith_platform.duplicates.wordlist import listed

_HAN_FORMS = (
    "股份有限责任公司", "有限责任公司", "股份有限公司", "集团有限公司", "控股有限公司", "有限公司", "责任公司", "株式会社", "有限会社", "合同会社",
    "一般社团法人", "股份公司", "集团公司", "集团", "股份", "(株)", "(有)",
)  # fmt: skip
_WORDS = frozenset(
    listed(
        "inc incorporated corp corporation co company ltd limited llc llp lp plc gmbh mbh ag kg kgaa ohg ev sa sas sarl srl "
        "spa bv nv ab oy oyj as aps pte pty sdn bhd kk the and of sp zoo"
    )
)
_MARKS = ("公司", "会社", "集团", "事务所", "工作室", "商行", "合作社", "(株)", "(有)")


@lru_cache(maxsize=65_536)
def core(name: str | None) -> str:
    """What tells one company from another: 上海华为技术有限公司 gives 上海华为技术, Acme Trading Co., Ltd. gives acme trading.

    Branches stay apart: 分公司, 支店 and what stands before them is kept. Empty where nothing but a legal form was given.
    """
    plain = fold(name or "").replace("&", " and ")
    is_branch = re.search(r"(分公司|支店|分店|办事处|branch)", plain)
    head = re.sub(r"分公司", "@branch", plain) if is_branch else plain
    for form in _HAN_FORMS:
        head = head.replace(form, " ")
    words = re.findall(r"[^\W_]+|@branch", head.replace(".", ""))
    kept = [word for word in words if word not in _WORDS]
    return " ".join(kept)


@lru_cache(maxsize=65_536)
def is_company(name: str | None, kind: str | None) -> bool:
    """What the source says, else whether the name carries a legal form."""
    if kind in ("person", "company"):
        return kind == "company"
    plain = fold(name or "")
    words = plain.replace(".", "").replace(",", " ").split()
    return any(mark in plain for mark in _MARKS) or any(
        word in _WORDS - {"the", "and", "of", "as", "ag", "sa", "co", "sp", "ab", "ev"} for word in words[1:]
    )
