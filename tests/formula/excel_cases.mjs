// The cases of excel.test.mjs: expressions in our language, and where the spelling differs the
// formula that a spreadsheet has for it.  $ stands for each value of the next set.
export const cases = [];

function add(expr, excel, vars) {
  cases.push({ expr, ...(excel && { excel }), ...(vars && { vars }) });
}

// each('ROUND($, $)', xs, ys): every x with every y; [ours, theirs] where the spelling differs.
function each(template, ...sets) {
  const [ours, theirs] = Array.isArray(template) ? template : [template];
  const walk = (i, args) => {
    if (i < sets.length) return sets[i].forEach((v) => walk(i + 1, [...args, v]));
    const fill = (t) => {
      let k = 0;
      return t.replace(/\$(\d)?/g, (_, d) => args[d ? d - 1 : k++]);
    };
    add(fill(ours), theirs && fill(theirs));
  };
  walk(0, []);
}

// over({list: […]}, 'SUM(list)', …)
function over(vars, ...exprs) {
  for (const e of exprs) Array.isArray(e) ? add(e[0], e[1], vars) : add(e, undefined, vars);
}

// ---- operators
const pairs = ['7, 2', '-7, 2', '0.1, 0.2', '1e15, 1', '2.5, -0.5', '0, 3', '3, 0'];
for (const op of ['+', '-', '*', '/', '^', '=', '<>', '<', '<=', '>', '>='])
  for (const p of pairs) add(p.replace(', ', ` ${op} `));
for (const [a, b] of [['"a"', '"a"'], ['"a"', '"b"'], ['"a"', '"A"'], ['"北"', '"京"'], ['""', 'BLANK'], ['0', 'BLANK']])
  for (const op of ['=', '<>', '<', '<=', '&']) add(`${a} ${op} ${b}`);
for (const e of ['-2^2', '2^3^2', '2^-1', '50%', '-50%', '10-2-3', '2+3*4', '100/10/2', '(1+2)*3', '-(3)', '--3',
  '"a" & 1.5 & TRUE', '"a" & 1/3', '1e21 & ""', '0.1+0.2 & ""', '1000000 & ""', '0.00001 & ""', '-0.5 & "x"', '1=1=TRUE', '1 < 2', 'TRUE & FALSE', 'BLANK & "x"', 'BLANK + 1', 'DATE(2026, 3, 1) - 1', 'DATE(2026, 3, 1) - DATE(2024, 2, 29)', 'DATE(2026, 3, 1) > DATE(2026, 2, 28)', '1/0', '1/0+1', '2^1024', '(-8)^(1/3)', '0^0', '0.1+0.2=0.3'])
  add(e);

// ---- logic
const conds = ['TRUE', 'FALSE', '1 > 2', 'BLANK'];
each('AND($, $)', conds, conds);
each('OR($, $)', conds, conds);
each('XOR($, $, $)', ['TRUE', 'FALSE'], ['TRUE', 'FALSE'], ['TRUE', 'FALSE']);
each('NOT($)', conds);
each('IF($, "y", "n")', conds);
each('IF($, 1)', conds);
each('IF($, 1, IF($, 2, 3))', ['TRUE', 'FALSE'], ['TRUE', 'FALSE']);
each('IFS($, "a", $, "b", TRUE, "c")', ['TRUE', 'FALSE'], ['TRUE', 'FALSE']);
add('IFS(FALSE, 1, FALSE, 2)');
each('SWITCH($, 1, "one", 2, "two", "many")', ['1', '2', '3', '1+1']);
each('SWITCH($, "a", 1, "b", 2)', ['"a"', '"b"', '"c"', '"A"']);
each('IFERROR($, 9)', ['1/0', '4/2', 'SQRT(-1)', 'VALUE("x")', '1 + 1/0', '0', 'FIND("x", "a")']);
each('ISBLANK($)', ['BLANK', '0', '"x"', 'FALSE', '""', 'DATE(2026,1,1)']);
each(['IFBLANK($1, $2)', 'IF(ISBLANK($1), $2, $1+0)'], ['BLANK', '5', '0'], ['7']);
each(['COALESCE($1, $2, $3)', 'IF(NOT(ISBLANK($1)), $1+0, IF(NOT(ISBLANK($2)), $2+0, $3))'], ['BLANK', '1'], ['BLANK', '2'], ['BLANK', '3']);

