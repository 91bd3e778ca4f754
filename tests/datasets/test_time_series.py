"""Tables read as series: dialects of dates, steps, gaps, categories; what is no regular series is refused in a line."""

import re
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from common.datasets import dates, reading
from common.datasets.lines import Text
from common.datasets.time_series import Step, read_series, time_text
from common.errors import UserError
from common.task import load_task


def read(text):
    return read_series(Text(text, "a.csv"))


def table(times, values=None, header="time,x"):
    values = range(2, 2 + 3 * len(times), 3) if values is None else values
    return "\n".join([header, *(f"{time},{value}" for time, value in zip(times, values))])


@pytest.mark.parametrize(
    ("times", "first", "step", "season"),
    [
        (["2020-01-01 00:00", "2020-01-01 01:00", "2020-01-01 02:00"], "2020-01-01T00", "hour", 24),
        (["2020-01-01T00:00:00Z", "2020-01-01T00:10:00Z", "2020-01-01T00:20:00Z"], "2020-01-01T00", "10 minutes", 144),
        (["2020-01-01T00:00+02:00", "2020-01-01T01:00+02:00", "2020-01-01T02:00+02:00"], "2019-12-31T22", "hour", 24),
        (["2020-01-04", "2020-01-05", "2020-01-06"], "2020-01-04", "day", 7),
        (["30/01/2020", "31/01/2020", "01/02/2020", "02/02/2020"], "2020-01-30", "day", 7),
        (["01/30/2020", "01/31/2020", "02/01/2020", "02/02/2020"], "2020-01-30", "day", 7),
        (["21/03/30", "21/03/31", "21/04/01"], "2021-03-30", "day", 7),
        (["30/03/21", "31/03/21", "01/04/21"], "2021-03-30", "day", 7),
        (["21.03.30", "21.03.31", "21.04.01"], "2021-03-30", "day", 7),
        (["21/03/04 22:00", "21/03/04 23:00", "21/03/05 00:00"], "2021-03-04T22", "hour", 24),
        (["04/03/2021 22:00", "04/03/2021 23:00", "05/03/2021 00:00"], "2021-03-04T22", "hour", 24),
        (["03/04/2021 22:00", "03/04/2021 23:00", "03/05/2021 00:00"], "2021-03-04T22", "hour", 24),
        (["30.1.2020 6:00", "30.1.2020 12:00", "30.1.2020 18:00"], "2020-01-30T06", "6 hours", 4),
        (["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"], "2020-01-02", "business day", 5),
        (["2020-03-27T23:00Z", "2020-03-28T23:00Z", "2020-03-29T22:00Z"], "2020-03-27T23", "day", 7),
        (["2020-10-23T23:00Z", "2020-10-24T23:00Z", "2020-10-26T00:00Z"], "2020-10-23T23", "day", 7),
        (["2020-03-01T00:00Z", "2020-03-31T23:00Z", "2020-04-30T23:00Z"], "2020-03-01", "month", 12),
        (["2020-01-03", "2020-01-10", "2020-01-17"], "2020-01-03", "7 days", 52),
        (["2020-01", "2020-02", "2020-03", "2020-04"], "2020-01-01", "month", 12),
        (["2020-01-31", "2020-02-29", "2020-03-31", "2020-04-30"], "2020-01-01", "month", 12),
        (["2020-03-31", "2020-06-30", "2020-09-30", "2020-12-31"], "2020-03-01", "3 months", 4),
        (["2020022822", "2020022823", "2020022900"], "2020-02-28T22", "hour", 24),
        (["2020022823", "2020022824", "2020022901"], "2020-02-28T23", "hour", 24),
        (["202002282350", "202002290000", "202002290010"], "2020-02-28T23:50", "10 minutes", 144),
        (["31.12.2020 22:00", "31.12.2020 23:00", "31.12.2020 24:00"], "2020-12-31T22", "hour", 24),
        (["1577836800", "1577840400", "1577844000"], "2020-01-01", "hour", 24),
        (["1577836800000", "1577840400000", "1577844000000"], "2020-01-01", "hour", 24),
        (["1577836800000000", "1577840400000000", "1577844000000000"], "2020-01-01", "hour", 24),
        (["1577836800000000000", "1577840400000000000", "1577844000000000000"], "2020-01-01", "hour", 24),
        (["2001", "2002", "2003", "2004"], "2001-01-01", "12 months", 1),
        (["2020Q3", "2020Q4", "2021Q1"], "2020-07-01", "3 months", 4),
        (["Q3 2020", "Q4 2020", "Q1 2021"], "2020-07-01", "3 months", 4),
        (["2020-Q3", "2020-Q4", "2021-Q1"], "2020-07-01", "3 months", 4),
        (["2020-W52", "2020-W53", "2021-W01"], "2020-12-21", "7 days", 52),
        (["Nov-2020", "Dec-2020", "Jan-2021"], "2020-11-01", "month", 12),
        (["November 2020", "December 2020", "January 2021"], "2020-11-01", "month", 12),
        (["2020-01-06", "2020-01-05", "2020-01-04"], "2020-01-04", "day", 7),  # newest first
        (["2020-01-01 00:00:00 UTC", "2020-01-01 01:00:00 UTC", "2020-01-01 02:00:00 UTC"], "2020-01-01", "hour", 24),
        (["2020-01-01 11:00 am", "2020-01-01 12:00 pm", "2020-01-01 1:00 pm"], "2020-01-01T11", "hour", 24),
        (["2020-01-01 00:00:00.2", "2020-01-01 00:59:59.9", "2020-01-01 02:00:00.1"], "2020-01-01T00", "hour", 24),
    ],
)
def test_times_and_steps(times, first, step, season):
    series = read(table(times))
    assert (series.times[0], str(series.step), series.step.season) == (np.datetime64(first, "s"), step, season)
    assert len(series) == len(times) and np.isfinite(series.values).all()
    later = series.extended(2).times
    assert later[-1] > later[-2] > series.times[-1]


