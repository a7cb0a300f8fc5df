# Agreement with an independent implementation of Excel's functions (npm @formulajs/formulajs 4.6, MIT).
# Its known departures from Excel (MOD of negatives, DATEDIF YD, YEARFRAC over February) are left out.
ABS(0)
{}
0

ABS(1)
{}
1

ABS(-1)
{}
1

ABS(0.5)
{}
0.5

ABS(-0.5)
{}
0.5

ABS(1.5)
{}
1.5

ABS(-1.5)
{}
1.5

ABS(2.5)
{}
2.5

ABS(-2.5)
{}
2.5

ABS(1.005)
{}
1.005

ABS(2.675)
{}
2.675

ABS(-1.005)
{}
1.005

ABS(3.14159)
{}
3.14159

ABS(10)
{}
10

ABS(100)
{}
100

ABS(123.456)
{}
123.456

ABS(-123.456)
{}
123.456

ABS(7)
{}
7

ABS(-7)
{}
7

ABS(1000000)
{}
1000000

ABS(0.1)
{}
0.1

ABS(0.3)
{}
0.3

ABS(12345.678)
{}
12345.678

SIGN(0)
{}
0

SIGN(1)
{}
1

SIGN(-1)
{}
-1

SIGN(0.5)
{}
1

SIGN(-0.5)
{}
-1

SIGN(1.5)
{}
1

SIGN(-1.5)
{}
-1

SIGN(2.5)
{}
1

SIGN(-2.5)
{}
-1

SIGN(1.005)
{}
1

SIGN(2.675)
{}
1

SIGN(-1.005)
{}
-1

SIGN(3.14159)
{}
1

SIGN(10)
{}
1

SIGN(100)
{}
1

SIGN(123.456)
{}
1

SIGN(-123.456)
{}
-1

SIGN(7)
{}
1

SIGN(-7)
{}
-1

SIGN(1000000)
{}
1

SIGN(0.1)
{}
1

SIGN(0.3)
{}
1

SIGN(12345.678)
{}
1

INT(0)
{}
0

INT(1)
{}
1

INT(-1)
{}
-1

INT(0.5)
{}
0

INT(-0.5)
{}
-1

INT(1.5)
{}
1

INT(-1.5)
{}
-2

INT(2.5)
{}
2

INT(-2.5)
{}
-3

INT(1.005)
{}
1

INT(2.675)
{}
2

INT(-1.005)
{}
-2

INT(3.14159)
{}
3

INT(10)
{}
10

INT(100)
{}
100

INT(123.456)
{}
123

INT(-123.456)
{}
-124

INT(7)
{}
7

INT(-7)
{}
-7

INT(1000000)
{}
1000000

INT(0.1)
{}
0

INT(0.3)
{}
0

INT(12345.678)
{}
12345

EVEN(0)
{}
0

EVEN(1)
{}
2

EVEN(-1)
{}
-2

EVEN(0.5)
{}
2

EVEN(-0.5)
{}
-2

EVEN(1.5)
{}
2

EVEN(-1.5)
{}
-2

EVEN(2.5)
{}
4

EVEN(-2.5)
{}
-4

EVEN(1.005)
{}
2

EVEN(2.675)
{}
4

EVEN(-1.005)
{}
-2

EVEN(3.14159)
{}
4

EVEN(10)
{}
10

EVEN(100)
{}
100

EVEN(123.456)
{}
124

EVEN(-123.456)
{}
-124

EVEN(7)
{}
8

EVEN(-7)
{}
-8

EVEN(1000000)
{}
1000000

EVEN(0.1)
{}
2

EVEN(0.3)
{}
2

EVEN(12345.678)
{}
12346

ODD(0)
{}
1

ODD(1)
{}
1

ODD(-1)
{}
-1

ODD(0.5)
{}
1

ODD(-0.5)
{}
-1

ODD(1.5)
{}
3

ODD(-1.5)
{}
-3

ODD(2.5)
{}
3

ODD(-2.5)
{}
-3

ODD(1.005)
{}
3

ODD(2.675)
{}
3

ODD(-1.005)
{}
-3

ODD(3.14159)
{}
5

ODD(10)
{}
11

ODD(100)
{}
101

ODD(123.456)
{}
125

ODD(-123.456)
{}
-125

ODD(7)
{}
7

ODD(-7)
{}
-7

ODD(1000000)
{}
1000001

ODD(0.1)
{}
1

ODD(0.3)
{}
1

ODD(12345.678)
{}
12347

EXP(0)
{}
1

EXP(1)
{}
2.718281828459045

EXP(-1)
{}
0.36787944117144233

EXP(0.5)
{}
1.6487212707001282

EXP(-0.5)
{}
0.6065306597126334

EXP(1.5)
{}
4.4816890703380645

EXP(-1.5)
{}
0.22313016014842982

EXP(2.5)
{}
12.182493960703473

EXP(-2.5)
{}
0.0820849986238988

EXP(1.005)
{}
2.731907272825927

EXP(2.675)
{}
14.512349839590913

EXP(-1.005)
{}
0.3660446348040154

EXP(3.14159)
{}
23.14063122695496

EXP(10)
{}
22026.465794806718

EXP(100)
{}
2.6881171418161356e+43

EXP(123.456)
{}
4.132944352778106e+53

EXP(-123.456)
{}
2.4195825412645934e-54

EXP(7)
{}
1096.6331584284585

EXP(-7)
{}
0.0009118819655545162

EXP(0.1)
{}
1.1051709180756477

EXP(0.3)
{}
1.3498588075760032

ROUND(0, 0)
{}
0

ROUND(1, -1)
{}
0

ROUND(0.5, 0)
{}
1

ROUND(-0.5, -1)
{}
0

ROUND(-1.5, 0)
{}
-2

ROUND(2.5, -1)
{}
0

ROUND(1.005, 0)
{}
1

ROUND(2.675, -1)
{}
0

ROUND(3.14159, 0)
{}
3

ROUND(10, -1)
{}
10

ROUND(123.456, 0)
{}
123

ROUND(-123.456, -1)
{}
-120

ROUND(-7, 0)
{}
-7

ROUND(1000000, -1)
{}
1000000