// ---- numbers
const signed = ['0', '1', '-1', '2.5', '-2.5', '0.1', '1234.567', '-1234.567', '1e15', '1e-9'];
for (const fn of ['ABS', 'SIGN', 'INT', 'TRUNC', 'EVEN', 'ODD']) each(`${fn}($)`, signed);
const halves = ['0.5', '1.5', '2.5', '-0.5', '-2.5', '1.005', '2.675', '1.115', '-1.005', '0.285', '1.255', '4.35', '8.345', '1234.5678', '0.05', '99.995', '1e-7', '5.015', '10.075'];
for (const fn of ['ROUND', 'ROUNDUP', 'ROUNDDOWN', 'TRUNC']) each(`${fn}($, $)`, halves, ['0', '2']);
for (const fn of ['ROUND', 'ROUNDUP', 'ROUNDDOWN', 'TRUNC']) each(`${fn}($, $)`, ['1234.567', '-1250', '0', '149'], ['-2', '-4', '1', '3']);
each('MROUND($, $)', ['10', '7.5', '1.3', '6.05', '0', '2.5'], ['3', '0.2', '0.1', '5']);
each('MROUND($, $)', ['-10', '5'], ['-3', '-2']);
for (const fn of ['CEILING', 'FLOOR']) {
  each(`${fn}($, $)`, ['2.1', '2.9', '6.3', '0', '10', '1.1', '0.234'], ['0.5', '2', '0.1', '3', '0.01']);
  each(`${fn}($, $)`, ['-2.5', '-7.1', '2.5'], ['2', '-2', '-0.5', '0']);
}
each('MOD($, $)', ['3', '-3', '10', '5.5', '-5.5', '0', '0.3', '1e15'], ['2', '-2', '3', '0.1', '7']);
add('MOD(3, 0)');
each('QUOTIENT($, $)', ['7', '-7', '7.9', '0', '1'], ['2', '-2', '0.1', '0']);
each('POWER($, $)', ['2', '-2', '0.5', '10', '0'], ['3', '-1', '0.5', '0', '10']);
each('SQRT($)', ['9', '2', '0', '-4', '1e10', '0.0001']);
each('EXP($)', ['0', '1', '-1', '2.5', '700', '710']);
for (const fn of ['LN', 'LOG', 'LOG10']) each(`${fn}($)`, ['1', '10', '1000', '0.5', '2.718281828', '0', '-1']);
each('LOG($, $)', ['8', '100', '0.25', '81', '1'], ['2', '10', '3', '0.5', '1']);
add('PI()');
for (const fn of ['GCD', 'LCM']) {
  each(`${fn}($, $)`, ['12', '7', '0', '100', '5.9', '18'], ['18', '3', '25']);
  add(`${fn}(24, 36, 60)`);
  add(`${fn}(-4, 6)`);
}
each('FACT($)', ['0', '1', '5', '10', '5.9', '20', '170', '-1', '171']);
const rad = (x) => `(${x})*PI()/180`;
for (const [a, b, c, d] of [[0, 0, 0, 1], [39.9042, 116.4074, 31.2304, 121.4737], [51.5, -0.12, 48.85, 2.35], [-33.87, 151.21, 35.68, 139.69], [10, 20, 10, 20]])
  add(
    `DISTANCE(${a}, ${b}, ${c}, ${d})`,
    `ROUND(2*6371008.8*ASIN(SQRT(SIN((${rad(c)}-${rad(a)})/2)^2+COS(${rad(a)})*COS(${rad(c)})*SIN((${rad(d)}-${rad(b)})/2)^2)),3)`,
  );

// ---- aggregates
const lists = [[3, 1, 2], [1, null, 3], [2.5, -1.5, 0, 7], [5], [0.1, 0.2, 0.3], [1, 1, 2, 3, 3, 3], [-5, -7, null, -6.5], [1e15, 1, -1e15]];
for (const list of lists)
  over({ list }, 'SUM(list)', 'AVERAGE(list)', 'MIN(list)', 'MAX(list)', 'COUNT(list)', 'COUNTA(list)', 'COUNTBLANK(list)', 'MEDIAN(list)',
    'PRODUCT(list)', 'STDEV(list)', 'LARGE(list, 1)', 'LARGE(list, 2)', 'SMALL(list, 1)', 'SMALL(list, 3)', 'SUMPRODUCT(list, list)', 'SUM(list, 10, 20)', 'MAX(list, 100)',
    ['COUNTD(list)', 'COUNT(UNIQUE(list))']);