@pytest.mark.parametrize("date", dates.DATES)
@pytest.mark.parametrize("time", dates.TIMES)
def test_every_format_of_times_is_read(date, time, monkeypatch):
    given = [datetime(2024, 1, 30, 9, 5) + timedelta(days=days) for days in range(3)]
    tried = []
    read_times = pd.to_datetime
    monkeypatch.setattr(pd, "to_datetime", lambda *of, **how: tried.append(how) or read_times(*of, **how))
    texts = [one.strftime(date + time) for one in given]
    expected = [one if time else one.replace(hour=0, minute=0) for one in given]
    assert dates.read(Text("", "a.csv"), pd.Series(texts)).tolist() == expected
    assert len(tried) < 15  # only formats of its shape: to try all of them took 10 ms a file


def test_a_week_that_a_year_lacks_is_refused():
    with pytest.raises(UserError, match=r"line 4, has the time '2021-W53', unlike '2021-W51' in line 2"):
        read(table(["2021-W51", "2021-W52", "2021-W53"]))


def test_time_in_several_columns():
    series = read("No,year,month,day,hour,x\n1,2020,2,28,22,5\n2,2020,2,28,23,6\n3,2020,2,29,0,8\n")
    assert series.columns == ("x",)  # a column that counts the rows is left out
    assert str(series.times[-1]) == "2020-02-29T00:00:00"
    with pytest.raises(UserError, match=r"line 3, has the time '2020-2-30 23:00', unlike '2020-2-28 22:00' in"):
        read("year,month,day,hour,x\n2020,2,28,22,5\n2020,2,30,23,6\n2020,2,29,0,8\n")


@pytest.mark.parametrize(
    ("days", "times", "last"),
    [
        (["2020-02-28", "2020-02-28", "2020-02-29"], ["12:00", "18:00", "00:00"], "2020-02-29T00:00:00"),
        (["28/02/2020", "28/02/2020", "28/02/2020"], ["9:00:00", "9:30:00", "10:00:00"], "2020-02-28T10:00:00"),
        (["2020-02-28"] * 3, [f"2020-02-28 0{hour}:00" for hour in range(3)], "2020-02-28T02:00:00"),
        (["28/02/2020"] * 3, ["9.00.00", "9.30.00", "10.00.00"], "2020-02-28T10:00:00"),
        (["28.02.2020"] * 3, ["9.00", "9.30", "10.00"], "2020-02-28T10:00:00"),
        (["20200228"] * 3, ["080000", "090000", "100000"], "2020-02-28T10:00:00"),
        (["2020-02-28"] * 3, ["0", "100", "200"], "2020-02-28T02:00:00"),
        (["2020-02-28"] * 3, ["8.0", "9.0", "10.0"], "2020-02-28T10:00:00"),
        (["2020-02-28T00:00:00"] * 3, ["22", "23", "24"], "2020-02-29T00:00:00"),
        (["02/28/2020"] * 3, ["9:00 PM", "10:00 PM", "11:00 PM"], "2020-02-28T23:00:00"),
        (["2020-02-28"] * 3, ["08:00", "", "10:00"], None),
        (["28/02/2020"] * 3, ["08:00", "", "10:00"], None),
        (["2020-02-28"] * 3, ["59", "60", "61"], None),
    ],
)
def test_a_column_of_dates_beside_one_of_times(days, times, last):
    for names in ("Time,Date", "<TIME>,<DATE>", "HR,Date", "hour,day", "HHMM,timestamp"):
        if names != "Time,Date" and len(times[0]) > 10:
            continue
        text = f"{names},x\n" + "".join(f"{time},{day},{n}\n" for n, (day, time) in enumerate(zip(days, times), 5))
        if last is None:
            with pytest.raises(
                UserError, match=r"line [23], has the time '(?:2020-02-28|28/02/2020) (?:59:00|60:00)?'"
            ):
                read(text)
        else:
            assert str(read(text).times[-1]) == last and read(text).columns == ("x",)


