"""How two records of people are compared, and when they are one person.

Twins, couples and namesakes agree in much that a sum of weights takes for proof, so no sum alone merges: the given name must
agree (one that is only similar says nothing where both have e-mail addresses of their own: so do twins), a contradicting birth
day forbids it, and beside the name something must agree that strangers and families do not share.
"""

# ruff: noqa: E501, S608 - SQL of our own constants; values from outside come as tables

from __future__ import annotations

from kith_platform.duplicates.levels import Field, Level, Model, alike, equal, missing, mistyped

# Names in scripts that cannot be read into one another (渡辺 and Watanabe) say nothing; Han and pinyin can.
_FOREIGN = "(script_l <> script_r AND NOT (script_l IN ('han', 'pinyin') AND script_r IN ('han', 'pinyin')))"
_LATIN = "(script_l IN ('latin', 'pinyin', 'kana') AND script_r IN ('latin', 'pinyin', 'kana'))"
_CROSSED = "damerau_levenshtein(given_sound_l, family_sound_r) + damerau_levenshtein(family_sound_l, given_sound_r)"
_SWAPPED = (
    "((given_sound_l = family_sound_r OR family_sound_l = given_sound_r) AND given_sound_l <> given_sound_r "
    f"AND {_CROSSED} <= CASE WHEN length(given_sound_l) + length(family_sound_l) >= 10 THEN 2 ELSE 0 END "
    "AND (script_l <> 'han' OR script_r <> 'han'))"
)
# One part stands where the other belongs, and the rest is another name.
_HALF_SWAPPED = "(given_sound_l = family_sound_r OR family_sound_l = given_sound_r) AND script_l <> 'han' AND script_r <> 'han'"
_ONE_INITIAL = (
    "(first_l = first_r OR (least(length(given_l), length(given_r)) = 1 AND left(given_l, 1) = left(given_r, 1) "
    "AND script_l IN ('latin', 'pinyin')))"
)
# Han characters exchanged, or one left out: 陽子 and 子陽, 翔太 and 太. Another character is another name: twins share the first.
_HAN_SLIP = (
    "(script_l = 'han' AND script_r = 'han' AND (list_sort(string_split(given_l, '')) = list_sort(string_split(given_r, '')) "
    "OR abs(length(given_l) - length(given_r)) = 1 AND (starts_with(given_l, given_r) OR starts_with(given_r, given_l) "
    "OR ends_with(given_l, given_r) OR ends_with(given_r, given_l))))"
)
_SAME_STREET = (
    "(street_l = street_r OR ends_with(street_l, street_r) OR ends_with(street_r, street_l) "
    "OR left(street_l, 1) = left(street_r, 1) AND jaro_winkler_similarity(street_l, street_r) >= 0.9)"
)
_SAME_AREA = "(coalesce(damerau_levenshtein(postcode_l, postcode_r) <= 1, true) OR coalesce(jaro_winkler_similarity(city_l, city_r) >= 0.9, false))"

