"""Why customers leave: the codes of domain.md S14 and D1, what sources call them, and what to do about each, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kith_platform.i18n import N_

# In the order of the number that a score holds as `reason`; new codes come last.
REASONS: Mapping[str, str] = {
    "moved": N_("moved away"),
    "life_change": N_("no need any more"),
    "competitor": N_("a better offer elsewhere"),
    "no_value": N_("sees no value in it"),
    "price": N_("price"),
    "service_failure": N_("bad service"),
    "product_failure": N_("faulty product"),
    "bankruptcy": N_("bankruptcy"),
    "unknown": N_("cannot or will not say"),
    "other": N_("another reason"),
}
CODES = tuple(REASONS)
OTHER = "other"
# A price or a contract is never made of a personal score (PIPL art. 24): about prices one talks, and promises nothing.
ACTIONS: Mapping[str, str] = {
    "moved": N_("Close politely, wish them well, and ask whom they would recommend you to."),
    "life_change": N_("Offer a pause or a smaller plan, and part as friends."),
    "competitor": N_("Ask what the other offer has, and answer with what you do better; match no price unasked."),
    "no_value": N_("Show them what they have reached with you, and help with the next step."),
    "price": N_("Check together whether the plan fits what they use; promise no discount."),
    "service_failure": N_("Recover the case first: apologise, solve it, and say so in person. Offer nothing before that."),
    "product_failure": N_("Repair or replace first, and ask afterwards whether it works now."),
    "bankruptcy": N_("Talk with them and your accounts about what is still open; sell nothing."),
    "unknown": N_("Ask openly how things are going, and note the answer."),
    "other": N_("Ask openly how things are going, and note the answer."),
}
UNPAID = N_("Send a friendly reminder, or offer a payment plan. This is about bills, not about an offer.")
NOT_PAID = "non_payment"  # D1b's: another model's question
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "moved": ("relocated", "relocation", "moved_away", "out_of_area", "搬迁", "搬遷", "搬家"),
    "life_change": ("no_need", "no_longer_needed", "not_needed", "不再需要", "生活变化", "生活變化"),
    "competitor": ("competition", "switched", "better_offer", "竞争对手", "競爭對手", "竞品", "競品"),
    "no_value": ("value", "not_worth_it", "no_use", "not_used", "unused", "没有价值", "沒有價值"),
    "price": ("pricing", "too_expensive", "expensive", "budget", "cost", "价格", "價格", "太贵", "太貴", "预算", "預算"),
    "service_failure": ("service", "support", "bad_service", "poor_service", "服务", "服務", "服务差", "服務差"),
    "product_failure": ("product", "quality", "features", "faulty", "defect", "产品", "產品", "质量", "品質"),
    "bankruptcy": ("bankrupt", "insolvent", "insolvency", "closed_down", "out_of_business", "破产", "破產", "倒闭", "倒閉"),
    "unknown": ("not_known", "none_given", "no_answer", "未知", "不明"),
    NOT_PAID: ("nonpayment", "unpaid", "not_paid", "payment", "欠费", "欠費", "未付款"),
}
_CODE_OF = {alias: code for code, aliases in _ALIASES.items() for alias in (code, *aliases)}


def code_of(text: str) -> str:
    """The code of what a source wrote as a reason: one of CODES, or NOT_PAID. What is in nobody's list is OTHER."""
    return _CODE_OF.get(re.sub(r"[\W_]+", "_", text.strip().casefold()).strip("_"), OTHER)