ROUND(0.3, 0)
{}
0

ROUND(12345.678, -1)
{}
12350

ROUNDUP(0, 0)
{}
0

ROUNDUP(1, -1)
{}
10

ROUNDUP(0.5, 0)
{}
1

ROUNDUP(-0.5, -1)
{}
-10

ROUNDUP(-1.5, 0)
{}
-2

ROUNDUP(2.5, -1)
{}
10

ROUNDUP(1.005, 0)
{}
2

ROUNDUP(2.675, -1)
{}
10

ROUNDUP(3.14159, 0)
{}
4

ROUNDUP(10, -1)
{}
10

ROUNDUP(123.456, 0)
{}
124

ROUNDUP(-123.456, -1)
{}
-130

ROUNDUP(-7, 0)
{}
-7

ROUNDUP(1000000, -1)
{}
1000000

ROUNDUP(0.3, 0)
{}
1

ROUNDUP(12345.678, -1)
{}
12350

ROUNDDOWN(0, 0)
{}
0

ROUNDDOWN(1, -1)
{}
0

ROUNDDOWN(0.5, 0)
{}
0

ROUNDDOWN(-0.5, -1)
{}
0

ROUNDDOWN(-1.5, 0)
{}
-1

ROUNDDOWN(2.5, -1)
{}
0

ROUNDDOWN(1.005, 0)
{}
1

ROUNDDOWN(2.675, -1)
{}
0

ROUNDDOWN(3.14159, 0)
{}
3

ROUNDDOWN(10, -1)
{}
10

ROUNDDOWN(123.456, 0)
{}
123

ROUNDDOWN(-123.456, -1)
{}
-120

ROUNDDOWN(-7, 0)
{}
-7

ROUNDDOWN(1000000, -1)
{}
1000000

ROUNDDOWN(0.3, 0)
{}
0

ROUNDDOWN(12345.678, -1)
{}
12340

TRUNC(0, 0)
{}
0

TRUNC(1, -1)
{}
0

TRUNC(0.5, 0)
{}
0

TRUNC(-0.5, -1)
{}
0

TRUNC(-1.5, 0)
{}
-1

TRUNC(2.5, -1)
{}
0

TRUNC(1.005, 0)
{}
1

TRUNC(2.675, -2)
{}
0

TRUNC(3.14159, 2)
{}
3.14

TRUNC(10, 3)
{}
10

TRUNC(123.456, 2)
{}
123.45

TRUNC(-123.456, 3)
{}
-123.456

TRUNC(-7, 2)
{}
-7

TRUNC(1000000, 3)
{}
1000000

TRUNC(0.3, 2)
{}
0.3

TRUNC(12345.678, 3)
{}
12345.678

CEILING(0, 1)
{}
0

CEILING(1, 3)
{}
3

CEILING(0.5, 0.5)
{}
0.5

CEILING(-0.5, -2)
{}
-2

CEILING(-1.5, 2)
{}
0

CEILING(2.5, -0.5)
{}
null

CEILING(1.005, 0.1)
{}
1.1

CEILING(-1.005, 1)
{}
-1

CEILING(3.14159, 3)
{}
6

CEILING(100, 0.5)
{}
100

CEILING(123.456, -2)
{}
null

CEILING(7, 2)
{}
8

CEILING(-7, -0.5)
{}
-7

CEILING(0.1, 0.1)
{}
0.1

CEILING(12345.678, 1)
{}
12346

FLOOR(0, 1)
{}
0

FLOOR(1, 3)
{}
0

FLOOR(0.5, 0.5)
{}
0.5

FLOOR(-0.5, -2)
{}
0

FLOOR(-1.5, 2)
{}
-2

FLOOR(2.5, -0.5)
{}
null

FLOOR(1.005, 0.1)
{}
1

FLOOR(-1.005, 1)
{}
-2

FLOOR(3.14159, 3)
{}
3

FLOOR(100, 0.5)
{}
100

FLOOR(123.456, -2)
{}
null

FLOOR(7, 2)
{}
6

FLOOR(-7, -0.5)
{}
-7

FLOOR(0.1, 0.1)
{}
0.1

FLOOR(12345.678, 0.5)
{}
12345.5

MROUND(0, 1)
{}
0

MROUND(1, 3)
{}
0

MROUND(0.5, 0.5)
{}
0.5

MROUND(-0.5, -2)
{}
0

MROUND(-1.5, 2)
{}
null

MROUND(2.5, -0.5)
{}
null

MROUND(1.005, 0.1)
{}
1

MROUND(-1.005, 1)
{}
null

MROUND(3.14159, 3)
{}
3

MROUND(100, 0.5)
{}
100

MROUND(123.456, -2)
{}
null

MROUND(7, 2)
{}
8

MROUND(-7, -0.5)
{}
-7

MROUND(0.1, 0.1)
{}
0.1

MROUND(12345.678, 1)
{}
12346

MOD(0, 1)
{}
0

MOD(1, 1)
{}
0

MOD(-1, 3)
{}
2

MOD(-0.5, 2)
{}
1.5

MOD(-1.5, 1)
{}
0.5

MOD(2.5, -0.5)
{}
0

MOD(10, -2)
{}
0

MOD(100, -0.5)
{}
0

MOD(7, 3)
{}
1

MOD(1000000, 2)
{}
0

MOD(0.1, 0.1)
{}
0

QUOTIENT(0, 1)
{}
0

QUOTIENT(1, 3)
{}
0

QUOTIENT(0.5, 0.5)
{}
1

QUOTIENT(-0.5, -2)
{}
0

QUOTIENT(-1.5, 2)
{}
0

QUOTIENT(2.5, -0.5)
{}
-5

QUOTIENT(1.005, 0.1)
{}
10

QUOTIENT(-1.005, 1)
{}
-1

QUOTIENT(3.14159, 3)
{}
1

QUOTIENT(100, 0.5)
{}
200

QUOTIENT(123.456, -2)
{}
-61

QUOTIENT(7, 2)
{}
3

QUOTIENT(-7, -0.5)
{}
14

QUOTIENT(0.1, 0.1)
{}
1

QUOTIENT(12345.678, 0.5)
{}
24691

