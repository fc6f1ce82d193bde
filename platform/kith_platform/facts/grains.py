"""Columns by which figures are told apart: who, which team, which channel, product and initiative. The same in every fact."""

from dataclasses import replace

from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Kind

REP = Column(
    name="rep",
    kind=Kind.TEXT,
    label=_("Responsible"),
    aliases=(
        "owner",
        "负责人",
        "負責人",
        "sales_rep",
        "agent",
        "assignee",
        "responsible",
        "staff",
        "handled_by",
        "员工",
        "員工",
        "业务员",
        "業務員",
        "销售员",
    ),
)
TEAM = Column(
    name="unit",
    kind=Kind.TEXT,
    label=_("Team or branch"),
    aliases=("team", "branch", "business_unit", "团队", "團隊", "分行", "分店", "单位", "單位"),
)
UNIT = replace(TEAM, aliases=("department", "dept", *TEAM.aliases, "部门", "部門"))
DEPARTMENT = Column(name="department", kind=Kind.TEXT, label=_("Department"), aliases=("dept", "部门", "部門"))
CHANNEL = Column(name="channel", kind=Kind.TEXT, label=_("Channel"), aliases=("渠道", "通路", "管道"))
PRODUCT = Column(
    name="product",
    kind=Kind.REFERENCE,
    to="product",
    label=_("Product"),
    aliases=("product_id", "sku", "商品编号", "产品编号", "產品編號", "商品", "产品", "產品"),
)
INITIATIVE = Column(
    name="initiative",
    kind=Kind.TEXT,
    label=_("Initiative"),
    aliases=("initiative_id", "project", "project_id", "举措", "舉措", "项目", "項目"),
)