for (const list of lists.slice(0, 4)) {
  for (const c of ['">1"', '"<=1"', '"=1"', '"<>1"', '1', '">-100"', '"1"', '">=2.5"'])
    over({ list }, `COUNTIF(list, ${c})`, `SUMIF(list, ${c})`, `AVERAGEIF(list, ${c})`);
  over({ list }, 'RANK(1, list)', 'RANK(3, list)', 'RANK(3, list, 1)', 'RANK(99, list)', 'LARGE(list, 9)', 'SMALL(list, 0)');
}
const names = ['a', 'b', 'a', null, 'c'];
over({ list: names, values: [1, 2, 4, 8, 16] }, 'COUNTIF(list, "a")', 'COUNTIF(list, "=a")', 'COUNTIF(list, "<>a")', 'COUNTIF(list, ">a")', 'COUNTIF(list, "A")', 'COUNTIF(list, "z")',
  'SUMIF(list, "a", values)', 'SUMIF(list, "<>a", values)', 'AVERAGEIF(list, "a", values)', 'AVERAGEIF(list, "z", values)', 'SUMIF(list, "z", values)', 'COUNTIF(list, "a*")', 'COUNTA(list)', 'COUNTBLANK(list)',
  'SUMPRODUCT(values, values)', 'SUMPRODUCT(values, values, values)');
each('SUM($)', ['1, 2, 3', '1, [2, 3]', '[1, 2], [3, 4]', '0.1, 0.2']);
each('AVERAGE($)', ['1, 2, 4', '[1, 2], 6']);
each('PRODUCT($)', ['2, 3, 4', '[2, 3], 5']);
each('MEDIAN($)', ['1, 9, 3, 5', '[1, 9], 3']);
each('STDEV($)', ['2, 4', '[1, 2, 3, 4]', '5', '3, 3, 3']);
each('MIN($)', ['3, 1, 2', '[3, 1], -2', 'DATE(2026, 1, 2), DATE(2025, 12, 31)']);
each('MAX($)', ['3, 1, 2', '[3, 1], 9', 'DATE(2026, 1, 2), DATE(2025, 12, 31)']);
add('SUMPRODUCT([1, 2, 3], [4, 5, 6])');
add('SUMPRODUCT([1, 2], [4, 5, 6])');
add('COUNT(1, 2, 3)');
add('COUNTA("a", 1, TRUE)');

// ---- lists
for (const list of [[3, 1, 2], [1, 1, 2, 3, 3], ['b', 'a', 'c', 'a'], ['北京', '上海', '北京'], [2.5, -1, 0]]) {
  over({ list }, 'SORT(list)', 'UNIQUE(list)', 'INDEX(list, 1)', 'INDEX(list, 3)', 'INDEX(list, 9)', ['SORT(list, TRUE)', 'SORT(list, 1, -1)'],
    ['FIRST(list)', 'INDEX(list, 1)'], ['LAST(list)', 'INDEX(list, ROWS(list))'], ['JOIN(list)', 'TEXTJOIN(",", TRUE, list)'], ['JOIN(list, "-")', 'TEXTJOIN("-", TRUE, list)']);
}
over({ list: ['a', null, 'b'] }, ['JOIN(list, "/")', 'TEXTJOIN("/", TRUE, list)'], 'UNIQUE(list)', 'INDEX(list, 2)');
for (const [t, s] of [['a,b,c', ','], ['a', ','], ['a--b', '--'], ['2026-11-23', '-'], ['北京、上海', '、'], ['a,,b', ',']])
  add(`SPLIT("${t}", "${s}")`, `TEXTSPLIT("${t}", "${s}")`);