GIVEN = Field(
    "given",
    f"{missing('given')} OR ({_FOREIGN} AND NOT coalesce({equal('given_sound')}, false))",
    (
        Level("exact", equal("given"), 0.78, 0.001, "given"),
        Level("sound", equal("given_sound"), 0.07, 0.002, "given_sound"),
        Level("swapped", _SWAPPED, 0.01, 0.00001),
        Level("typo", f"({_LATIN} AND {mistyped('given', 3)} OR {_HAN_SLIP})", 0.09, 0.004),
        Level("crossed", _HALF_SWAPPED, 0.01, 0.0005),
        Level("initial", _ONE_INITIAL, 0.03, 0.02),
        Level("other", "ELSE", 0.02, 0.95),
    ),
)
FAMILY = Field(
    "family",
    f"{missing('family')} OR ({_FOREIGN} AND NOT coalesce({equal('family_sound')}, false)) OR {_SWAPPED}",
    (
        Level("exact", equal("family"), 0.84, 0.003, "family"),
        Level("sound", equal("family_sound"), 0.05, 0.004, "family_sound"),
        Level("typo", f"{_LATIN} AND {mistyped('family', 4)}", 0.07, 0.003),
        Level("other", "ELSE", 0.04, 0.95),
    ),
)
BIRTH = Field(
    "birth",
    missing("birth"),
    (
        Level("exact", f"{equal('birth')} AND length(birth_l) = 8", 0.86, 0.00007),
        Level(
            "near",
            f"length(birth_l) = 8 AND length(birth_r) = 8 AND ({alike('birth', 4, 4)} AND damerau_levenshtein(birth_l, birth_r) <= 1 OR substr(birth_l, 1, 4) = substr(birth_r, 1, 4)"
            " AND substr(birth_l, 5, 2) = substr(birth_r, 7, 2) AND substr(birth_l, 7, 2) = substr(birth_r, 5, 2))",
            0.09,
            0.0015,
        ),
        Level(
            "year", "substr(birth_l, 1, 4) = substr(birth_r, 1, 4) AND least(length(birth_l), length(birth_r)) = 4", 0.03, 0.0006
        ),
        Level("other", "ELSE", 0.02, 0.997),
    ),
)
EMAIL = Field(
    "email",
    missing("email"),
    (
        Level("exact", equal("email"), 0.75, 0.00001, "email"),
        Level("local", f"{equal('local')} AND length(local_l) >= 6", 0.05, 0.0001),
        Level(
            "typo",
            f"length(local_l) >= 6 AND {alike('local', 3, 3)} AND damerau_levenshtein(email_l, email_r) <= 1",
            0.04,
            0.0001,
        ),
        Level("other", "ELSE", 0.16, 0.9998),
    ),
)
PHONE = Field(
    "phone",
    missing("phone"),
    (
        Level("exact", f"{equal('phone')} OR right(phone_l, 9) = right(phone_r, 9)", 0.7, 0.00001, "phone"),
        Level("typo", f"{alike('phone', 7, 5)} AND damerau_levenshtein(phone_l, phone_r) <= 1", 0.06, 0.0001),
        Level("other", "ELSE", 0.24, 0.9999),
    ),
)
ADDRESS = Field(
    "address",
    "street_l IS NULL OR street_r IS NULL",
    (
        Level("exact", f"{_SAME_STREET} AND house_l = house_r AND {_SAME_AREA}", 0.62, 0.00001),
        Level(
            "near",
            f"({_SAME_STREET} AND (house_l IS NULL OR house_r IS NULL OR damerau_levenshtein(house_l, house_r) <= 1 "
            f"OR starts_with(house_l, house_r) OR starts_with(house_r, house_l)) OR house_l = house_r AND length(house_l) >= 2 "
            f"AND jaro_winkler_similarity(street_l, street_r) >= 0.75) AND {_SAME_AREA}",
            0.16,
            0.0002,
        ),
        Level("other", "ELSE", 0.22, 0.9998),
    ),
)
AREA = Field(
    "area",
    "(postcode_l IS NULL OR postcode_r IS NULL) AND (city_l IS NULL OR city_r IS NULL)",
    (
        Level("postcode", equal("postcode"), 0.62, 0.003, "postcode"),
        Level("city", equal("city"), 0.18, 0.03, "city"),
        Level(
            "near",
            f"{alike('postcode', 2)} AND damerau_levenshtein(postcode_l, postcode_r) <= 1 "
            f"OR {alike('city')} AND jaro_winkler_similarity(city_l, city_r) >= 0.9",
            0.05,
            0.01,
        ),
        Level("other", "ELSE", 0.15, 0.94),
    ),
)

