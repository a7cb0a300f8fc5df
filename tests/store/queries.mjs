// Queries by chance over the app of lib.mjs: lists, counts, groups, searches, expressions. A request is
// {method, path, body, follow}; with `follow` its cursor is followed to the end.
import { WORDS } from './lib.mjs';

const q = encodeURIComponent;
const COMPARE = ['=', '<>', '<', '<=', '>', '>='];
const TEXTS = ['name', 'memo', 'city', 'maker.name', 'maker.city', 'mail', 'label', '_title'];
const NUMBERS = ['price', 'qty', 'ratio', 'share', 'total', 'parts', 'stars', 'maker.rank', 'maker.stock', 'maker.made', 'age', '_version'];
const DATES = ['day', 'maker.since'];
const ALL = ['name', 'memo', 'kind', 'tags', 'price', 'qty', 'ratio', 'share', 'day', 'at', 'clock', 'done', 'maker', 'who', 'crew', 'also', 'stars', 'mail', 'total', 'parts', 'city', 'label', 'lines', 'age', 'maker.since', 'maker.owner', 'maker.kinds'];

const quote = (s) => `"${s.replaceAll('"', '""')}"`;
const text = (d) => quote(d.pick(WORDS));
const number = (d) => d.pick(['0', '1', '-3', '12.5', '100', '999.99', '0.1', '5', '1e3', '0.005', '-0.5', '2^53']);
const date = (d) => d.pick([() => `DATE(20${20 + d.below(8)}, ${1 + d.below(12)}, ${1 + d.below(28)})`, () => 'TODAY()', () => `TODAY() - ${d.below(40)}`, () => `EOMONTH(TODAY(), ${d.below(3) - 1})`, () => `EDATE(TODAY(), ${d.below(9) - 4})`])();
const instant = (d) => d.pick([() => 'NOW()', () => `NOW() - ${d.below(30)}`, () => `DATETIME(2026, ${1 + d.below(12)}, ${1 + d.below(28)}, ${d.below(24)}, 0, 0)`, () => date(d)])();

const numberOf = (d) =>
  d.pick([
    () => d.pick(NUMBERS),
    () => `${d.pick(['ROUND', 'ROUNDUP', 'ROUNDDOWN', 'TRUNC'])}(${d.pick(NUMBERS)}, ${d.below(4) - 1})`,
    () => `${d.pick(['ABS', 'INT', 'SIGN', 'SQRT', 'EVEN', 'ODD'])}(${d.pick(NUMBERS)})`,
    () => `MOD(${d.pick(NUMBERS)}, ${d.pick(['3', '7', '-2', 'qty', '0.5'])})`,
    () => `${d.pick(NUMBERS)} ${d.pick(['+', '-', '*', '/'])} ${d.pick(NUMBERS)}`,
    () => `LEN(${d.pick(TEXTS)})`,
    () => `FIND(${text(d)}, ${d.pick(['name', 'memo'])})`,
    () => `${d.pick(['SUM', 'MIN', 'MAX', 'COUNT', 'AVERAGE'])}(lines.${d.pick(['n', 'cost', 'sum'])})`,
    () => `${d.pick(['YEAR', 'MONTH', 'DAY', 'QUARTER', 'WEEKDAY', 'ISOWEEKNUM'])}(${d.pick([...DATES, 'at'])})`,
    () => `HOUR(${d.pick(['at', 'clock'])})`,
    () => `${d.pick(['day', 'TODAY()'])} - ${d.pick(['maker.since', 'day'])}`,
    () => `IF(${d.pick(['done', 'qty > 3', 'kind = "a"'])}, price, qty)`,
    () => `COALESCE(${d.pick(NUMBERS)}, ${d.pick(NUMBERS)}, 1)`,
    () => `IFERROR(price / qty, ${number(d)})`,
    () => `MAX(price, qty, ${number(d)})`,
    () => `VALUE(${d.pick(['name', 'RIGHT(name, 1)'])})`,
    () => `SWITCH(kind, "a", 1, "b", qty, 3)`,
  ])();
