"""Prices as providers write them: read correctly or refused in one line that shows the line; oddities are reported."""

import re

import numpy as np
import pytest

from common.datasets import reading
from common.datasets.prices import PriceSeries, read_prices
from common.errors import UserError

DAYS = ("2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07")  # Thursday to Tuesday


@pytest.fixture
def prices(tmp_path):
    """Reads a text as a file; the notes are in `prices.said`."""

    def read(text, name="a.csv"):
        path = tmp_path / name
        path.write_text(text)
        with reading.reading(reading.Reading()) as read.said:
            return read_prices(path)

    return read


def table(header, *columns):
    return "\n".join([header, *(",".join(map(str, cells)) for cells in zip(*columns, strict=True))])


ALPHA = table(
    "timestamp,open,close,adjusted_close,volume", DAYS, [9] * 4, [400, 404, 408, 102], [100, 101, 102, 102], [1] * 4
)
YFINANCE = (
    "Price,Adj Close,Close,Volume\nTicker,AAPL,AAPL,AAPL\nDate,,,\n"
    + "\n".join(f"{day},{100 + n},{98 + n},{n}" for n, day in enumerate(DAYS))
)  # fmt: skip
INVESTING = (
    '"Date","Price","Open","Vol.","Change %"\n"Jan 07, 2020","1,003.50","1.00","1.5M","0.3%"\n'
    '"Jan 06, 2020","999.00","1.00","900K","-0.2%"\n"Jan 03, 2020","1,001.25","1.00","-","0.1%"\n'
)
NASDAQ = "Date,Close/Last,Volume,Open\n01/14/2020,$103.5,40,$1\n01/13/2020,$102.25,30,$1\n01/10/2020,$101,20,$1\n"
GERMAN = "Datum;Date;Schluss;Close\n1;02.01.2020;x;1.003,50\n2;03.01.2020;x;998,25\n3;06.01.2020;x;1.001,00\n"


@pytest.mark.parametrize(
    ("text", "close", "volume"),
    [
        (ALPHA, [100, 101, 102, 102], [1, 1, 1, 1]),
        (ALPHA.replace("adjusted_close", "Adj. Close"), [100, 101, 102, 102], [1, 1, 1, 1]),
        (ALPHA.replace("adjusted_close", "adjClose"), [100, 101, 102, 102], [1, 1, 1, 1]),
        (ALPHA.replace("close,adjusted_close", "4. close,5. adjusted close"), [100, 101, 102, 102], [1, 1, 1, 1]),
        (YFINANCE, [100, 101, 102, 103], [0, 1, 2, 3]),
        ("Ticker,A,A\nPrice,Close,Volume\nDate,,\n2020-01-02,9,3\n2020-01-03,8,4\n", [9, 8], [3, 4]),
        (YFINANCE.replace("Price,", "Date,"), [100, 101, 102, 103], [0, 1, 2, 3]),
        ("unix,close,symbol\n1577923200000,9,A\n1578009600000,8,A\n", [9, 8], None),
        (INVESTING, [1001.25, 999, 1003.5], [0, 900_000, 1_500_000]),
        (INVESTING.replace("1.5M", "-").replace("900K", "-"), [1001.25, 999, 1003.5], [0, 0, 0]),
        (NASDAQ, [101, 102.25, 103.5], [20, 30, 40]),
        (GERMAN, [1003.5, 998.25, 1001], None),
        (table("Date,Close,Adj Close", DAYS, [1, 2, 3, 4], [""] * 4), [1, 2, 3, 4], None),
        (table("date,last,symbol", DAYS, [1, 2, 3, 4], ["ABC"] * 4), [1, 2, 3, 4], None),
        (table("Date,Market,Close,Volume", DAYS, ["NYSE"] * 4, [1, 2, 3, 4], [5] * 4), [1, 2, 3, 4], [5] * 4),
        (table("Date,Close", DAYS, ["98.125", "99", "99.250", "98"]), [98.125, 99, 99.25, 98], None),
        (table("Date,Close", DAYS, ["1'021.50", "998 USD", "€1 003", "1.0e3"]), [1021.5, 998, 1003, 1000], None),
        (table('Date,Close', DAYS, ['"1,021"', "998", '"1,003"', "995"]), [1021, 998, 1003, 995], None),
        ("Date;Open;Close;Volume\n2020-01-02;1.003,5;998;62.930\n2020-01-03;998,5;1.003;7.001\n",
         [998, 1003], [62930, 7001]),
        ('Date,Close,Volume\n2020-01-02,"0,834",1\n2020-01-03,"1,003",2\n', [0.834, 1.003], [1, 2]),
        (table("Date,Close,Volume", DAYS, ['"1,021"', '"1,003"', '"1,007"', '"1,011"'], ['"58,46,379"'] * 4),
         [1021, 1003, 1007, 1011], [5846379] * 4),
        ("<TICKER>,<DATE>,<TIME>,<CLOSE>,<VOL>\nA.US,20200102,153000,9,3\nA.US,20200102,153500,8,4\n", [9, 8], [3, 4]),
        ("<TICKER>,<DATE>,<TIME>,<CLOSE>,<VOL>\nA.US,20200102,000000,9,3\nA.US,20200103,000000,8,4\n", [9, 8], [3, 4]),
        ("Datetime,Time,Close\n2020-01-02 14:00,14:00,9\n2020-01-02 15:00,15:00,8\n", [9, 8], None),
        ("Date,Hour,Close\n2020-01-02,14,9\n2020-01-02,15,8\n", [9, 8], None),
        (table("Date,Close", DAYS, ["1", "null", "3", "N/A"]), [1, 3], None),
        ("\n\n" + table(",Close,,", DAYS, [1, 2, 3, 4], [""] * 4, [""] * 4), [1, 2, 3, 4], None),
    ],
)  # fmt: skip
def test_what_providers_write(prices, text, close, volume):
    series = prices(text)
    assert series.close.tolist() == close
    assert (None if series.volume is None else series.volume.tolist()) == volume
    assert (np.diff(series.dates) > np.timedelta64(0)).all()