# Levels in words, for the verdicts below.
_GIVEN_AGREES = "given IN ('exact', 'sound', 'swapped')"
# Both are names in their own right: several families bear either. A spelling that is a hundred times rarer than the other is
# taken for an error, however many make it.
_TWO_REAL = "(least(bearers_l, bearers_r) >= 2 AND 100 * least(bearers_l, bearers_r) >= greatest(bearers_l, bearers_r))"
_GIVEN_LIKE = f"(given IN ('initial', 'crossed') OR given = 'typo' AND NOT {_TWO_REAL})"
_FAMILY_AGREES = "(family IN ('exact', 'sound', 'typo') OR given = 'swapped')"
_CONTACT = "(email = 'exact' OR phone = 'exact')"
_CONTACTS_AGAINST = "(coalesce(email = 'other', false)::int + coalesce(phone = 'other', false)::int)"
_NEARLY = "(coalesce(email IN ('local', 'typo'), false) OR coalesce(phone = 'typo', false))"
# How many of birth day, e-mail, phone and address say the same; an almost counts half.
_POINTS = (
    "(CASE birth WHEN 'exact' THEN 2 WHEN 'near' THEN 1 ELSE 0 END + CASE email WHEN 'exact' THEN 2 WHEN 'local' THEN 1 WHEN 'typo' "
    "THEN 1 ELSE 0 END + CASE phone WHEN 'exact' THEN 2 WHEN 'typo' THEN 1 ELSE 0 END + CASE address WHEN 'exact' THEN 2 "
    "WHEN 'near' THEN 1 ELSE 0 END)"
)
_AGAINST = (
    "(coalesce(email = 'other', false)::int + coalesce(phone = 'other', false)::int + coalesce(address = 'other', false)::int)"
)
# Parents are not younger than this when their children are born; records of one name in one house whose birth days lie nearer
# together are of one person, and one of the days is wrong.
_GENERATION = 15
_NOT_PARENT = f"abs(try_cast(left(birth_l, 4) AS integer) - try_cast(left(birth_r, 4) AS integer)) < {_GENERATION}"
_TWO_NAMES = f"(coalesce(given = 'other', false) OR coalesce(given = 'typo' AND {_TWO_REAL}, false))"
_OTHER_DAY = "coalesce(birth = 'other', false)"
_APART = (
    f"({_OTHER_DAY} OR {_TWO_NAMES} OR tail_l IS DISTINCT FROM tail_r "
    "OR coalesce(gender_l <> gender_r AND given <> 'exact', false))"
)
_QUIET = f"{_CONTACTS_AGAINST} = 0"  # no e-mail address and no phone number says that these are two
_AUTOMATIC = f"""
    NOT {_APART} AND (
        coalesce({_GIVEN_AGREES} AND {_FAMILY_AGREES}, false) AND (
            coalesce({_CONTACT}, false)
            OR {_NEARLY} AND {_POINTS} >= 2
            OR birth = 'exact' AND ({_POINTS} >= 3 OR {_QUIET} AND area <> 'other')
            OR birth = 'near' AND ({_POINTS} >= 3 OR {_QUIET} AND area = 'postcode')
            OR address = 'exact' AND {_AGAINST} <= 1 AND given IN ('exact', 'swapped')
        )
        OR coalesce({_GIVEN_LIKE} AND {_FAMILY_AGREES}, false) AND coalesce(email <> 'other', true) AND (
            coalesce(email = 'exact', false) AND {_AGAINST} <= 1 OR birth IN ('exact', 'near') AND {_POINTS} >= 3
            OR birth = 'exact' AND {_QUIET} AND area IN ('postcode', 'city')
            OR birth IS NULL AND address = 'exact' AND {_QUIET}
        )
        OR coalesce({_GIVEN_AGREES}, false) AND family = 'other' AND birth = 'exact'
            AND ({_POINTS} >= 3 OR {_QUIET} AND area = 'postcode')
        OR coalesce({_GIVEN_LIKE}, false) AND family = 'other' AND birth = 'exact' AND {_POINTS} >= 4
        OR given IS NULL AND family IS NULL AND coalesce(email = 'exact', false) AND one_name
        OR given IS NULL AND family IN ('exact', 'sound', 'typo') AND birth = 'exact' AND ({_POINTS} >= 3 OR area = 'postcode')
        OR family IS NULL AND given = 'exact' AND coalesce({_CONTACT}, false)
        OR family IS NULL AND ({_GIVEN_AGREES} OR {_GIVEN_LIKE}) AND birth = 'exact'
            AND ({_POINTS} >= 3 OR {_QUIET} AND area = 'postcode')
    )
    OR {_QUIET} AND tail_l IS NOT DISTINCT FROM tail_r AND (
        {_GIVEN_AGREES} AND {_FAMILY_AGREES} AND {_OTHER_DAY} AND (
            {_NOT_PARENT} AND given = 'exact' AND address = 'exact' OR days_overwritten AND address IN ('exact', 'near')
        )
        OR {_TWO_NAMES} AND coalesce({_FAMILY_AGREES}, true) AND birth = 'exact' AND names_overwritten
            AND (address IN ('exact', 'near') OR area = 'postcode' AND family IS NOT NULL)
    )"""