SQRT(1)
{}
1

SQRT(0.5)
{}
0.7071067811865476

SQRT(1.5)
{}
1.224744871391589

SQRT(2.5)
{}
1.5811388300841898

SQRT(1.005)
{}
1.002496882788171

SQRT(2.675)
{}
1.6355427233796125

SQRT(3.14159)
{}
1.7724531023414978

SQRT(10)
{}
3.1622776601683795

SQRT(100)
{}
10

SQRT(123.456)
{}
11.111075555498667

SQRT(7)
{}
2.6457513110645907

SQRT(1000000)
{}
1000

SQRT(0.1)
{}
0.31622776601683794

SQRT(0.3)
{}
0.5477225575051661

SQRT(12345.678)
{}
111.11110655555547

LN(1)
{}
0

LN(0.5)
{}
-0.6931471805599453

LN(1.5)
{}
0.4054651081081644

LN(2.5)
{}
0.9162907318741551

LN(1.005)
{}
0.004987541511038968

LN(2.675)
{}
0.9839493803479697

LN(3.14159)
{}
1.1447290411851783

LN(10)
{}
2.302585092994046

LN(100)
{}
4.605170185988092

LN(123.456)
{}
4.815884817283264

LN(7)
{}
1.9459101490553132

LN(1000000)
{}
13.815510557964274

LN(0.1)
{}
-2.3025850929940455

LN(0.3)
{}
-1.2039728043259361

LN(12345.678)
{}
9.421061321291832

LOG10(1)
{}
0

LOG10(1.5)
{}
0.17609125905568124

LOG10(2.5)
{}
0.3979400086720376

LOG10(10)
{}
1

LOG10(100)
{}
2

LOG10(123.456)
{}
2.0915122016277716

LOG10(0.3)
{}
-0.5228787452803376

LOG(1, 2)
{}
0

LOG(0.5, 2)
{}
-1

LOG(1.5, 10)
{}
0.17609125905568124

LOG(2.5, 10)
{}
0.3979400086720376

LOG(10, 10)
{}
1

LOG(100, 10)
{}
2

LOG(123.456, 10)
{}
2.0915122016277716

LOG(0.3, 10)
{}
-0.5228787452803376

POWER(1, 0)
{}
1

POWER(-1, -1)
{}
-1

POWER(-0.5, 0)
{}
1

POWER(1.5, -1)
{}
0.6666666666666666

POWER(2.5, 0)
{}
1

POWER(-2.5, -1)
{}
-0.4

POWER(2.675, 0)
{}
1

POWER(-1.005, -1)
{}
-0.9950248756218907

POWER(10, 0)
{}
1

POWER(100, -1)
{}
0.01

POWER(-123.456, 0)
{}
1

POWER(7, -1)
{}
0.14285714285714285

POWER(1000000, 0)
{}
1

POWER(0.1, -1)
{}
10

POWER(12345.678, 0)
{}
1

FACT(0)
{}
1

FACT(1)
{}
1

FACT(5)
{}
120

FACT(10)
{}
3628800

FACT(20)
{}
2432902008176640000

FACT(170)
{}
7.257415615307994e+306

GCD(12, 18)
{}
6

GCD(7, 3)
{}
1

GCD(0, 5)
{}
5

GCD(100, 75)
{}
25

LCM(12, 18)
{}
36

LCM(7, 3)
{}
21

LCM(0, 5)
{}
0

LCM(100, 75)
{}
300

SUM([1,2,3,4])
{}
10

SUM([5])
{}
5

SUM([3,1,2])
{}
6

SUM([1.5,2.5,-3,10])
{}
11

SUM([2,2,2,7])
{}
13

AVERAGE([1,2,3,4])
{}
2.5

AVERAGE([5])
{}
5

AVERAGE([3,1,2])
{}
2

AVERAGE([1.5,2.5,-3,10])
{}
2.75

AVERAGE([2,2,2,7])
{}
3.25

MIN([1,2,3,4])
{}
1

MIN([5])
{}
5

MIN([3,1,2])
{}
1

MIN([1.5,2.5,-3,10])
{}
-3

MIN([2,2,2,7])
{}
2

MAX([1,2,3,4])
{}
4

MAX([5])
{}
5

MAX([3,1,2])
{}
3

MAX([1.5,2.5,-3,10])
{}
10

MAX([2,2,2,7])
{}
7

COUNT([1,2,3,4])
{}
4

COUNT([5])
{}
1

COUNT([3,1,2])
{}
3

COUNT([1.5,2.5,-3,10])
{}
4

COUNT([2,2,2,7])
{}
4

MEDIAN([1,2,3,4])
{}
2.5

MEDIAN([5])
{}
5

MEDIAN([3,1,2])
{}
2

MEDIAN([1.5,2.5,-3,10])
{}
2

MEDIAN([2,2,2,7])
{}
2

PRODUCT([1,2,3,4])
{}
24

PRODUCT([5])
{}
5

PRODUCT([3,1,2])
{}
6

PRODUCT([1.5,2.5,-3,10])
{}
-112.5

PRODUCT([2,2,2,7])
{}
56

LARGE([1,2,3,4], 1)
{}
4

LARGE([5], 1)
{}
5

LARGE([3,1,2], 1)
{}
3

LARGE([1.5,2.5,-3,10], 1)
{}
10

LARGE([2,2,2,7], 1)
{}
7

SMALL([1,2,3,4], 1)
{}
1

SMALL([5], 1)
{}
5

SMALL([3,1,2], 1)
{}
1

SMALL([1.5,2.5,-3,10], 1)
{}
-3

SMALL([2,2,2,7], 1)
{}
2

SUMPRODUCT([1,2,3,4], [1,2,3,4])
{}
30

SUMPRODUCT([5], [5])
{}
25

SUMPRODUCT([3,1,2], [3,1,2])
{}
14

SUMPRODUCT([1.5,2.5,-3,10], [1.5,2.5,-3,10])
{}
117.5

SUMPRODUCT([2,2,2,7], [2,2,2,7])
{}
61

SUMIF([1,2,3,4], ">1")
{}
9

SUMIF([1,2,3,4], "<=2")
{}
3