// ---- texts
const words = ['"abc"', '"公司名称"', '"a😀b"', '"Hello World"', '""', '"ÄÖ ß"'];
for (const fn of ['LEN', 'UPPER', 'LOWER', 'PROPER', 'CODE', 'UNICODE', 'LEFT', 'RIGHT', 'TRIM']) each(`${fn}($)`, words);
each('PROPER($)', ['"john o\'neil"', '"2nd STREET"', '"a-b c_d"', '"76BudGet"']);
each('TRIM($)', ['"  a  b "', '" x"', '"a b"', '"   "']);
for (const fn of ['LEFT', 'RIGHT']) each(`${fn}($, $)`, words, ['0', '2', '99', '1.9', '-1']);
each('MID($, $, $)', words.slice(0, 4), ['1', '2', '9', '0'], ['0', '2', '99', '-1']);
for (const fn of ['FIND', 'SEARCH']) {
  each(`${fn}($, $)`, ['"b"', '"B"', '"名"', '"x"', '""'], ['"abcb"', '"公司名称"', '""']);
  each(`${fn}("b", "abcb", $)`, ['1', '2', '3', '4', '5', '0']);
}
add('SEARCH("b*d", "abcd")');
add('SEARCH("?", "ab?")');
each('SUBSTITUTE($, $, $)', ['"a-b-c"', '"aaa"', '"公司公司"'], ['"-"', '"a"', '"公司"', '"aa"', '""'], ['"+"', '""']);
each('SUBSTITUTE("a-b-c", "-", "+", $)', ['1', '2', '3', '1.9', '0']);
each('REPLACE($, $, $, "X")', ['"abcdef"', '"公司"'], ['1', '2', '9', '0'], ['0', '1', '99', '-1']);
each('REPT($, $)', ['"ab"', '""', '"公"'], ['0', '1', '3', '2.9', '-1']);
each('CONCAT($)', ['"a", "b"', '"a", 1, TRUE', '["a", "b"], "c"', '"a", BLANK, "b"', '1.5, 2']);
each('CONCATENATE($)', ['"a", "b"', '"a", 1, TRUE', '"x"']);
each('TEXTJOIN($, $, "a", "", "b", BLANK)', ['"-"', '""', '"、"'], ['TRUE', 'FALSE']);
over({ list: ['a', null, 'b'] }, 'TEXTJOIN("-", TRUE, list)', 'TEXTJOIN("-", FALSE, list)', 'TEXTJOIN("-", TRUE, list, "c")');
each('EXACT($, $)', ['"a"', '"A"', '"公"', '""'], ['"a"', '"公"', '""']);
each(['STARTSWITH($1, $2)', 'EXACT(LEFT($1, LEN($2)), $2)'], ['"abc"', '"公司"', '""'], ['"a"', '"b"', '"公"', '""', '"abcd"']);
each(['ENDSWITH($1, $2)', 'EXACT(RIGHT($1, LEN($2)), $2)'], ['"abc"', '"公司"', '""'], ['"c"', '"b"', '"司"', '""', '"xabc"']);
each(['MATCHES($, $)', 'REGEX($, $)'], ['"abc"', '"a1"', '"13800138000"', '"公司"', '"a.b"'], ['"[a-z]+"', '"a.*"', '"1[3-9]\\d{9}"', '"\\p{Han}+"'.replace('\\p{Han}', '[一-龥]'), '"a\\.b"', '"(ab|a1)c?"', '"\\w{2,3}"', '"[^a]*"']);
each('VALUE($)', ['"12"', '"1,234.5"', '"50%"', '"-3.5"', '" 7 "', '"1e3"', '"abc"', '""', '"1.2.3"', '"12a"', '"$5"', '"(5)"', '"0.1"']);
const codes = ['"0"', '"0.00"', '"#,##0"', '"#,##0.00"', '"0%"', '"0.0%"', '"#"', '"000"', '"#.##"', '"0.0#"', '"0;(0)"', '"0.00;-0.00;zero"', '"#,##0,"', '"¥#,##0.00"', '"0 ""元"""', '"General"'];
each('TEXT($, $)', ['1234.567', '-0.5', '0', '12', '0.256'], codes);
each('TEXT($, $)', ['DATE(2026, 3, 5)', 'DATE(2024, 12, 31)'], ['"yyyy-mm-dd"', '"yy/m/d"', '"yyyy年m月d日"', '"mmm d, yyyy"', '"mmmm"', '"ddd"', '"dddd"', '"dd.mm.yyyy"']);
for (const t of ['8, 5, 9', '0, 0, 0', '23, 59, 58', '12, 30, 0'])
  for (const f of ['hh:mm:ss', 'h:mm', 'h:mm AM/PM', 'yyyy-mm-dd hh:mm', 'mm:ss'])
    add(`TEXT(DATETIME(2026, 11, 23, ${t}), "${f}")`, `TEXT(DATE(2026, 11, 23) + TIME(${t}), "${f}")`);
each('FIXED($, $)', ['1234.567', '-1234.567', '0.5', '1e6', '0'], ['0', '1', '2', '-2']);
each('FIXED($)', ['1234.567', '44.332']);
each('FIXED(1234567.891, 1, $)', ['TRUE', 'FALSE']);
each('CHAR($)', ['65', '97', '10', '48.9', '0', '256']);
each('UNICHAR($)', ['65', '20013', '128512', '0', '1114112']);
each(['RMBCAP($)', 'RMB($)'], ['0', '1', '10', '10.05', '100', '1234.5', '1234.56', '0.5', '0.05', '1000.01', '10001', '100000', '100010000', '123456789.12', '-12.3', '20000000', '1000000000', '50002']);

