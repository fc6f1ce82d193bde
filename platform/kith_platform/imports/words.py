"""Header words in one form, so that InvoiceNo, invoice_no, “Invoice No.” and their Chinese forms meet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Signs of traditional Chinese headers with their simplified form, so that an alias in either script knows both.
TRADITIONAL = str.maketrans(
    "號編戶單訂數價額買賣電話郵件稱類別產銷機時間發貨優惠稅總實際國區狀態員會類渠開貸處門備註聯絡費購結續",
    "号编户单订数价额买卖电话邮件称类别产销机时间发货优惠税总实际国区状态员会类渠开贷处门备注联络费购结续",
)
_CURRENCY = re.compile(r"(?:_(?:usd|eur|gbp|cny|rmb|hkd|twd|jpy)|[(（][^)）]*[)）])$")
OWNERS = {"customer", "client", "member", "account", "contact", "billing", "buyer", "user", "household"}


def words(header: str) -> str:
    """A header as lower-case words joined by "_": InvoiceNo → invoice_no, 訂單編號 → 订单编号, Größe → grosse."""
    text = unicodedata.normalize("NFKD", header.strip().replace("ß", "ss"))
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = unicodedata.normalize("NFKC", text).translate(TRADITIONAL)
    text = _CURRENCY.sub("", re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower())
    return re.sub(r"[\W_]+", "_", text).strip("_")


def likeness(header: str, aliases: Iterable[str]) -> float:
    """How well a header fits a target's words, the best word first: from 1 down to .9 for the same word, .7 with an owner
    before it (billing_email), 0 for another word."""
    name = words(header)
    if not name:
        return 0.0
    known = [words(alias) for alias in aliases]
    bare = [alias.replace("_", "") for alias in known]
    if name.replace("_", "") in bare:
        return max(0.9, 1 - 0.005 * bare.index(name.replace("_", "")))
    owner, _, rest = name.partition("_")
    return 0.7 if owner in OWNERS and rest in known else 0.0
