"""Small files of an invented shop, made anew for each run: Chinese and European names, seasons, people who stop buying."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random

FAMILY = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴")
GIVEN = ("小明", "芳", "伟", "秀英", "娜", "敏", "静", "强", "磊", "洋")
FIRST = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Henry", "Ida", "Jonas")
LAST = ("Lindenhof", "Marlow", "Novak", "Okafor", "Pereira", "Quist", "Rossi", "Svensson", "Tanaka", "Unger")
CITIES = (("Shanghai", "CN"), ("London", "GB"), ("Lyon", "FR"), ("上海", "CN"))
PRODUCTS = (("SKU-001", "Green tea", 12.5), ("SKU-002", "Oolong", 18.0), ("SKU-003", "Teapot", 42.0), ("SKU-004", "茶杯", 9.9))
FOUND_BY_NAME = "王小明"
CUSTOMERS = 240


def names(number: int) -> str:
    """Customer `number` (from 0): the even ones have Chinese names; the first is the one that tests look for."""
    if number % 2 == 0:
        return FAMILY[number // 2 % 10] + GIVEN[number // 20 % 10]
    return f"{FIRST[number // 2 % 10]} {LAST[number // 20 % 10]}"


def _text(rows: list[list[object]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def customers(number: int = CUSTOMERS) -> bytes:
    """Customers with ids that begin with zeros, day-first dates, and one column that Kith cannot know (`Loyalty colour`)."""
    rows: list[list[object]] = [["Customer ID", "Name", "E-mail", "Phone", "City", "Country", "Customer since", "Loyalty colour"]]
    for at in range(number):
        city, country = CITIES[at % len(CITIES)]
        since = dt.date(2024, 1, 15) + dt.timedelta(days=at)
        colour = ("red", "blue", "green")[at % 3]
        rows.append(
            [
                f"{at + 1:05}",
                names(at),
                f"c{at + 1}@shop.example",
                f"+44 20 7946 {at:04}",
                city,
                country,
                f"{since:%d/%m/%Y}",
                colour,
            ]
        )
    return _text(rows)


def order_lines(today: dt.date, buyers: int = 30, *, new: int = 5, seed: int = 5) -> bytes:
    """A wide file, a line per order line, with `;`, decimal commas, customer and product columns; `new` customers are unknown.

    Two lines are wrong on purpose: a date that is none, and an amount that is none. Too few buyers to train a model on.
    """
    draw = random.Random(seed)
    rows: list[list[object]] = [
        ["Order No", "Order date", "Customer ID", "SKU", "Product", "Quantity", "Unit price", "Line total"]
    ]
    order = 1000
    for customer in [*range(buyers), *range(CUSTOMERS, CUSTOMERS + new)]:
        day = today - dt.timedelta(days=draw.randrange(200, 600))
        gap = draw.choice((20, 35, 60))
        last = today - dt.timedelta(days=draw.choice((1, 5, 30, 150)))
        while day <= last:
            order += 1
            for sku, product, price in draw.sample(PRODUCTS, draw.choice((1, 1, 2))):
                many = draw.choice((1, 1, 2, 3))
                amount, each = f"{many * price:.2f}".replace(".", ","), f"{price:.2f}".replace(".", ",")
                rows.append([f"A{order}", f"{day:%Y-%m-%d}", f"{customer + 1:05}", sku, product, many, each, amount])
            day += dt.timedelta(days=max(3, round(draw.expovariate(1 / gap))))
    rows.insert(5, ["A1", "31/02/2026", "00001", "SKU-001", "Green tea", 1, "12,50", "12,50"])
    rows.insert(9, ["A2", f"{today:%Y-%m-%d}", "00002", "SKU-001", "Green tea", 1, "12,50", "twelve"])
    return _text(rows, ";")


def tickets(today: dt.date) -> bytes:
    """A few complaints, one unsolved, of the customer whom tests look at."""
    rows: list[list[object]] = [["Ticket ID", "Customer ID", "Opened at", "Resolved at", "Subject", "Complaint"]]
    for at in range(6):
        opened = today - dt.timedelta(days=40 - 5 * at)
        solved = "" if at == 5 else f"{opened + dt.timedelta(days=2):%Y-%m-%d}"
        rows.append([f"T{at + 1}", "00001" if at % 2 else f"{at + 10:05}", f"{opened:%Y-%m-%d}", solved, "Late parcel", "yes"])
    return _text(rows)


def sales(today: dt.date) -> bytes:
    """Order lines of 26 months, sold by two people: twenty regulars who come each month, a guest who came once. In each of
    the last twelve months net sales are a fifth above those of the year before. The first product brings most.
    """
    rows: list[list[object]] = [
        ["Order No", "Order date", "Customer ID", "SKU", "Product", "Quantity", "Line total", "Sales rep"]
    ]
    months = [dt.date(year, month, 1) for year in range(today.year - 3, today.year + 1) for month in range(1, 13)]
    past = [day for day in months if day <= today][-26:]
    for back, first in enumerate(reversed(past)):
        factor = 1.2 if back < 12 else 1.0
        for who in range(20):
            sku, product, price = PRODUCTS[(who // 2) % 4 if who % 2 else 0]
            amount = f"{factor * price * 10:.2f}"
            rows.append([f"{first:%y%m}-{who}", first, f"R{who}", sku, product, 10, amount, ("Ana Sale", "Ben Sale")[who % 2]])
        sku, product, price = PRODUCTS[back % 4]
        rows.append([f"{first:%y%m}-guest", first, f"G{back}", sku, product, 1, f"{factor * price:.2f}", "Ana Sale"])
    return _text(rows)