_REVIEW = f"""
    NOT coalesce(given = 'other', false) AND coalesce(birth, '') <> 'other'
    AND ({_POINTS} >= 1 OR given IN ('exact', 'sound') AND family IN ('exact', 'sound') AND {_AGAINST} <= 1)
    OR {_OTHER_DAY} AND given = 'exact' AND family = 'exact' AND ({_CONTACT} OR address = 'exact')
    OR coalesce(email = 'exact', false) AND ({_GIVEN_AGREES} OR {_POINTS} >= 4)"""
# Twins live in one house with one birth day, a father and his son may have one name: neither is ever more than a small share of
# the relatives who share a family name and an address. Where such pairs are several times as many as all other relatives, they
# are no relatives but records one of whose fields was overwritten. Counted on the company's own data, without labels.
_TIMES, _LEAST = 3, 5
HABITS = f"""
    WITH house AS (
        SELECT l.given_sound AS given_l, r.given_sound AS given_r, l.birth AS birth_l, r.birth AS birth_r
        FROM side l JOIN side r ON l.household = r.household AND l.id < r.id
        WHERE l.given IS NOT NULL AND r.given IS NOT NULL AND length(l.birth) = 8 AND length(r.birth) = 8
    ), kin AS (
        SELECT jaro_winkler_similarity(given_l, given_r) >= 0.8 AS one_name, damerau_levenshtein(birth_l, birth_r) <= 1 AS one_day FROM house
    ), counted AS (
        SELECT count(*) FILTER (NOT one_name AND NOT one_day) AS relatives, count(*) FILTER (one_name AND one_day) AS same,
            count(*) FILTER (NOT one_name AND one_day) AS renamed, count(*) FILTER (one_name AND NOT one_day) AS redated FROM kin
    )
    SELECT renamed >= {_LEAST} AND renamed >= {_TIMES} * relatives AND same >= {_TIMES} * renamed AS names_overwritten,
        redated >= {_LEAST} AND redated >= {_TIMES} * relatives AND same >= {_TIMES} * redated AS days_overwritten FROM counted"""

PEOPLE = Model(
    where="core IS NULL",
    fields=(GIVEN, FAMILY, BIRTH, EMAIL, PHONE, ADDRESS, AREA),
    keys=(
        "email",
        "CASE WHEN length(local) >= 6 THEN local END",
        "right(phone, 9)",
        "least(given_sound, family_sound) || '|' || greatest(given_sound, family_sound)",
        "CASE WHEN length(birth) = 8 THEN birth || left(given_sound, 1) END",
        "CASE WHEN length(birth) = 8 THEN birth || left(family_sound, 1) END",
        "given_sound || '|' || left(birth, 6)",
        "family_sound || '|' || left(birth, 4) || left(given_sound, 1)",
        "given_sound || '|' || coalesce(postcode, city)",
        "family_sound || '|' || postcode",
        "house || '|' || left(street, 6)",
        "house || '|' || postcode || '|' || left(family_sound, 1)",
        "left(given_sound, 3) || left(family_sound, 3) || '|' || coalesce(postcode, city)",
    ),
    terms={
        "given": 0.001,
        "given_sound": 0.002,
        "family": 0.003,
        "family_sound": 0.004,
        "email": 0.00001,
        "phone": 0.00001,
        "postcode": 0.003,
        "city": 0.03,
    },
    automatic=_AUTOMATIC,
    review=_REVIEW,
    apart=_APART,
    habits=HABITS,
    household="family_sound || '|' || house || '|' || postcode",
)