SUMIF([1,2,3,4], "2")
{}
2

SUMIF([1,2,3,4], "<>2")
{}
8

SUMIF([5], ">1")
{}
5

SUMIF([5], "<=2")
{}
0

SUMIF([5], "2")
{}
0

SUMIF([5], "<>2")
{}
5

SUMIF([3,1,2], ">1")
{}
5

SUMIF([3,1,2], "<=2")
{}
3

SUMIF([3,1,2], "2")
{}
2

SUMIF([3,1,2], "<>2")
{}
4

SUMIF([1.5,2.5,-3,10], ">1")
{}
14

SUMIF([1.5,2.5,-3,10], "<=2")
{}
-1.5

SUMIF([1.5,2.5,-3,10], "2")
{}
0

SUMIF([1.5,2.5,-3,10], "<>2")
{}
11

SUMIF([2,2,2,7], ">1")
{}
13

SUMIF([2,2,2,7], "<=2")
{}
6

SUMIF([2,2,2,7], "2")
{}
6

SUMIF([2,2,2,7], "<>2")
{}
7

COUNTIF([1,2,3,4], ">1")
{}
3

COUNTIF([1,2,3,4], "<=2")
{}
2

COUNTIF([1,2,3,4], "2")
{}
1

COUNTIF([1,2,3,4], "<>2")
{}
3

COUNTIF([5], ">1")
{}
1

COUNTIF([5], "<=2")
{}
0

COUNTIF([5], "2")
{}
0

COUNTIF([5], "<>2")
{}
1

COUNTIF([3,1,2], ">1")
{}
2

COUNTIF([3,1,2], "<=2")
{}
2

COUNTIF([3,1,2], "2")
{}
1

COUNTIF([3,1,2], "<>2")
{}
2

COUNTIF([1.5,2.5,-3,10], ">1")
{}
3

COUNTIF([1.5,2.5,-3,10], "<=2")
{}
2

COUNTIF([1.5,2.5,-3,10], "2")
{}
0

COUNTIF([1.5,2.5,-3,10], "<>2")
{}
4

COUNTIF([2,2,2,7], ">1")
{}
4

COUNTIF([2,2,2,7], "<=2")
{}
3

COUNTIF([2,2,2,7], "2")
{}
3

COUNTIF([2,2,2,7], "<>2")
{}
1

AVERAGEIF([1,2,3,4], ">1")
{}
3

AVERAGEIF([1,2,3,4], "<=2")
{}
1.5

AVERAGEIF([1,2,3,4], "2")
{}
2

AVERAGEIF([1,2,3,4], "<>2")
{}
2.6666666666666665

AVERAGEIF([5], ">1")
{}
5

AVERAGEIF([5], "<=2")
{}
null

AVERAGEIF([5], "2")
{}
null

AVERAGEIF([5], "<>2")
{}
5

AVERAGEIF([3,1,2], ">1")
{}
2.5

AVERAGEIF([3,1,2], "<=2")
{}
1.5

AVERAGEIF([3,1,2], "2")
{}
2

AVERAGEIF([3,1,2], "<>2")
{}
2

AVERAGEIF([1.5,2.5,-3,10], ">1")
{}
4.666666666666667

AVERAGEIF([1.5,2.5,-3,10], "<=2")
{}
-0.75

AVERAGEIF([1.5,2.5,-3,10], "2")
{}
null

AVERAGEIF([1.5,2.5,-3,10], "<>2")
{}
2.75

AVERAGEIF([2,2,2,7], ">1")
{}
3.25

AVERAGEIF([2,2,2,7], "<=2")
{}
2

AVERAGEIF([2,2,2,7], "2")
{}
2

AVERAGEIF([2,2,2,7], "<>2")
{}
7

LEN("Hello World")
{}
11

LEN("abc")
{}
3

LEN("")
{}
0

LEN("a")
{}
1

LEN("北京市公司")
{}
5

LEN("  a  b  ")
{}
8

LEN("john o'neil")
{}
11

LEN("ABC def GHI")
{}
11

LEN("12ab34")
{}
6

UPPER("Hello World")
{}
"HELLO WORLD"

UPPER("abc")
{}
"ABC"

UPPER("")
{}
null

UPPER("a")
{}
"A"

UPPER("北京市公司")
{}
"北京市公司"

UPPER("  a  b  ")
{}
"  A  B  "

UPPER("john o'neil")
{}
"JOHN O'NEIL"

UPPER("ABC def GHI")
{}
"ABC DEF GHI"

UPPER("12ab34")
{}
"12AB34"

LOWER("Hello World")
{}
"hello world"

LOWER("abc")
{}
"abc"

LOWER("")
{}
null

LOWER("a")
{}
"a"

LOWER("北京市公司")
{}
"北京市公司"

LOWER("  a  b  ")
{}
"  a  b  "

LOWER("john o'neil")
{}
"john o'neil"

LOWER("ABC def GHI")
{}
"abc def ghi"

LOWER("12ab34")
{}
"12ab34"

TRIM("Hello World")
{}
"Hello World"

TRIM("abc")
{}
"abc"

TRIM("")
{}
null

TRIM("a")
{}
"a"

TRIM("北京市公司")
{}
"北京市公司"

TRIM("  a  b  ")
{}
"a b"

TRIM("john o'neil")
{}
"john o'neil"

TRIM("ABC def GHI")
{}
"ABC def GHI"

TRIM("12ab34")
{}
"12ab34"

PROPER("Hello World")
{}
"Hello World"

PROPER("abc")
{}
"Abc"

PROPER("")
{}
null

PROPER("a")
{}
"A"

PROPER("北京市公司")
{}
"北京市公司"

PROPER("  a  b  ")
{}
"  A  B  "

PROPER("ABC def GHI")
{}
"Abc Def Ghi"

LEFT("Hello World", 0)
{}
null

LEFT("Hello World", 5)
{}
"Hello"

LEFT("abc", 1)
{}
"a"

LEFT("abc", 100)
{}
"abc"

LEFT("", 2)
{}
null

LEFT("a", 0)
{}
null

LEFT("a", 5)
{}
"a"

LEFT("北京市公司", 1)
{}
"北"