@pytest.mark.parametrize(
    ("dates", "first", "step", "following"),
    [
        (DAYS, "2020-01-02", "business day", ["2020-01-08", "2020-01-09"]),
        (DAYS[::-1], "2020-01-02", "business day", ["2020-01-08", "2020-01-09"]),
        (["2020-01-03", "2020-01-04", "2020-01-05"], "2020-01-03", "day", ["2020-01-06", "2020-01-07"]),
        (["2020-01-06", "2020-01-13", "2020-01-20"], "2020-01-06", "7 days", ["2020-01-27", "2020-02-03"]),
        (["2020-01-31", "2020-02-29", "2020-03-31"], "2020-01-31", "month", ["2020-04-30", "2020-05-31"]),
        (["2020-01-01", "2020-02-01", "2020-03-01"], "2020-01-01", "month", ["2020-04-01", "2020-05-01"]),
        (["2020-01-30", "2020-04-30", "2020-07-30"], "2020-01-30", "3 months", ["2020-10-30", "2021-01-30"]),
        (["13/01/2020", "14/01/2020", "15/01/2020"], "2020-01-13", "business day", ["2020-01-16", "2020-01-17"]),
        (["01/13/2020", "01/14/2020", "01/15/2020"], "2020-01-13", "business day", ["2020-01-16", "2020-01-17"]),
        (["31/01/2020", "03/02/2020", "04/02/2020"], "2020-01-31", "business day", ["2020-02-05", "2020-02-06"]),
        (["05/01/2020", "03/02/2020", "04/03/2020"], "2020-01-05", "month", ["2020-04-04", "2020-05-04"]),
        (["13-Jan-20", "14-Jan-20", "15-Jan-20"], "2020-01-13", "business day", ["2020-01-16", "2020-01-17"]),
        (["20200113", "20200114", "20200115"], "2020-01-13", "business day", ["2020-01-16", "2020-01-17"]),
        (["1578873600", "1578960000", "1579046400"], "2020-01-13", "business day", ["2020-01-16", "2020-01-17"]),
        # A day of trade keeps its date, wherever the exchange is and whatever its clocks did in between.
        (["2020-03-27T00:00:00+09:00", "2020-03-30T00:00:00+09:00", "2020-03-31T00:00:00+09:00"], "2020-03-27",
         "business day", ["2020-04-01", "2020-04-02"]),
        (["2020-03-06 00:00:00-05:00", "2020-03-09 00:00:00-04:00", "2020-03-10 00:00:00-04:00"], "2020-03-06",
         "business day", ["2020-03-11", "2020-03-12"]),
        (["2020-03-05T21:00:00Z", "2020-03-06T21:00:00Z", "2020-03-09T20:00:00Z", "2020-03-10T20:00:00Z"], "2020-03-05",
         "business day", ["2020-03-11", "2020-03-12"]),
        (["2020-03-06T00:00:00Z", "2020-03-28T00:00:00Z", "2020-03-28T23:00:00Z", "2020-03-29T23:00:00Z"], "2020-03-06",
         "day", ["2020-03-31", "2020-04-01"]),
        (["2020-01-02 15:50", "2020-01-02 15:55", "2020-01-03 15:50", "2020-01-03 15:55"], "2020-01-02T15:50:00",
         "5 minutes", ["2020-01-06 15:50", "2020-01-06 15:55"]),
        (["2020-01-03 22:00:00.2", "2020-01-03 22:59:59.9", "2020-01-04 00:00:00.1"], "2020-01-03T22:00:00", "hour",
         ["2020-01-04 01:00", "2020-01-04 02:00"]),
        (["2020-01-03 22:00", "2020-01-03 23:00", "2020-01-04 00:00"], "2020-01-03T22:00:00", "hour",
         ["2020-01-04 01:00", "2020-01-04 02:00"]),
    ],
)  # fmt: skip
def test_the_step_and_what_comes_next(prices, dates, first, step, following):
    series = prices(table("Date,Close", dates, range(5, 5 + len(dates))))
    assert (str(series.dates[0]), str(series.step)) == (first, step)
    assert series.following(2) == following
    assert prices.said.decisions["a.csv"]["step between rows"] == step


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (table("Date,Close", DAYS, [1, 0, 1, 1]), r"line 3, has the price 0: prices must be above 0.*TASK=weather_f"),
        (table("Date,Close", DAYS, [1, 1, -4, 1]), "line 4, has the price -4: prices must be above 0"),
        (table("Date,Close", DAYS, [1, "inf", 1, 1]), "line 3, has the price 'inf': write numbers as 1234.5"),
        (table("Date,Close", DAYS, [1, "1e999", 1, 1]), "line 3, has the price '1e999'"),
        (table("Date,Close", DAYS, [1, "x", 1, 1]), "line 3, has the price 'x'"),
        (table("Date,Close", DAYS, ["998", "1.021", "1.003", "995"]), "line 3, has the price '1.021' beside '998': "),
        ("Date;Close;Vol.\n2020-01-02;98.125;1,5M\n2020-01-03;99;1,2M\n2020-01-06;99.250;1,1M\n",
         "line 2, has the price '98.125', in which the point may separate"),
        (table("Date,Close", DAYS, ['"1,021"'] * 4), "line 2, has the price '1,021', in which the comma may separate"),
        (table("Date,Close,Adj Close", DAYS, [1, 2, 3, 4], [1, "", 3, ""]), "line 3, has a Close and no Adj Close"),
        (table("Date,Close,Name", DAYS, [1, 2, 3, 4], "AABB"), r"column Name holds 2 stocks \(A, B\): give one stock"),
        (YFINANCE.replace("Ticker,AAPL", "Ticker,MSFT"), "column Ticker holds 2 stocks"),
        (table("Date,Close", ["2020-13-01", *DAYS[1:]], [1, 1, 1, 1]),
         "line 2, has the time '2020-13-01', unlike '2020-01-03' in line 3: write it as 2017-09-01"),
        (table("Date,Close", [*DAYS[:3], "-0001-01-07"], [1, 1, 1, 1]),
         "line 5, has the time '-0001-01-07', unlike '2020-01-02' in line 2"),
        (table("Date,Close", [*DAYS[:2], "07/01/2020", "08/01/2020"], [1, 1, 1, 1]),
         "line 4, has the time '07/01/2020', unlike '2020-01-02' in line 2"),
        (table("Date,Close,Close", DAYS, [1] * 4, [2] * 4), "has more than one column 'Close'. It has: Date, "),
        ("Ticker: A\n\n" + table("Date,Close", DAYS, [1] * 4), "line 1, stands above the header, which is line 3"),
        (table("Date,Close", ["", *DAYS[1:]], [1, 1, 1, 1]), "line 2, has an empty Date"),
        (table("Date,Close", ["02/01/2020", "03/01/2020"], [1, 1]), r"line 2, has the time '02/01/2020': is that"),
        (table("Date,Close", [*DAYS[:3], DAYS[2]], [1, 1, 1, 1]), "line 5, has the date 2020-01-06, which occurs"),
        (table("Date,Close", [DAYS[0], DAYS[2], DAYS[1], DAYS[3]], [1] * 4), "line 4, has .* out of order beside"),
        (table("Date,Close", ["2020-01-01", "2020-01-02", "2020-01-07", "2020-03-03", "2020-09-01", "2022-01-01"],
               [1] * 6), "line 4, has the date .*the most common step is"),
        (table("Date,Close,Volume", DAYS, [1] * 4, [1, -1, 1, 1]), "line 3, has the volume -1"),
        (table("Date,Close,Market", DAYS, [1] * 4, [1, "high", 1, 1]), "line 3, has the market 'high'"),
        (table("Date,Close", DAYS, [""] * 4), "holds nothing to read: no row has a price"),
        (table("Date,Open", DAYS, [1] * 4), "has no column 'Close' or 'Adj Close'. It has: Date, Open"),
        (table("+/- %,Datum,Close", [1] * 4, DAYS, [1] * 4), r"no column 'Date'. It has: \+/- %, Datum, Close"),
        ("Security,A,\n" + table("Date,Close,Volume", DAYS, [1] * 4, [1] * 4), "no column 'Date'. It has: Security"),
        (table("When,Close", DAYS, [1] * 4), "has no column 'Date'. It has: When, Close"),
        ("Date,Close\n", "has a header and no rows"),
        ("Date,Close\n2020-01-01,1,2\n", "line 2, has 3 cells, the header has 2"),
    ],
)  # fmt: skip
def test_what_is_no_series_of_prices_is_refused_in_one_line(prices, text, problem):
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*a\.csv.*{problem}") as caught:
        prices(text)
    assert re.fullmatch(r"\S.*\S", str(caught.value))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            table("Date,Close", DAYS, [500, 505, 101, 102]),
            r"line 4: the price changes by -80% in one step, on 2020-01-06",
        ),
        (table("Date,Close", [*DAYS[:3], "2022-01-07"], [1, 1.1, 1.2, 1.3]), "line 5: 732 days without a price end"),
        (table("Date,Close", DAYS, [1, 1, 1, 1]), "the price never moves"),
        (
            table("Date,Close", DAYS, ["21.533", "21.601", "21.488", "21.750"]),
            "the price 21.533 is read with a decimal point: if that separates thousands, write 21533",
        ),
        (
            table(
                "time,close", [1577890800 + 86400 * day for day in (0, 1, 4, 5, 6, 7, 8, 11)], [5, 6, 7, 6, 5, 6, 7, 6]
            ),
            "days of trade are Sunday to Thursday, at 15:00:00",
        ),
    ],
)
def test_what_looks_wrong_is_said(prices, text, warning):
    prices(text)
    assert len(prices.said.warnings) == 1
    assert re.search(warning, prices.said.warnings[0])


def test_a_part_keeps_what_the_whole_is():
    days = np.array(["2020-01-06", "2020-01-13", "2020-01-20"], "datetime64[D]")
    series = PriceSeries("A", days, np.array([1.0, 2, 3]), np.array([4.0, 5, 6]))
    assert series[1:].volume.tolist() == [5, 6] and series[:2].step == series.step and len(series[1:]) == 2
