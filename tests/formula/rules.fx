# The exact rules of definitions.md §2 and §9.
ROUND(1.005, 2)
{}
1.01

x & ""
{"x":null}
null

12345678901234567 & ""
{}
"12345678901234600"

0.1 + 0.2 & ""
{}
"0.3"

TRUE & FALSE
{}
"TRUEFALSE"

DATE(2026,11,23) & ""
{}
"2026-11-23"

DATETIME(2026,11,23,8,30,0) & ""
{}
"2026-11-23T08:30:00Z"

DATE(2026,11,23) - DATE(2026,11,1)
{}
22

DATE(2026,11,23) + 7
{}
"2026-11-30"

7 + DATE(2026,11,23)
{}
"2026-11-30"

DATETIME(2026,11,23,12,0,0) - DATETIME(2026,11,22,0,0,0)
{}
1.5

DATETIME(2026,11,23,0,0,0) = DATE(2026,11,23)
{}
true

DATETIME(2026,11,23,0,0,1) > DATE(2026,11,23)
{}
true

DATETIME(2026,11,23,0,0,0) + 0.5
{}
"2026-11-23T12:00:00Z"

YEAR(x)
{"x":null}
null

x + 1
{"x":"a"}
! VALUE

VALUE("x") + 1
{}
1

x IN ["a", BLANK]
{"x":null}
false

x IN l
{"x":2,"l":[1,null,2]}
true

COUNT(l)
{"l":[1,null,3]}
2

SUM(l)
{"l":[]}
0

MIN(l)
{"l":[]}
null

MEDIAN(l)
{"l":[null]}
null

LEN(x)
{"x":null}
0

LEN("北京😀")
{}
3

LEFT("北京😀a", 3)
{}
"北京😀"

FIND("b", "abcb", 3)
{}
4

"Abc" = "abc"
{}
false

"b" > "a" AND "B" < "a"
{}
true

SEARCH("B", "abc")
{}
2

x <> y
{"x":null,"y":null}
false

x <> y
{"x":null,"y":1}
true

NOT x
{"x":null}
true

x AND TRUE
{"x":null}
false

2^3^2
{}
64

2^-2
{}
0.25

-2^2
{}
-4

(-2)^2
{}
4

10 % 
{}
0.1

200 * 10%
{}
20

a = b = c
{"a":1,"b":1,"c":1}
! cannot be chained

1 < x AND x < 5
{"x":3}
true

IF(TRUE, 1, DATE(2026,1,1))
{}
! one type

IF(x > 1, "a")
{"x":0}
null

items.qty * items.price
{"items":[{"qty":1,"price":2}]}
! SUMPRODUCT

SUMPRODUCT(items.qty, items.price)
{"items":[{"qty":2,"price":3},{"qty":null,"price":9},{"qty":1,"price":0.5}]}
6.5

SUMIF(items.side, "a", items.w)
{"items":[{"side":"a","w":2},{"side":"b","w":5},{"side":"a","w":3}]}
5

COUNTIF(items.w, ">2")
{"items":[{"w":2},{"w":5},{"w":3}]}
2

COUNTIF(items.side, "*")
{"items":[{"side":"a"}]}
0

[1, "a"]
{}
! one type

[[1]]
{}
! Lists of lists

RMBCAP(0)
{}
"零元整"

RMBCAP(100000001)
{}
"壹亿零壹元整"

RMBCAP(10010.5)
{}
"壹万零壹拾元伍角"

RMBCAP(0.05)
{}
"伍分"

RMBCAP(-12)
{}
"负壹拾贰元整"

RMBCAP(1000000000000)
{}
"壹万亿元整"

RMBCAP(1020304050.67)
{}
"壹拾亿贰仟零叁拾万肆仟零伍拾元陆角柒分"

MATCHES("abc", "a.c")
{}
true

MATCHES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "(a*)*b")
{}
false

MATCHES("2026-11-23", "\d{4}-\d{2}-\d{2}")
{}
true

MATCHES("甲", "[一-龥]+")
{}
true

MATCHES("x", "(")
{}
null

UPPER("straße ÿ")
{}
"STRAßE Ÿ"

TEXTJOIN("/", TRUE, "a", BLANK, "b")
{}
"a/b"

TEXT(DATE(2026,3,5), "yyyy-mm-dd aaaa")
{}
"2026-03-05 星期四"

TEXT(TIME(14,5,9), "hh:mm:ss")
{}
"14:05:09"

TEXT(TIME(14,5,9), "h:mm AM/PM")
{}
"2:05 PM"

TEXT(-5, "0;(0);零")
{}
"(5)"

TEXT(0, "0;(0);零")
{}
"零"

DATEVALUE("2026/2/30")
{}
null

EDATE(DATE(2024,2,29), 12)
{}
"2025-02-28"

DATE(10000,1,1)
{}
null

DATE(9999,12,31) + 1
{}
null

IFERROR(DATE(9999,12,31) + 1, DATE(2026,1,1))
{}
"2026-01-01"

IFERROR(x, 1)
{"x":null}
null

WORKDAY(DATE(2026,11,20), 1)
{}
"2026-11-23"

WORKDAY(DATE(2026,11,20), 1, DATE(2026,11,23))
{}
"2026-11-24"

SWITCH(x, 1, "a", BLANK, "none", "other")
{"x":null}
"none"

SORT(["b", BLANK, "a"])
{}
["a","b"]

SORT([1, 3, 2], TRUE)
{}
[3,2,1]

FIRST(SPLIT("a,b", ","))
{}
"a"

INDEX([1, 2], 3)
{}
null

XOR(TRUE, FALSE, TRUE, TRUE)
{}
true

true and Not false
{}
true

iF(1 = 1, sum(1, 2), 0)
{}
3

x.y.z
{"x":{"y":{"z":5}}}
5

x.y
{"x":null}
! no link

SUM(rows.items.n)
{"rows":[{"items":[{"n":1}]}]}
! one sub-table

TODAY() > DATE(2020,1,1)
{}
true

MAX("a", "c", "b")
{}
"c"

MAX(1, "a")
{}
! one type

"a" CONTAINS ""
{}
true

BLANK & "x"
{}
"x"

1e400
{}
! too large

1.5.2
{}
! should end

“a”
{}
! straight double quote

客户 = 1
{}
! field keys

# scientific formats
TEXT(12345, "0.00E+00") & " " & TEXT(0.00012345, "0.0E-0") & " " & TEXT(99999, "0.0E+0")
{}
"1.23E+04 1.2E-4 1.0E+5"

TEXT(1234567, "##0.0E+0") & " " & TEXT(-12, "0e+00") & " " & TEXT(0, "0.00E+00")
{}
"1.2E+6 -1e+01 0.00E+00"

TEXT(1e300, "0E+00") & " " & TEXT(1e-300, "0.###E+00")
{}
"1E+300 1E-300"