LEFT("北京市公司", 100)
{}
"北京市公司"

LEFT("  a  b  ", 2)
{}
"  "

LEFT("john o'neil", 0)
{}
null

LEFT("john o'neil", 5)
{}
"john "

LEFT("ABC def GHI", 1)
{}
"A"

LEFT("ABC def GHI", 100)
{}
"ABC def GHI"

LEFT("12ab34", 2)
{}
"12"

RIGHT("Hello World", 0)
{}
null

RIGHT("Hello World", 5)
{}
"World"

RIGHT("abc", 1)
{}
"c"

RIGHT("abc", 100)
{}
"abc"

RIGHT("", 2)
{}
null

RIGHT("a", 0)
{}
null

RIGHT("a", 5)
{}
"a"

RIGHT("北京市公司", 1)
{}
"司"

RIGHT("北京市公司", 100)
{}
"北京市公司"

RIGHT("  a  b  ", 2)
{}
"  "

RIGHT("john o'neil", 0)
{}
null

RIGHT("john o'neil", 5)
{}
"'neil"

RIGHT("ABC def GHI", 1)
{}
"I"

RIGHT("ABC def GHI", 100)
{}
"ABC def GHI"

RIGHT("12ab34", 2)
{}
"34"

MID("Hello World", 1, 0)
{}
null

MID("Hello World", 1, 5)
{}
"Hello"

MID("abc", 1, 1)
{}
"a"

MID("abc", 1, 100)
{}
"abc"

MID("", 1, 2)
{}
null

MID("a", 1, 0)
{}
null

MID("a", 1, 5)
{}
"a"

MID("北京市公司", 1, 1)
{}
"北"

MID("北京市公司", 1, 100)
{}
"北京市公司"

MID("  a  b  ", 1, 2)
{}
"  "

MID("john o'neil", 1, 0)
{}
null

MID("john o'neil", 1, 5)
{}
"john "

MID("ABC def GHI", 1, 1)
{}
"A"

MID("ABC def GHI", 1, 100)
{}
"ABC def GHI"

MID("12ab34", 1, 2)
{}
"12"

REPLACE("Hello World", 2, 2, "XY")
{}
"HXYlo World"

REPLACE("Hello World", 1, 0, "Q")
{}
"QHello World"

REPLACE("abc", 2, 2, "XY")
{}
"aXY"

REPLACE("abc", 1, 0, "Q")
{}
"Qabc"

REPLACE("", 2, 2, "XY")
{}
"XY"

REPLACE("", 1, 0, "Q")
{}
"Q"

REPLACE("a", 2, 2, "XY")
{}
"aXY"

REPLACE("a", 1, 0, "Q")
{}
"Qa"

REPLACE("北京市公司", 2, 2, "XY")
{}
"北XY公司"

REPLACE("北京市公司", 1, 0, "Q")
{}
"Q北京市公司"

REPLACE("  a  b  ", 2, 2, "XY")
{}
" XY  b  "

REPLACE("  a  b  ", 1, 0, "Q")
{}
"Q  a  b  "

REPLACE("john o'neil", 2, 2, "XY")
{}
"jXYn o'neil"

REPLACE("john o'neil", 1, 0, "Q")
{}
"Qjohn o'neil"

REPLACE("ABC def GHI", 2, 2, "XY")
{}
"AXY def GHI"

REPLACE("ABC def GHI", 1, 0, "Q")
{}
"QABC def GHI"

REPLACE("12ab34", 2, 2, "XY")
{}
"1XYb34"

REPLACE("12ab34", 1, 0, "Q")
{}
"Q12ab34"

SUBSTITUTE("Hello World", "a", "Z")
{}
"Hello World"

SUBSTITUTE("Hello World", "l", "L", 2)
{}
"HelLo World"

SUBSTITUTE("abc", "a", "Z")
{}
"Zbc"

SUBSTITUTE("abc", "l", "L", 2)
{}
"abc"

SUBSTITUTE("", "a", "Z")
{}
null

SUBSTITUTE("", "l", "L", 2)
{}
null

SUBSTITUTE("a", "a", "Z")
{}
"Z"

SUBSTITUTE("a", "l", "L", 2)
{}
"a"

SUBSTITUTE("北京市公司", "a", "Z")
{}
"北京市公司"

SUBSTITUTE("北京市公司", "l", "L", 2)
{}
"北京市公司"

SUBSTITUTE("  a  b  ", "a", "Z")
{}
"  Z  b  "

SUBSTITUTE("  a  b  ", "l", "L", 2)
{}
"  a  b  "

SUBSTITUTE("john o'neil", "a", "Z")
{}
"john o'neil"

SUBSTITUTE("john o'neil", "l", "L", 2)
{}
"john o'neil"

SUBSTITUTE("ABC def GHI", "a", "Z")
{}
"ABC def GHI"

SUBSTITUTE("ABC def GHI", "l", "L", 2)
{}
"ABC def GHI"

SUBSTITUTE("12ab34", "a", "Z")
{}
"12Zb34"

SUBSTITUTE("12ab34", "l", "L", 2)
{}
"12ab34"

REPT("Hello World", 3)
{}
"Hello WorldHello WorldHello World"

REPT("abc", 3)
{}
"abcabcabc"

REPT("", 3)
{}
null

REPT("a", 3)
{}
"aaa"

REPT("北京市公司", 3)
{}
"北京市公司北京市公司北京市公司"

REPT("  a  b  ", 3)
{}
"  a  b    a  b    a  b  "

REPT("john o'neil", 3)
{}
"john o'neiljohn o'neiljohn o'neil"

REPT("ABC def GHI", 3)
{}
"ABC def GHIABC def GHIABC def GHI"

REPT("12ab34", 3)
{}
"12ab3412ab3412ab34"

FIND("a", "Hello World")
{}
null

FIND("a", "abc")
{}
1

FIND("a", "")
{}
null

FIND("a", "a")
{}
1

FIND("a", "北京市公司")
{}
null

FIND("a", "  a  b  ")
{}
3

FIND("a", "john o'neil")
{}
null

FIND("a", "ABC def GHI")
{}
null

FIND("a", "12ab34")
{}
3