// ---- dates
const days = ['DATE(2026, 11, 23)', 'DATE(2024, 2, 29)', 'DATE(2026, 1, 31)', 'DATE(1999, 12, 31)', 'DATE(2000, 1, 1)'];
each('DATE($, $, $)', ['2026', '2024'], ['1', '2', '13', '0', '-1'], ['1', '29', '0', '31', '366']);
each('DATE($, 1, 1)', ['1900', '9999', '10000', '99', '-1']);
for (const fn of ['YEAR', 'MONTH', 'DAY', 'WEEKNUM', 'ISOWEEKNUM', 'WEEKDAY']) each(`${fn}($)`, days);
each(['QUARTER($)', 'ROUNDUP(MONTH($)/3, 0)'], days);
each('WEEKDAY($, $)', days.slice(0, 3), ['1', '2', '3', '11', '12', '13', '14', '15', '16', '17', '4']);
each('WEEKNUM($, $)', [...days, 'DATE(2027, 1, 3)'], ['1', '2', '11', '12', '15', '17', '21']);
each('EDATE($, $)', days, ['1', '-1', '12', '0', '1.9']);
each('EOMONTH($, $)', days, ['1', '-1', '12', '0', '-12']);
each('DAYS($, $)', days.slice(0, 3), days);
for (const u of ['"Y"', '"M"', '"D"', '"YM"', '"YD"', '"MD"'])
  for (const [a, b] of [[1, 0], [3, 0], [4, 2], [2, 0], [0, 1], [1, 1], [3, 2]]) add(`DATEDIF(${days[a]}, ${days[b]}, ${u})`);
for (const basis of [0, 1, 2, 3, 4])
  for (const [a, b] of [[1, 0], [3, 0], [4, 2], [2, 0], [0, 1], [2, 2]]) add(`YEARFRAC(${days[a]}, ${days[b]}, ${basis})`);
each('YEARFRAC(DATE(2026, 1, $), DATE(2026, 7, 1))', ['1', '30', '31']);
each('WORKDAY($, $)', days, ['1', '-1', '10', '0', '250', '5.9']);
add('WORKDAY(DATE(2026, 11, 20), 1, DATE(2026, 11, 23))');
add('WORKDAY(DATE(2026, 11, 20), 3, [DATE(2026, 11, 23), DATE(2026, 11, 24)])', 'WORKDAY(DATE(2026, 11, 20), 3, {46349;46350})');
for (const [a, b] of [[1, 0], [2, 0], [0, 0], [0, 2], [3, 4], [4, 3]]) add(`NETWORKDAYS(${days[a]}, ${days[b]})`);
add('NETWORKDAYS(DATE(2026, 11, 16), DATE(2026, 11, 27), DATE(2026, 11, 23))');
each('TIME($, $, $)', ['0', '8', '23', '25'], ['0', '30', '90'], ['0', '59', '61']);
add('TIME(-1, 0, 0)');
for (const fn of ['HOUR', 'MINUTE', 'SECOND']) each(`${fn}(TIME($))`, ['8, 30, 5', '0, 0, 0', '23, 59, 59', '12, 0, 61']);
each(['HOUR(DATETIME(2026, 11, 23, $))', 'HOUR(DATE(2026, 11, 23) + TIME($))'], ['8, 30, 5', '23, 59, 59']);
each('TIMEVALUE($)', ['"08:30"', '"23:59:59"', '"8:05"', '"2:30 PM"', '"25:00"', '"x"']);
each('DATEVALUE($)', ['"2026-11-23"', '"2026/11/23"', '"2024-02-29"', '"2023-02-29"', '"2026年3月5日"', '"x"', '"11/23/2026"']);
for (const t of ['2026, 11, 23, 8, 30, 0', '2024, 2, 29, 23, 59, 59', '2026, 1, 1, 0, 0, 0', '2026, 1, 1, 25, 0, 0', '2026, 13, 1, 0, 90, 0']) {
  const [y, m, d, ...time] = t.split(', ');
  add(`DATETIME(${t})`, `DATE(${y}, ${m}, ${d}) + (${time[0]}*3600+${time[1]}*60+${time[2]})/86400`);
}
each(['DATETIME($1, TIME(8, 30, 0))', '$1 + TIME(8, 30, 0)'], days);
