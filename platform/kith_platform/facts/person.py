"""Facts about a customer: what one source says of them, their consents, and every change of an attribute."""

from kith_platform.i18n import mark as _
from kith_platform.sdk.facts import Column, Fact, Kind

CUSTOMER_RECORD = Fact(
    name="customer_record",
    plural="customers",
    label=_("Customer"),
    label_plural=_("Customers"),
    occurred=None,
    of_customer=False,
    has_url=True,
    aliases=(
        "customer_id",
        "customer",
        "customer_no",
        "member_id",
        "household_id",
        "account_id",
        "client_id",
        "user_id",
        "客户编号",
        "客户号",
        "会员号",
        "客戶編號",
        "會員編號",
    ),
    columns=(
        Column(
            name="name",
            kind=Kind.TEXT,
            label=_("Name"),
            undated=True,
            aliases=("full_name", "customer_name", "account_name", "姓名", "客户名称", "客戶名稱", "公司名称"),
        ),
        Column(name="given_name", kind=Kind.TEXT, label=_("Given name"), undated=True, aliases=("first_name", "名")),
        Column(name="family_name", kind=Kind.TEXT, label=_("Family name"), undated=True, aliases=("last_name", "surname", "姓")),
        Column(
            name="kind",
            kind=Kind.TEXT,
            label=_("Kind"),
            choices=("person", "company"),
            undated=True,
            aliases=("customer_type", "客户类型"),
        ),
        Column(
            name="email",
            kind=Kind.TEXT,
            label=_("E-mail"),
            undated=True,
            aliases=("mail", "e_mail", "email_address", "邮箱", "電子郵件"),
        ),
        Column(
            name="phone",
            kind=Kind.TEXT,
            label=_("Phone"),
            undated=True,
            aliases=("mobile", "telephone", "tel", "手机", "电话", "手機", "電話"),
        ),
        Column(name="birth_year", kind=Kind.INTEGER, label=_("Birth year"), aliases=("year_of_birth", "出生年")),
        Column(name="gender", kind=Kind.TEXT, label=_("Gender"), aliases=("sex", "性别", "性別")),
        Column(name="address", kind=Kind.TEXT, label=_("Address"), undated=True, aliases=("street", "address_1", "地址")),
        Column(name="city", kind=Kind.TEXT, label=_("City"), undated=True, aliases=("suburb", "town", "城市")),
        Column(
            name="region", kind=Kind.TEXT, label=_("Region"), undated=True, aliases=("state", "province", "省份", "地区", "地區")
        ),
        Column(
            name="postcode", kind=Kind.TEXT, label=_("Postcode"), undated=True, aliases=("zip", "postal_code", "邮编", "郵遞區號")
        ),
        Column(name="country", kind=Kind.TEXT, label=_("Country"), undated=True, aliases=("国家", "國家")),
        Column(name="language", kind=Kind.TEXT, label=_("Language"), undated=True, aliases=("语言", "語言")),
        Column(
            name="since",
            kind=Kind.DATE,
            label=_("Customer since"),
            aliases=("signup_date", "registered_at", "created_at", "join_date", "注册日期", "開戶日期"),
        ),
        Column(
            name="entry_channel",
            kind=Kind.TEXT,
            label=_("Came through"),
            aliases=("referral_source", "source_channel", "来源渠道"),
        ),
        Column(
            name="owner_email",
            kind=Kind.TEXT,
            label=_("Owner's e-mail"),
            undated=True,
            aliases=("owner", "account_manager", "负责人"),
        ),
        Column(
            name="contact_of",
            kind=Kind.TEXT,
            label=_("Contact person of"),
            undated=True,
            aliases=("company_id", "parent_id", "所属公司"),
        ),
        Column(
            name="verified_at",
            kind=Kind.TIME,
            label=_("Verified at"),
            undated=True,
            aliases=("last_verified", "confirmed_at", "核实时间", "核實時間"),
        ),
        Column(
            name="is_test", kind=Kind.BOOLEAN, label=_("Test or internal"), undated=True, aliases=("test", "internal", "测试")
        ),
        Column(
            name="key_account",
            kind=Kind.BOOLEAN,
            label=_("Key account"),
            undated=True,
            aliases=("is_key_account", "大客户", "大客戶", "重点客户", "重點客戶"),
        ),
    ),
)

CONSENT = Fact(
    name="consent",
    plural="consents",
    label=_("Consent"),
    label_plural=_("Consents"),
    occurred="given_at",
    columns=(
        Column(
            name="given_at",
            kind=Kind.TIME,
            label=_("Given or refused at"),
            required=True,
            aliases=("date", "consent_date", "日期"),
        ),
        Column(name="channel", kind=Kind.TEXT, label=_("Channel"), required=True, aliases=("渠道",)),
        Column(name="purpose", kind=Kind.TEXT, label=_("Purpose"), aliases=("用途",)),
        Column(
            name="status",
            kind=Kind.TEXT,
            label=_("Status"),
            required=True,
            choices=("granted", "refused"),
            aliases=("consent", "状态"),
        ),
        Column(name="basis", kind=Kind.TEXT, label=_("Legal basis"), aliases=("依据",)),
        Column(name="text_version", kind=Kind.TEXT, label=_("Version of the text")),
        Column(name="evidence", kind=Kind.TEXT, label=_("Evidence"), aliases=("proof", "凭证")),
    ),
)

ATTRIBUTE_CHANGE = Fact(
    name="attribute_change",
    plural="attribute_changes",
    label=_("Attribute change"),
    label_plural=_("Attribute changes"),
    occurred="changed_on",
    columns=(
        Column(name="changed_on", kind=Kind.TIME, label=_("Since"), required=True, aliases=("date", "日期")),
        Column(name="attribute", kind=Kind.TEXT, label=_("Attribute"), required=True, aliases=("field", "字段")),
        Column(name="value", kind=Kind.TEXT, label=_("Value"), aliases=("值",)),
    ),
)

PERSON = (CUSTOMER_RECORD, CONSENT, ATTRIBUTE_CHANGE)