SEARCH("A", "Hello World")
{}
null

SEARCH("A", "abc")
{}
1

SEARCH("A", "")
{}
null

SEARCH("A", "a")
{}
1

SEARCH("A", "北京市公司")
{}
null

SEARCH("A", "  a  b  ")
{}
3

SEARCH("A", "john o'neil")
{}
null

SEARCH("A", "ABC def GHI")
{}
1

SEARCH("A", "12ab34")
{}
3

EXACT("Hello World", "abc")
{}
false

EXACT("abc", "abc")
{}
true

EXACT("", "abc")
{}
false

EXACT("a", "abc")
{}
false

EXACT("北京市公司", "abc")
{}
false

EXACT("  a  b  ", "abc")
{}
false

EXACT("john o'neil", "abc")
{}
false

EXACT("ABC def GHI", "abc")
{}
false

EXACT("12ab34", "abc")
{}
false

UNICODE("Hello World")
{}
72

UNICODE("abc")
{}
97

UNICODE("a")
{}
97

UNICODE("北京市公司")
{}
21271

UNICODE("  a  b  ")
{}
32

UNICODE("john o'neil")
{}
106

UNICODE("ABC def GHI")
{}
65

UNICODE("12ab34")
{}
49

CHAR(65)
{}
"A"

CHAR(97)
{}
"a"

CHAR(48)
{}
"0"

CHAR(33)
{}
"!"

UNICHAR(20013)
{}
"中"

UNICHAR(65)
{}
"A"

VALUE("1,234.5")
{}
1234.5

VALUE("12%")
{}
0.12

VALUE("-5")
{}
-5

VALUE("3.5e2")
{}
350

VALUE("  42 ")
{}
42

FIXED(1234.567, 0)
{}
"1,235"

FIXED(1234.567, 1)
{}
"1,234.6"

FIXED(1234.567, 2)
{}
"1,234.57"

FIXED(1234.567, -1)
{}
"1,230"

FIXED(-0.5, 0)
{}
"-1"

FIXED(-0.5, 1)
{}
"-0.5"

FIXED(-0.5, 2)
{}
"-0.50"

FIXED(-0.5, -1)
{}
"0"

FIXED(0, 0)
{}
"0"

FIXED(0, 1)
{}
"0.0"

FIXED(0, 2)
{}
"0.00"

FIXED(0, -1)
{}
"0"

FIXED(1000000, 0)
{}
"1,000,000"

FIXED(1000000, 1)
{}
"1,000,000.0"

FIXED(1000000, 2)
{}
"1,000,000.00"

FIXED(1000000, -1)
{}
"1,000,000"

FIXED(0.005, 0)
{}
"0"

FIXED(0.005, 1)
{}
"0.0"

FIXED(0.005, 2)
{}
"0.01"

FIXED(0.005, -1)
{}
"0"

TEXT(1234.5, "#,##0.00")
{}
"1,234.50"

TEXT(0.256, "0.0%")
{}
"25.6%"

TEXT(1234567, "#,##0")
{}
"1,234,567"

TEXT(-1234.5, "#,##0.00")
{}
"-1,234.50"

TEXT(12.3, "0.00")
{}
"12.30"

TEXT(0, "0.00")
{}
"0.00"

TEXT(1234.5, "$#,##0.00")
{}
"$1,234.50"

YEAR(DATE(2026,1,31))
{}
2026

YEAR(DATE(2024,2,29))
{}
2024

YEAR(DATE(2026,11,23))
{}
2026

YEAR(DATE(2026,12,31))
{}
2026

YEAR(DATE(2025,3,1))
{}
2025

YEAR(DATE(2023,2,28))
{}
2023

YEAR(DATE(2000,1,1))
{}
2000

YEAR(DATE(2026,7,4))
{}
2026

MONTH(DATE(2026,1,31))
{}
1

MONTH(DATE(2024,2,29))
{}
2

MONTH(DATE(2026,11,23))
{}
11

MONTH(DATE(2026,12,31))
{}
12

MONTH(DATE(2025,3,1))
{}
3

MONTH(DATE(2023,2,28))
{}
2

MONTH(DATE(2000,1,1))
{}
1

MONTH(DATE(2026,7,4))
{}
7

DAY(DATE(2026,1,31))
{}
31

DAY(DATE(2024,2,29))
{}
29

DAY(DATE(2026,11,23))
{}
23

DAY(DATE(2026,12,31))
{}
31

DAY(DATE(2025,3,1))
{}
1

DAY(DATE(2023,2,28))
{}
28

DAY(DATE(2000,1,1))
{}
1

DAY(DATE(2026,7,4))
{}
4

ISOWEEKNUM(DATE(2026,1,31))
{}
5

ISOWEEKNUM(DATE(2024,2,29))
{}
9

ISOWEEKNUM(DATE(2026,11,23))
{}
48

ISOWEEKNUM(DATE(2026,12,31))
{}
53

ISOWEEKNUM(DATE(2025,3,1))
{}
9

ISOWEEKNUM(DATE(2023,2,28))
{}
9

ISOWEEKNUM(DATE(2000,1,1))
{}
52

ISOWEEKNUM(DATE(2026,7,4))
{}
27

WEEKDAY(DATE(2026,1,31), 1)
{}
7

WEEKDAY(DATE(2026,1,31), 3)
{}
5

WEEKDAY(DATE(2026,1,31), 15)
{}
2

WEEKDAY(DATE(2024,2,29), 2)
{}
4

WEEKDAY(DATE(2024,2,29), 11)
{}
4

WEEKDAY(DATE(2026,11,23), 1)
{}
2

WEEKDAY(DATE(2026,11,23), 3)
{}
0

WEEKDAY(DATE(2026,11,23), 15)
{}
4

WEEKDAY(DATE(2026,12,31), 2)
{}
4

WEEKDAY(DATE(2026,12,31), 11)
{}
4

WEEKDAY(DATE(2025,3,1), 1)
{}
7

WEEKDAY(DATE(2025,3,1), 3)
{}
5

WEEKDAY(DATE(2025,3,1), 15)
{}
2

WEEKDAY(DATE(2023,2,28), 2)
{}
2

WEEKDAY(DATE(2023,2,28), 11)
{}
2