def test_an_hour_beside_dates_that_do_not_recur_is_a_measurement():
    series = read("date,hour\n2020-02-28,5\n2020-02-29,7\n2020-03-01,4\n")
    assert series.columns == ("hour",) and str(series.step) == "day"
    assert read("date,time\n2020-02-28,5\n2020-02-29,7\n2020-03-01,4\n").columns == ("time",)


@pytest.mark.parametrize("clock", ["hour", "hr", "hh", "time"])
def test_hours_of_the_year_month_and_day(clock):
    series = read(f"year,month,day,{clock},x\n2020,2,28,23,5\n2020,2,28,24,6\n2020,2,29,1,8\n")
    assert series.columns == ("x",) and str(series.step) == "hour"
    series = read("year,month,day,hour,minute,x\n2020,2,28,23,30,5\n2020,2,29,0,0,6\n2020,2,29,0,30,8\n")
    assert series.columns == ("x",) and str(series.step) == "30 minutes"


def test_empty_columns_at_the_end_are_left_out():
    series = read(
        "Date;Time;CO(GT);;\n13/03/2004;18.00.00;2,6;;\n13/03/2004;19.00.00;2;;\n13/03/2004;20.00.00;2,2;;\n;;;;\n"
    )
    assert series.columns == ("CO(GT)",) and series.values[:, 0].tolist() == pytest.approx([2.6, 2, 2.2])


@pytest.mark.parametrize("places", ["52.5,13.4,GMT", "52.5,13.4,GMT\n"])
def test_a_header_below_as_many_cells_is_seen(places):
    rows = "time,temperature,rain\n2024-01-01T00:00,3.4,0\n2024-01-01T01:00,3,0\n"
    text = f"latitude,longitude,timezone\n{places}\n\n{rows}"
    with pytest.raises(UserError, match=r"line [45], looks like the header: take out what is above it"):
        read(text)


def test_parts_of_a_time_without_its_year_are_no_times():
    with pytest.raises(UserError, match=r"line 2, has the time '2': write it as 2017-09-01"):
        read("month,day,x\n2,27,5\n2,28,6\n3,1,8\n")


@pytest.mark.parametrize("name", ["stock_forecast", "weather_forecast"])
@pytest.mark.parametrize("row", ["{},{}.5,9\n", "2024-01-01T09:00:00Z,{}%\n", "12/31/24,${}\n"])
def test_a_series_without_a_header(name, row):
    text = "".join(row.format(1577836800 + 86400 * n, 100 + n % 7) for n in range(90))
    with pytest.raises(UserError, match="line 1, looks like data: add a header line with the names of the columns"):
        load_task(name).own_file.read(Text(text, "a.csv", ".csv"), True)


@pytest.mark.parametrize("name", ["stock_forecast", "weather_forecast"])
def test_a_series_in_json(name):
    with pytest.raises(UserError, match=r"a\.json is JSON: write it as CSV"):
        load_task(name).own_file.read(Text('[{"date": "2020-01-01", "close": 1}]', "a.json", ".json"), True)


@pytest.mark.parametrize("name", ["Date Time", "date_time", "Date/Time", "valid_time", "unix"])
def test_names_of_the_column_of_times(name):
    assert read(table(["2020-01-01", "2020-01-02", "2020-01-03"], header=f"{name},x")).columns == ("x",)


