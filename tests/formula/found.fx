# What the comparison with spreadsheets and the random expressions found. Three lines a case.
# MOD and its kin: by the 15 digits that one sees, exactly, also when the quotient is long.
MOD(1e15, 3)
{}
1

MOD(1e15, 7)
{}
6

MOD(1e15, 0.1)
{}
0

MOD(9007199254740991, 10)
{}
1

MOD(1e300, 7)
{}
1

MOD(99999999999999.5, 0.2)
{}
0.1

MOD(-99999999999999.5, 0.2)
{}
0.1

MOD(5, 1e300)
{}
5

MOD(-5, 1e300)
{}
1e+300

MOD(0.3, 0.1)
{}
0

MOD(-0.35, 0.1)
{}
0.05

QUOTIENT(0.3, 0.1)
{}
3

QUOTIENT(-999999999999999, 10)
{}
-99999999999999

CEILING(1e15, 3)
{}
1000000000000002

FLOOR(1e15, 3)
{}
999999999999999

CEILING(99999999999999.5, 0.2)
{}
99999999999999.6

FLOOR(99999999999999.5, 0.2)
{}
99999999999999.4

CEILING(-2.5, 2)
{}
-2

FLOOR(-2.5, 2)
{}
-4

CEILING(-2.5, -2)
{}
-4

FLOOR(-2.5, -2)
{}
-2

# SEARCH knows ? * and ~ as Excel does; FIND does not.
SEARCH("?", "ab?")
{}
1

SEARCH("~?", "ab?")
{}
3

SEARCH("b*D", "abcd")
{}
2

SEARCH("b*x", "abcd")
{}
null

SEARCH("司?名", "有限公司的名称")
{}
4

SEARCH("*c", "abcd")
{}
1

SEARCH("a*b*c", "xaabbcc", 3)
{}
3

SEARCH("c*", "abcd", 4)
{}
null

SEARCH("~*", "a*b")
{}
2

SEARCH("😀?", "a😀b")
{}
2

SEARCH("~", "a~b")
{}
2

FIND("?", "ab?")
{}
3

# TIMEVALUE reads the hours people write.
TIMEVALUE("8:05")
{}
"08:05:00"

TIMEVALUE("2:30 PM")
{}
"14:30:00"

TIMEVALUE("12:15:30am")
{}
"00:15:30"

TIMEVALUE("12:15 pm")
{}
"12:15:00"

TIMEVALUE("13:00 PM")
{}
null

TIMEVALUE("0:30 AM")
{}
"00:30:00"

TIMEVALUE("24:00")
{}
null

TIMEVALUE("下午2:30")
{}
"14:30:00"

TIMEVALUE("上午12:00")
{}
"00:00:00"

TIMEVALUE("1:5")
{}
null

# The greatest of no texts is the empty text for CONTAINS, in SQL too.
MAX(SPLIT(t)) CONTAINS "a"
{"t":""}
false

MIN(rows.t) CONTAINS "a"
{"rows":[{"t":null}]}
false

# Six parts are a date and time also where the year is blank.
DATETIME(BLANK, 1, 2, 3, 4, 5)
{}
null

# A malformed pattern and a rounding beyond all numbers are blank, in SQL too.
NOT MATCHES(t, p)
{"t":"a","p":"*?~"}
true

SWITCH(IF(n > 5, n), ROUNDUP(n, d), TRUE, FALSE)
{"n":1,"d":-320}
true

SWITCH(IF(n < 5, n), ROUND(n, d), TRUE, FALSE)
{"n":1.7e308,"d":-308}
true