const textOf = (d) =>
  d.pick([
    () => d.pick(TEXTS),
    () => `${d.pick(['LEFT', 'RIGHT'])}(${d.pick(['name', 'memo', 'city'])}, ${d.below(5)})`,
    () => `MID(name, ${1 + d.below(4)}, ${d.below(4)})`,
    () => `${d.pick(['UPPER', 'LOWER', 'TRIM', 'PROPER'])}(${d.pick(['name', 'city', 'maker.name'])})`,
    () => `${d.pick(['name', 'city', 'kind', 'qty', 'price', 'done', 'day', 'ratio'])} & ${d.pick(['"-"', 'kind', 'qty', 'maker.name'])}`,
    () => `SUBSTITUTE(name, ${text(d)}, "x")`,
    () => `TEXT(${d.pick(['price', 'day', 'qty'])}, ${d.pick(['"0.00"', '"yyyy-mm"', '"#,##0"'])})`,
    () => `IF(done, name, city)`,
  ])();

const ATOMS = [
  (d) => `${d.pick(TEXTS)} ${d.pick(COMPARE)} ${text(d)}`,
  (d) => `${d.pick(TEXTS)} CONTAINS ${text(d)}`,
  (d) => `${d.pick(['STARTSWITH', 'ENDSWITH'])}(${d.pick(TEXTS)}, ${text(d)})`,
  (d) => `${d.pick(NUMBERS)} ${d.pick(COMPARE)} ${number(d)}`,
  (d) => `${numberOf(d)} ${d.pick(COMPARE)} ${d.chance(0.7) ? number(d) : d.pick(NUMBERS)}`,
  (d) => `${textOf(d)} ${d.pick(COMPARE)} ${d.chance(0.7) ? text(d) : d.pick(TEXTS)}`,
  (d) => `kind IN ["a", "${d.pick(['b', 'c', 'zz'])}"]`,
  (d) => `name IN [${text(d)}, ${text(d)}, ${text(d)}]`,
  (d) => `qty IN [1, 2, ${d.below(9)}]`,
  (d) => `${d.pick(['tags', 'maker.kinds'])} CONTAINS "${d.pick(['x', 'y', 'z', 'a'])}"`,
  (d) => `${d.pick(ALL)} ${d.pick(['=', '<>'])} BLANK`,
  (d) => `done = ${d.pick(['TRUE', 'FALSE', 'BLANK'])}`,
  () => 'done',
  (d) => `${d.pick(DATES)} ${d.pick(COMPARE)} ${date(d)}`,
  (d) => `at ${d.pick(COMPARE)} ${instant(d)}`,
  (d) => `clock ${d.pick(COMPARE)} TIME(${d.below(24)}, ${d.below(60)}, 0)`,
  // today, this week, this month, the last n days, a range
  () => 'day = TODAY()',
  () => 'day >= TODAY() - WEEKDAY(TODAY(), 2) + 1 AND day < TODAY() - WEEKDAY(TODAY(), 2) + 8',
  () => 'YEAR(day) = YEAR(TODAY()) AND MONTH(day) = MONTH(TODAY())',
  (d) => `day > TODAY() - ${1 + d.below(60)} AND day <= TODAY()`,
  (d) => `at >= NOW() - ${1 + d.below(20)} AND at < NOW()`,
  (d) => `day >= ${date(d)} AND day <= ${date(d)}`,
  (d) => `${d.pick(['who', 'maker.owner', '_owner', '_created_by'])} ${d.pick(['=', '<>'])} USER()`,
  (d) => `crew CONTAINS USER()`,
  (d, k) => `${d.pick(['maker', '_id', 'who'])} = "${d.pick([...k.makers, ...k.items.slice(0, 20), ...k.members])}"`,
  (d, k) => `maker IN ["${d.pick(k.makers)}", "${d.pick(k.makers)}", "none"]`,
  (d, k) => `also CONTAINS "${d.pick(k.makers)}"`,
  (d, k) => `crew CONTAINS "${d.pick(k.members)}"`,
  (d) => `COUNTOF(maker, ${d.pick(['rank > 1', 'city = BLANK', 'this.qty < rank'])}) ${d.pick(COMPARE)} ${d.below(20)}`,
  (d) => `${d.pick(['SUMOF', 'MAXOF', 'MINOF', 'AVGOF'])}(maker, rank, name <> BLANK) > ${number(d)}`,
  (d) => `LOOKUP(maker, name, city = this.city) ${d.pick(['=', '<>', '<'])} ${text(d)}`,
  (d) => `lines.part CONTAINS ${text(d)}`,
  (d) => `also.name CONTAINS ${text(d)}`,
  (d) => `COUNT(${d.pick(['also.name', 'also', 'maker.kinds', 'crew', 'tags'])}) ${d.pick(COMPARE)} ${d.below(3)}`,
  (d) => `${d.pick(['SUM', 'MAX'])}(also.rank) > ${d.below(4)}`,
  (d) => `${d.pick(['FIRST', 'LAST'])}(${d.pick(['lines.part', 'also.name', 'maker.kinds', 'tags'])}) = ${d.chance(0.5) ? text(d) : '"a"'}`,
  (d) => `INDEX(lines.n, ${1 + d.below(3)}) ${d.pick(COMPARE)} ${number(d)}`,
  (d) => `JOIN(${d.pick(['maker.kinds', 'tags', 'lines.part', 'also.name'])}, "-") CONTAINS "${d.pick(['a', 'b-', 'x', '-z'])}"`,
  (d) => `${d.pick(['maker', 'who', '_id'])} ${d.pick(['=', '<>'])} ${d.pick(['name', 'kind', 'city'])}`,
  (d) => `${d.pick(['also CONTAINS name', 'name IN lines.part', 'qty IN lines.n', 'maker IN also', 'price IN lines.cost', 'day IN lines.due', 'at IN lines.due', 'maker.kinds CONTAINS kind', 'who IN crew', 'crew CONTAINS maker.owner'])}`,
  (d) => `day ${d.pick(COMPARE)} ${d.pick(['at', 'maker.since'])}`,
  (d) => `${d.pick(['ISBLANK', 'NOT ISBLANK'])}(${d.pick(['lines', 'also', 'crew', 'name', 'maker.city', 'maker.kinds'])})`,
  (d) => d.pick(['CONCAT(crew)', 'JOIN(also)', 'TEXTJOIN("-", TRUE, name, who)', 'name & maker']) + ' = "x"', // no SQL on either
  (d) => `HASROLE("${d.pick(['chief', 'clerk'])}")`,
  () => 'nothing = 1', // refused the same way
];