def test_missing_rows_and_cells_are_nan_and_filled_from_before():
    series = read(table(["2020-01-01", "2020-01-02", "2020-01-04", "2020-01-05"], ["NA", 3, "", 7]))
    assert series.values[:, 0].tolist() == pytest.approx([np.nan, 3, np.nan, np.nan, 7], nan_ok=True)
    assert series.filled[:, 0].tolist() == pytest.approx([np.nan, 3, 3, 3, 7], nan_ok=True)


def test_series_that_differ_in_one_value_have_different_representations():
    days = pd.date_range("2020-01-01", periods=3000).strftime("%Y-%m-%d")
    values = np.sin(np.arange(3000))
    one, same = read(table(days, values)), read(table(days, values))
    values[1500] = 0.5
    other = read(table(days, values))
    assert repr(one) == repr(same) != repr(other) and repr(one[:1500]) == repr(other[:1500])


def test_words_become_columns_of_zeros_and_ones():
    times = ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]
    series = read(table(times, ["NW", "cv", "NA", "NW"], "time,wind"))
    assert series.columns == ("wind=NW", "wind=cv")
    assert series.values[:, 0].tolist() == pytest.approx([1, 0, np.nan, 1], nan_ok=True)


def test_the_winds_are_words():
    winds = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW calm variable".split()
    days = pd.date_range("2020-01-01", periods=len(winds)).strftime("%Y-%m-%d")
    assert len(read(table(days, winds, "time,wind")).columns) == 18


def test_m_among_numbers_is_missing_and_among_words_a_word():
    with reading.reading(reading.Reading()) as said:
        series = read("time,rain,sex\n2020-01-01,M,M\n2020-01-02,M,F\n2020-01-03,0.5,M\n2020-01-04,M,M\n")
    assert series.values.tolist() == [
        pytest.approx(row, nan_ok=True) for row in ([np.nan, 0, 1], [np.nan, 1, 0], [0.5, 0, 1], [np.nan, 0, 1])
    ]
    assert "a.csv: rain is M in 3 rows, which are taken as missing." in said.warnings


@pytest.mark.parametrize("marker", ["T", "<0.1", "trace", ">25"])
def test_markers_among_numbers_are_refused_however_many(marker):
    problem = f"line 3, has the rain {marker!r}: write numbers as 1234.5, and leave missing ones empty"
    for cells in (["0.5", *[marker] * 5], ["0.5", marker, *["1"] * 4]):
        with pytest.raises(UserError, match=problem):
            read(table([f"2020-01-0{day}" for day in range(1, 7)], cells, "time,rain"))


@pytest.mark.parametrize(("unit", "shown"), [("%", "%"), (" °C", "°C"), ("µg/m³", "µg/m³"), (" K", "K"), (" m3", "m3")])
def test_a_unit_that_all_numbers_share_is_left_out(unit, shown):
    days = ["2020-01-01", "2020-01-02", "2020-01-03"]
    with reading.reading(reading.Reading()) as said:
        assert read(table(days, [f"1.5{unit}", "", f"-2{unit}"])).filled[:, 0].tolist() == [1.5, 1.5, -2]
    assert said.decisions["a.csv"]["unit of x"] == shown
    with pytest.raises(UserError, match=r"line 2, has the x '1\.5"):
        read(table(days, [f"1.5{unit}", "2 inch", "3"]))


def test_commas_as_decimal_points():
    series = read("Datum;time;x\n1,5;2020-01-01;-0,5\n2,5;2020-01-02;1\n3,5;2020-01-03;12,25\n")
    assert series.values.tolist() == [[1.5, -0.5], [2.5, 1.0], [3.5, 12.25]]