WEEKDAY(DATE(2000,1,1), 1)
{}
7

WEEKDAY(DATE(2000,1,1), 3)
{}
5

WEEKDAY(DATE(2000,1,1), 15)
{}
2

WEEKDAY(DATE(2026,7,4), 2)
{}
6

WEEKDAY(DATE(2026,7,4), 11)
{}
6

WEEKNUM(DATE(2026,1,31), 1)
{}
5

WEEKNUM(DATE(2026,1,31), 2)
{}
5

WEEKNUM(DATE(2024,2,29), 1)
{}
9

WEEKNUM(DATE(2024,2,29), 2)
{}
9

WEEKNUM(DATE(2026,11,23), 1)
{}
48

WEEKNUM(DATE(2026,11,23), 2)
{}
48

WEEKNUM(DATE(2026,12,31), 1)
{}
53

WEEKNUM(DATE(2026,12,31), 2)
{}
53

WEEKNUM(DATE(2025,3,1), 1)
{}
9

WEEKNUM(DATE(2025,3,1), 2)
{}
9

WEEKNUM(DATE(2023,2,28), 1)
{}
9

WEEKNUM(DATE(2023,2,28), 2)
{}
10

WEEKNUM(DATE(2000,1,1), 1)
{}
1

WEEKNUM(DATE(2000,1,1), 2)
{}
1

WEEKNUM(DATE(2026,7,4), 1)
{}
27

WEEKNUM(DATE(2026,7,4), 2)
{}
27

EDATE(DATE(2026,1,31), 0)
{}
"2026-01-31"

EDATE(DATE(2026,1,31), 12)
{}
"2027-01-31"

EDATE(DATE(2024,2,29), 0)
{}
"2024-02-29"

EDATE(DATE(2024,2,29), 12)
{}
"2025-02-28"

EDATE(DATE(2026,11,23), 0)
{}
"2026-11-23"

EDATE(DATE(2026,11,23), 12)
{}
"2027-11-23"

EDATE(DATE(2026,12,31), 0)
{}
"2026-12-31"

EDATE(DATE(2026,12,31), 12)
{}
"2027-12-31"

EDATE(DATE(2025,3,1), 0)
{}
"2025-03-01"

EDATE(DATE(2025,3,1), 12)
{}
"2026-03-01"

EDATE(DATE(2023,2,28), 0)
{}
"2023-02-28"

EDATE(DATE(2023,2,28), 12)
{}
"2024-02-28"

EDATE(DATE(2000,1,1), 0)
{}
"2000-01-01"

EDATE(DATE(2000,1,1), 12)
{}
"2001-01-01"

EDATE(DATE(2026,7,4), 0)
{}
"2026-07-04"

EDATE(DATE(2026,7,4), 12)
{}
"2027-07-04"

EOMONTH(DATE(2026,1,31), 0)
{}
"2026-01-31"

EOMONTH(DATE(2026,1,31), 12)
{}
"2027-01-31"

EOMONTH(DATE(2024,2,29), 0)
{}
"2024-02-29"

EOMONTH(DATE(2024,2,29), 12)
{}
"2025-02-28"

EOMONTH(DATE(2026,11,23), 0)
{}
"2026-11-30"

EOMONTH(DATE(2026,11,23), 12)
{}
"2027-11-30"

EOMONTH(DATE(2026,12,31), 0)
{}
"2026-12-31"

EOMONTH(DATE(2026,12,31), 12)
{}
"2027-12-31"

EOMONTH(DATE(2025,3,1), 0)
{}
"2025-03-31"

EOMONTH(DATE(2025,3,1), 12)
{}
"2026-03-31"

EOMONTH(DATE(2023,2,28), 0)
{}
"2023-02-28"

EOMONTH(DATE(2023,2,28), 12)
{}
"2024-02-29"

EOMONTH(DATE(2000,1,1), 0)
{}
"2000-01-31"

EOMONTH(DATE(2000,1,1), 12)
{}
"2001-01-31"

EOMONTH(DATE(2026,7,4), 0)
{}
"2026-07-31"

EOMONTH(DATE(2026,7,4), 12)
{}
"2027-07-31"

WORKDAY(DATE(2026,1,31), 1)
{}
"2026-02-02"

WORKDAY(DATE(2026,1,31), -3)
{}
"2026-01-28"

WORKDAY(DATE(2026,1,31), 30)
{}
"2026-03-13"

WORKDAY(DATE(2024,2,29), 5)
{}
"2024-03-07"

WORKDAY(DATE(2024,2,29), 10)
{}
"2024-03-14"

WORKDAY(DATE(2026,11,23), 1)
{}
"2026-11-24"

WORKDAY(DATE(2026,11,23), -3)
{}
"2026-11-18"

WORKDAY(DATE(2026,11,23), 30)
{}
"2027-01-04"

WORKDAY(DATE(2026,12,31), 5)
{}
"2027-01-07"

WORKDAY(DATE(2026,12,31), 10)
{}
"2027-01-14"

WORKDAY(DATE(2025,3,1), 1)
{}
"2025-03-03"

WORKDAY(DATE(2025,3,1), -3)
{}
"2025-02-26"

WORKDAY(DATE(2025,3,1), 30)
{}
"2025-04-11"

WORKDAY(DATE(2023,2,28), 5)
{}
"2023-03-07"

WORKDAY(DATE(2023,2,28), 10)
{}
"2023-03-14"

WORKDAY(DATE(2000,1,1), 1)
{}
"2000-01-03"

WORKDAY(DATE(2000,1,1), -3)
{}
"1999-12-29"

WORKDAY(DATE(2000,1,1), 30)
{}
"2000-02-11"

WORKDAY(DATE(2026,7,4), 5)
{}
"2026-07-10"

WORKDAY(DATE(2026,7,4), 10)
{}
"2026-07-17"

DAYS(DATE(2026,1,31), DATE(2026,1,31))
{}
0

DAYS(DATE(2026,1,31), DATE(2025,3,1))
{}
336

DAYS(DATE(2024,2,29), DATE(2026,1,31))
{}
-702

DAYS(DATE(2024,2,29), DATE(2025,3,1))
{}
-366