function condition(d, k, depth = 0) {
  if (depth > 3 || d.chance(0.5)) return d.pick(ATOMS)(d, k);
  if (d.chance(0.2)) return `NOT (${condition(d, k, depth + 1)})`;
  return `(${condition(d, k, depth + 1)} ${d.pick(['AND', 'OR'])} ${condition(d, k, depth + 1)})`;
}

const SORTS = ['name', 'memo', 'kind', 'tags', 'price', 'qty', 'ratio', 'share', 'day', 'at', 'clock', 'done', 'maker', 'who', 'stars', 'mail', 'total', 'parts', 'city', 'label', 'age', '_title', '_created_at', '_owner', '_version', '_id', 'maker.name', 'maker.rank'];
const MAKER_SORTS = ['name', 'city', 'rank', 'since', 'owner', 'stock', 'made', '_title', '_id'];
const sorts = (d, from) => d.chance(0.03) ? d.pick(['1', 'TODAY()', 'BLANK', '-BLANK,name']) : Array.from({ length: 1 + d.below(3) }, () => (d.chance(0.5) ? '-' : '') + d.pick(from)).join(',');

function search(d) {
  const w = d.pick(WORDS);
  return d.pick([w, w, w.slice(0, 1), w.slice(0, 2), `${w} ${d.pick(WORDS)}`, `${w}${d.pick(WORDS)}`]);
}

function list(d, k) {
  const p = { count: d.pick(['capped', 'exact', 'none']) };
  const follow = d.chance(0.15);
  p.limit = follow ? d.pick([7, 20, 60]) : d.pick([3, 20, 50, 200]);
  if (d.chance(0.7)) p.filter = condition(d, k);
  if (d.chance(0.7)) p.sort = sorts(d, SORTS);
  if (d.chance(0.2)) p.search = search(d);
  if (d.chance(0.3)) p.view = d.pick(['all', 'cheap', 'board', 'plan', 'recent', 'far']);
  if (d.chance(0.3)) p.fields = ALL.filter((f) => !f.includes('.') && d.chance(0.4)).join(',') || 'name';
  if (d.chance(0.2)) p.expand = d.pick(['maker', 'maker', 'also', 'who', 'name']);
  if (!follow && d.chance(0.1)) p.page = 1 + d.below(4);
  if (d.chance(0.15)) return { method: 'POST', path: '/item/query', body: p };
  return { method: 'GET', path: `/item/records?${new URLSearchParams(p)}`, follow };
}