def test_columns_are_found_in_any_case_and_with_spaces():
    series = read(table(["2020-01-01", "2020-01-02", "2020-01-03"], header="time,Sea Level"))
    assert series.column("sea_level") == 0
    with pytest.raises(UserError, match=r"no column 'sea' of numbers. It has: Sea Level"):
        series.column("sea")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x,y\n1,2\n3,4\n5,6\n", "has no column of times. It has: x, y"),
        (table(["2020-01-01", "2020-01-02"]), "has 2 rows below its header"),
        (table(["2020-01-01", "soon", "2020-01-03"]), "line 3, has the time 'soon'"),
        (table(["02/01/2020", "03/01/2020", "04/01/2020"]), "'02/01/2020': is that 2020-01-02 or 2020-02-01? Write"),
        (table(["21/03/04", "21/03/05", "21/03/06"]), "'21/03/04': is that 2004-03-21 or 2021-03-04?"),
        (table(["2020-01-01", "2020-01-02", "2020-01-02"]), "line 4, has the time 2020-01-02 00:00:00, which occurs"),
        (table(["2020022822", "2020022823", "2020023000"]), "line 4, has the time '2020023000', unlike '20200228"),
        (table(["9999-12-31 22:00", "9999-12-31 23:00", "9999-12-31 24:00"]), "line 4, has the time '9999-12-31 24"),
        (table([f"2020-03-01 0{hour}:00 CET" for hour in range(3)]), "leave CET out and give times"),
        (table([f"2020-01-0{n // 2} 00:00" for n in range(2, 8)], [f"{'AB'[n % 2]},{n}.5" for n in range(6)],
               "time,station,x"),
         "a.csv: column station holds 2 series (A, B): give one series a file."),
        (table([f"2020-01-0{n % 3 + 1}" for n in range(6)], [f"{(7, 12)[n // 3]},{n * n}.5" for n in range(6)],
               "time,id,x"),
         "a.csv: column id holds 2 series (12, 7): give one series a file."),
        (table(["18:00", "19:00", "20:00"]), "line 2, has the time '18:00': write it as 2017-09-01"),
        (table(["2020-01-01", "2020-01-03", "2020-01-02", "2020-01-04"]), "00:00:00, which is out of order"),
        (table(["2020-01-01 00:00", "2020-01-01 01:00", "2020-01-01 02:00", "2020-01-01 02:30"]),
         "line 5, has the time 2020-01-01 02:30:00, off the step of hour that most rows keep: round the times to it"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], [1, "2 m", 3]), "line 3, has the x '2 m'"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], [1, "inf", 3]), "line 3, has the x 'inf'"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], ['"+0050,1"', '"-0011,1"', '"+0103,1"']),
         "line 2, has the x '+0050,1': write numbers"),
        (table([f"2020-01-01 {hour:02}:00-{hour + 1:02}:00" for hour in range(8, 18)]),
         "line 2, has the span of time '2020-01-01 08:00-09:00': keep its beginning"),
        (table([f"01.01.2020 {hour:02}:00 - 01.01.2020 {hour + 1:02}:00" for hour in range(8, 18)]),
         "line 2, has the span of time '01.01.2020 08:00 - 01.01.2020 09:00': keep its beginning"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], ["2020-01-02", "2020-01-03", "2020-01-04"], "time,end"),
         "line 2, has the end '2020-01-02', a time beside that of the row: take out the column"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], ["1.2.3", "1.2.4", "1.2.5"]), "'1.2.3': write numbers"),
        ("# a\n" + table(["2020-01-01", "2020-01-02", "2020-01-03"]).replace(",", ";"),
         "line 1, is a comment: take out the lines above the header"),
        ("#a,b\n#c,d\n" + table(["2020-01-01", "2020-01-02", "2020-01-03"]), "line 1, is a comment"),
        (table(["2020-01-01", "2020-01-02", "2021-01-03"]), "cut off the part that is full of gaps"),
        ("time,x\n2020-01-01,1\n2020-01-02\n2020-01-03,3\n", "line 3, has 1 cells, the header has 2"),
        ("Station,Riga\n\n" + table(["2020-01-01", "2020-01-02"], ["1,2", "3,4"], "time,x,y"),
         "line 1, stands above the header, which is line 3: take out what is above it"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], ["1,5", "2,5", "3,5"]), "line 2, has 3 cells, the header"),
        (table(["", "2020-01-02", "2020-01-03"]), "line 2, has the time '', unlike '2020-01-02' in line 3: write it"),
        (table(["2001", "2002", "2003"], ["1,2,3,4,5,6,7,8,9,1,2,3"] * 3,
               "Year,January,Feb,Mar,Apr,May,Jun,Jul,Aug,Sept,Oct,Nov,Dec"),
         "has a column for each month: a series has"),
        ("time,x,X\n2020-01-01,1,1\n2020-01-02,2,2\n2020-01-03,5,5\n", "two columns of one name"),
        (table(["2020-01-01", "2020-01-02", "2020-01-03"], ["", "NA", ""]), "no column of numbers"),
        (table([f"2020-01-{day}" for day in range(10, 30)], [f"fog {chr(97 + n)}" for n in range(20)]),
         "column x holds 20 different words, such as 'fog a': at most 18"),
    ],
)  # fmt: skip
def test_what_is_no_series_is_refused_in_one_line(text, problem):
    with pytest.raises(UserError, match=re.escape(problem)) as caught:
        read(text)
    assert "\n" not in str(caught.value) and "a.csv" in str(caught.value)


