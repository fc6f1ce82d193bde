"""What programs read and write of the calendar."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from kith_platform.calendar.business import DAY
from kith_platform.calendar.service import LONGEST, clock


class ClockField(fields.Field[int]):
    """Minutes of the day as HH:MM; 24:00 is the day's end."""

    def _serialize(self, value: int | None, *_rest: object, **_more: object) -> str | None:
        return None if value is None else clock(value)

    def _deserialize(self, value: object, *_rest: object, **_more: object) -> int:
        hour, _, minute = str(value).partition(":")
        if hour.isdecimal() and minute.isdecimal() and int(minute) < 60 and int(hour) * 60 + int(minute) <= DAY:
            return int(hour) * 60 + int(minute)
        raise ValidationError("Give a time of the day such as 09:30; the day's end is 24:00.")


class HoursSchema(Schema):
    weekday = fields.Integer(required=True, validate=validate.Range(0, 6), metadata={"description": "0 is Monday"})
    opens = ClockField(required=True, metadata={"type": "string", "example": "09:00"})
    closes = ClockField(required=True, metadata={"type": "string", "example": "17:00"})


class ClosedDaySchema(Schema):
    day = fields.Date(required=True)
    name = fields.String(load_default="", validate=validate.Length(max=LONGEST))


class CalendarSchema(Schema):
    timezone = fields.String(metadata={"description": "the company's; hours are those of its clock"})
    hours = fields.List(fields.Nested(HoursSchema))
    closed = fields.List(fields.Nested(ClosedDaySchema), metadata={"description": "days off, all that are known"})


class NewHoursSchema(Schema):
    hours = fields.List(fields.Nested(HoursSchema), required=True, validate=validate.Length(1, 42))