function makers(d) {
  const p = { limit: d.pick([4, 50]), count: 'exact', sort: sorts(d, MAKER_SORTS) };
  if (d.chance(0.5)) p.filter = d.pick([() => `city ${d.pick(COMPARE)} ${text(d)}`, () => `stock ${d.pick(COMPARE)} ${number(d)}`, () => `COUNTOF(item, maker = this._id AND ${d.pick(['done', 'qty > 2', 'kind = "a"'])}) > ${d.below(9)}`, () => `kinds CONTAINS "${d.pick(['a', 'b'])}"`, () => `SUMOF(item, price, maker = this._id) > ${number(d)}`])();
  if (d.chance(0.2)) p.search = search(d);
  return { method: 'GET', path: `/maker/records?${new URLSearchParams(p)}`, follow: d.chance(0.5) };
}

const METRICS = ['COUNT()', 'COUNT(price)', 'SUM(price)', 'SUM(qty)', 'AVERAGE(price)', 'MIN(day)', 'MAX(price)', 'MIN(name)', 'MAX(city)', 'COUNTD(kind)', 'COUNTD(maker)', 'MAX(at)', 'AVERAGE(ratio)', 'SUM(price * qty)', 'SUM(total) / COUNT()', 'SUM(IF(done, price, 0))', 'MAX(total) - MIN(total)', 'AVERAGE(share)', 'SUM(parts)', 'MEDIAN(price)', 'MIN(clock)', 'SUM(maker.rank)'];
const GROUPS = ['kind', 'done', 'city', 'maker', 'who', '_owner', 'stars', 'YEAR(day)', 'MONTH(day)', 'QUARTER(day)', 'YEAR(day),MONTH(day)', 'kind,done', 'name', 'label', 'LEFT(name, 1)', 'day', 'price > 100', 'maker.city', 'ROUND(price, -2)', 'maker.rank,kind', 'IF(qty > 3, "多", "少")', 'tags'];

function groups(d, k) {
  const metrics = METRICS.filter(() => d.chance(0.15));
  const p = { metrics: (metrics.length ? metrics : ['COUNT()']).join(',') };
  if (d.chance(0.9)) p.group = d.pick(GROUPS);
  if (d.chance(0.5)) p.filter = condition(d, k);
  if (d.chance(0.4)) p.sort = `${d.chance(0.5) ? '-' : ''}${d.pick(metrics.length ? metrics : ['COUNT()'])}`;
  if (d.chance(0.3)) p.limit = 1 + d.below(9);
  if (d.chance(0.2)) p.view = d.pick(['cheap', 'recent', 'far']);
  return { method: 'GET', path: `/item/aggregate?${new URLSearchParams(p)}` };
}

function other(d, k) {
  return d.pick([
    () => ({ method: 'GET', path: `/item/records/${d.pick(k.items)}${d.pick(['', '?expand=maker', '/related', '/explain'])}` }),
    () => ({ method: 'GET', path: `/maker/records/${d.pick(k.makers)}${d.pick(['', '/related', '/history'])}` }),
    () => ({ method: 'POST', path: '/item/eval', body: { values: { name: d.pick(WORDS), qty: d.below(9), maker: d.pick(k.makers) }, expr: numberOf(d) } }),
    () => ({ method: 'POST', path: '/item/export', body: { format: 'csv', filter: condition(d, k), for: d.pick(['people', 'machine']), sort: sorts(d, SORTS) } }),
    () => ({ method: 'GET', path: `/item/records?bin=1&limit=20&count=exact&sort=${q(sorts(d, SORTS))}` }),
  ])();
}

/** n requests; the same for the same seed. known: ids of makers, items, members. */
export function queries(d, n, known) {
  return Array.from({ length: n }, () => {
    const p = d.below(100);
    return p < 60 ? list(d, known) : p < 68 ? makers(d) : p < 92 ? groups(d, known) : other(d, known);
  });
}