def test_a_far_time_makes_no_rows_before_it_is_refused():
    """A row a second for a hundred years would take 25 GB."""
    with pytest.raises(UserError, match="cut off the part that is full of gaps"):
        read(table(["1920-01-01 00:00:00", "1920-01-01 00:00:01", "1920-01-01 00:00:02", "2020-01-01 00:00:00"]))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,234.5", "2", "-1,000.25"], [1234.5, 2, -1000.25]),
        (["1.234,5", "2", "-1.000,25"], [1234.5, 2, -1000.25]),
        (["1 234,5", "2", "3"], [1234.5, 2, 3]),
        (["0.001", "1.021", "-5"], [0.001, 1.021, -5]),
        (["1e3", ".5", "+2"], [1000, 0.5, 2]),
        (["−1.5", "−.5", "−2"], [-1.5, -0.5, -2]),
        (["0,5", "-0,25", "007"], [0.5, -0.25, 7]),
    ],
)
def test_numbers_as_spreadsheets_write_them(cells, numbers):
    rows = "".join(f"2020-01-0{day};{cell}\n" for day, cell in enumerate(cells, 1))
    assert read("time;x\n" + rows).values[:, 0].tolist() == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        (["99,52;62.930", "98,1;871", "97;63.001"], [62930, 871, 63001]),
        (["1.013,2;1.013", "1.014;1.014", "998,7;1.021"], [1013, 1014, 1021]),
        (["99.52;62.930", "98.1;871.125", "97;63.001"], [62.93, 871.125, 63.001]),
        (["99.5;1,250", "98.1;871", "97;63,001"], [1250, 871, 63001]),
        (["1;0,834", "2;1,021", "3;0,998"], [0.834, 1.021, 0.998]),
        (["1;58,46,379", "2;1,00,000.5", "3;5,000"], [5846379, 100000.5, 5000]),
        (["99,52;0.125", "98,1;1.021", "97;63.001"], [0.125, 1.021, 63.001]),
        (["4;62.930", "5;871.125", "6;63.001"], [62.93, 871.125, 63.001]),
    ],
)
def test_one_column_shows_how_another_is_written(rows, numbers):
    text = "time;x;y\n" + "".join(f"2020-01-0{day};{row}\n" for day, row in enumerate(rows, 1))
    assert read(text).values[:, -1].tolist() == pytest.approx(numbers)


def test_columns_that_contradict_each_other_decide_nothing():
    with pytest.raises(UserError, match=r"line 2, has the z '62.930', in which the point may separate"):
        read("time;x;y;z\n2020-01-01;99,52;0.5;62.930\n2020-01-02;98,1;1.5;871\n2020-01-03;97,3;2.5;63.001\n")


def test_what_looks_wrong_is_said():
    days = [f"2020-01-{day:02}" for day in range(1, 11)]
    cells = [f"{day},{'' if day > 3 else day},{-999 if day == 5 else day},7" for day in range(3, 13)]
    with reading.reading(reading.Reading()) as said:
        read(table([*days[:8], "2020-01-11", "2020-01-12"], cells, "time,a,b,c,d"))
    assert said.decisions["a.csv"]["step between rows"] == "day"
    shown = " | ".join(said.warnings)
    for warning in (
        "2 of 12 rows, one every day, are missing",
        "b is empty in 9 of 10",
        "c is -999 in 1 rows",
        "d never",
    ):
        assert warning in shown
    assert len(said.warnings) == 5  # what is there of b never changes either


@pytest.mark.parametrize(("value", "times"), [(-200, 2), (9999.9, 2), (-99.99, 1), (40, 0), (0, 0)])
def test_values_far_from_the_others_are_said(value, times):
    days = pd.date_range("2020-01-01", periods=30).strftime("%Y-%m-%d")
    cells = [value if day in (7, 8)[: times or 2] else 20.5 + day * 7 % 20 for day in range(30)]
    with reading.reading(reading.Reading()) as said:
        read(table(days, cells))
    assert [f"x is {value:g} in {times} rows" in warning for warning in said.warnings] == [True] * bool(times)


def test_a_time_is_written_no_finer_than_the_step():
    time = np.datetime64("2020-01-01T06:00:00")
    texts = [time_text(time, Step(*step)) for step in ((3600, "second"), (86400, "second"), (1, "month"))]
    assert texts == ["2020-01-01 06:00", "2020-01-01", "2020-01"]