DAYS(DATE(2026,11,23), DATE(2026,1,31))
{}
296

DAYS(DATE(2026,11,23), DATE(2025,3,1))
{}
632

DAYS(DATE(2026,12,31), DATE(2026,1,31))
{}
334

DAYS(DATE(2026,12,31), DATE(2025,3,1))
{}
670

DAYS(DATE(2025,3,1), DATE(2026,1,31))
{}
-336

DAYS(DATE(2025,3,1), DATE(2025,3,1))
{}
0

DAYS(DATE(2023,2,28), DATE(2026,1,31))
{}
-1068

DAYS(DATE(2023,2,28), DATE(2025,3,1))
{}
-732

DAYS(DATE(2000,1,1), DATE(2026,1,31))
{}
-9527

DAYS(DATE(2000,1,1), DATE(2025,3,1))
{}
-9191

DAYS(DATE(2026,7,4), DATE(2026,1,31))
{}
154

DAYS(DATE(2026,7,4), DATE(2025,3,1))
{}
490

YEARFRAC(DATE(2026,1,31), DATE(2026,1,31), 0)
{}
0

YEARFRAC(DATE(2026,1,31), DATE(2026,12,31), 2)
{}
0.9277777777777778

YEARFRAC(DATE(2024,2,29), DATE(2024,2,29), 1)
{}
0

YEARFRAC(DATE(2024,2,29), DATE(2025,3,1), 1)
{}
1.0013679890560876

YEARFRAC(DATE(2026,11,23), DATE(2026,11,23), 3)
{}
0

YEARFRAC(DATE(2025,3,1), DATE(2026,1,31), 0)
{}
0.9166666666666666

YEARFRAC(DATE(2025,3,1), DATE(2026,12,31), 2)
{}
1.8611111111111112

YEARFRAC(DATE(2025,3,1), DATE(2026,7,4), 4)
{}
1.3416666666666666

YEARFRAC(DATE(2023,2,28), DATE(2026,11,23), 4)
{}
3.736111111111111

YEARFRAC(DATE(2023,2,28), DATE(2023,2,28), 3)
{}
0

YEARFRAC(DATE(2000,1,1), DATE(2024,2,29), 1)
{}
24.159548839246607

YEARFRAC(DATE(2000,1,1), DATE(2026,12,31), 2)
{}
27.391666666666666

YEARFRAC(DATE(2000,1,1), DATE(2023,2,28), 4)
{}
23.158333333333335

YEARFRAC(DATE(2026,7,4), DATE(2026,11,23), 0)
{}
0.3861111111111111

YEARFRAC(DATE(2026,7,4), DATE(2026,7,4), 2)
{}
0

NETWORKDAYS(DATE(2026,1,31), DATE(2026,1,31))
{}
0

NETWORKDAYS(DATE(2026,1,31), DATE(2026,12,31))
{}
239

NETWORKDAYS(DATE(2024,2,29), DATE(2026,1,31))
{}
502

NETWORKDAYS(DATE(2024,2,29), DATE(2026,11,23))
{}
713

NETWORKDAYS(DATE(2024,2,29), DATE(2025,3,1))
{}
262

NETWORKDAYS(DATE(2026,11,23), DATE(2026,11,23))
{}
1

NETWORKDAYS(DATE(2026,12,31), DATE(2026,12,31))
{}
1

NETWORKDAYS(DATE(2025,3,1), DATE(2026,11,23))
{}
451

NETWORKDAYS(DATE(2025,3,1), DATE(2025,3,1))
{}
0

NETWORKDAYS(DATE(2023,2,28), DATE(2026,1,31))
{}
764

NETWORKDAYS(DATE(2023,2,28), DATE(2026,11,23))
{}
975

NETWORKDAYS(DATE(2023,2,28), DATE(2025,3,1))
{}
524

NETWORKDAYS(DATE(2023,2,28), DATE(2026,7,4))
{}
874

NETWORKDAYS(DATE(2000,1,1), DATE(2024,2,29))
{}
6304

NETWORKDAYS(DATE(2000,1,1), DATE(2026,12,31))
{}
7044

NETWORKDAYS(DATE(2000,1,1), DATE(2023,2,28))
{}
6042

NETWORKDAYS(DATE(2000,1,1), DATE(2026,7,4))
{}
6915

NETWORKDAYS(DATE(2026,7,4), DATE(2026,12,31))
{}
129

DATEDIF(DATE(2026,1,31), DATE(2026,1,31), "Y")
{}
0

DATEDIF(DATE(2026,1,31), DATE(2026,12,31), "YM")
{}
11

DATEDIF(DATE(2024,2,29), DATE(2024,2,29), "Y")
{}
0

DATEDIF(DATE(2024,2,29), DATE(2025,3,1), "Y")
{}
1

DATEDIF(DATE(2026,11,23), DATE(2026,12,31), "M")
{}
1

DATEDIF(DATE(2025,3,1), DATE(2026,1,31), "MD")
{}
30

DATEDIF(DATE(2025,3,1), DATE(2025,3,1), "Y")
{}
0

DATEDIF(DATE(2023,2,28), DATE(2026,1,31), "YM")
{}
11

DATEDIF(DATE(2023,2,28), DATE(2026,12,31), "Y")
{}
3

DATEDIF(DATE(2023,2,28), DATE(2023,2,28), "D")
{}
0

DATEDIF(DATE(2000,1,1), DATE(2024,2,29), "Y")
{}
24

DATEDIF(DATE(2000,1,1), DATE(2026,12,31), "YM")
{}
11

DATEDIF(DATE(2000,1,1), DATE(2023,2,28), "YD")
{}
58

DATEDIF(DATE(2026,7,4), DATE(2026,11,23), "D")
{}
142

DATEDIF(DATE(2026,7,4), DATE(2026,7,4), "MD")
{}
0

DATE(2026, 13, 1)
{}
"2027-01-01"

DATE(2026, 0, 1)
{}
"2025-12-01"

DATE(2026, 2, 30)
{}
"2026-03-02"

DATE(2026, 1, 0)
{}
"2025-12-31"

DATE(2025, -1, 15)
{}
"2024-11-15"

