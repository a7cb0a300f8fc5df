# Three lines a case: expression, variables as JSON, expected JSON ("!" a part of the error text).
qty * price * (1 - discount)
{"qty":3,"price":19.9,"discount":0.1}
53.73

1 + 2 * 3
{}
7

-2^2
{}
-4

2^-1
{}
0.5

2^3^2
{}
64

50%
{}
0.5

-50%
{}
-0.5

10 - 2 - 3
{}
5

"a" & 1.50 & TRUE
{}
"a1.5TRUE"

"say ""hi"""
{}
"say \"hi\""

NOT a = b
{"a":1,"b":2}
true

TRUE OR FALSE AND FALSE
{}
true

1 < 2 = TRUE
{}
! cannot be chained

x + 1
{"x":null}
1

x = BLANK
{"x":""}
true

x = 0
{"x":null}
false

x <> 0
{"x":null}
true

BLANK <= BLANK
{}
false

BLANK = BLANK
{}
true

x < 5
{"x":null}
false

1/0 + 1
{}
1

1/0
{}
null

IF(1/0 > 1, 1, 2)
{}
2

IFERROR(1 + 1/0, 7)
{}
7

IFERROR(IF(TRUE, 1, 1/0), 7)
{}
1

IF(x, "y")
{"x":null}
null

x IN [1, 2]
{"x":2}
true

x NOT IN [1, 2]
{"x":2}
false

x IN []
{"x":2}
false

x CONTAINS "b"
{"x":"abc"}
true

x CONTAINS "b"
{"x":["a","b"]}
true

SUM(items.qty)
{"items":[{"qty":1},{"qty":null},{"qty":2.5}]}
3.5

items.qty * 2
{"items":[{"qty":1}]}
! SUMPRODUCT

c.level & "!"
{"c":{"level":"A"}}
"A!"

c.level & "!"
{"c":null}
! no link or sub-table

amout + 1
{"amount":1}
! 1 There is no field “amout”; did you mean “amount”?

1 + summ(2)
{}
! 5 There is no function “summ”; did you mean “SUM”?

1 + "a"
{}
! VALUE

IF(1, 2, 3)
{}
! boolean

IF(TRUE, 1, "a")
{}
! one type

ROUND(1, 2, 3)
{}
! takes 1 to 2 arguments, but got 3

(1 + 2
{}
! closing parenthesis

1 +
{}
! something is missing

"abc
{}
! closing quote

SUM(1，2)
{}
! full-width

1 2
{}
! should end here

x > "a"
{"x":1}
! cannot be compared

ISBLANK(x)
{"x":[]}
true

COALESCE(x, y, 3)
{"x":null,"y":null}
3

SWITCH(x, "a", 1, "b", 2)
{"x":"b"}
2

SWITCH(x, "a", 1, "b", 2)
{"x":"z"}
null

SUM()
{}
! at least 1

0.1 + 0.2
{}
0.30000000000000004

ROUND(2.5)
{}
3

MAX(items.n)
{"items":[]}
! no link or sub-table

AVERAGE(x)
{"x":[]}
null

1e308 * 10
{}
null

IFERROR(1e308 * 10, 1)
{}
1

3 > 2 AND 2 > 1
{}
true

AND(3 > 2, 2 > 1) = OR(FALSE, TRUE)
{}
true

x == 1 AND y != 2
{"x":1,"y":1}
true

a & "!"
{"a":{"id":"0000000000001","title":"T"}}
"T!"

a = b
{"a":{"id":"0000000000001","title":"T"},"b":"0000000000001"}
true
