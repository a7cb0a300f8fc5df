// Writes formula.md, the manual page of the expression language, from the one table of functions
// (`mortise schema`) and the listed differences to Excel (tests/formula/excel_differences.mjs).
//   node engine/docs/formula.mjs            MORTISE_BIN says which program
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { differences } from '../../tests/formula/excel_differences.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const page = here('formula.md');

const groups = [
  ['logic', '逻辑', 'Logic'],
  ['number', '数值', 'Numbers'],
  ['aggregate', '汇总：列表和单个值可以混用，不计空值', 'Aggregates: lists and single values mixed, blanks aside'],
  ['list', '列表', 'Lists'],
  ['text', '文本：长度和位置按字符（码位）计', 'Texts: lengths and positions count characters (code points)'],
  ['date', '日期和时间', 'Dates and times'],
  ['records', '其他表单的记录', 'Records of other forms'],
  ['context', '当前用户和应用', 'The user and the app'],
];

const intro = `# 公式 · Expressions

<!-- Made by \`make docs\` from the table of functions; do not edit. -->

同一种表达式用在默认值、计算字段、显示和必填条件、校验、权限、视图筛选、流程和自动化条件、图表指标和接口筛选里。它像 Excel，有类型，
没有副作用，服务器、浏览器（WebAssembly）和数据库（SQL）算出同一个值。

One language serves defaults, computed fields, visibility, checks, permissions, view filters, flow and automation conditions, chart metrics and
API filters. It is Excel-like, typed and without side effects; server, browser (WebAssembly) and database (SQL) compute the same value.

\`mortise eval 'ROUND(price * qty, 2)' --set price=19.9 --set qty=3\` 试算 · tries one out.

## 写法 · Notation

| | |
|---|---|
| 字面量 · literals | \`12.5\` \`"文本"\`（引号写两遍 · a quote is doubled）\`TRUE\` \`FALSE\` \`BLANK\` \`["a", "b"]\` \`DATE(2026, 11, 23)\` |
| 运算符，从松到紧 · operators, loosest first | \`OR\` · \`AND\` · \`NOT\` · \`= <> < <= > >= IN CONTAINS\` · \`&\` · \`+ -\` · \`* /\` · 一元 · unary \`-\` · \`%\`（百分号，后缀 · percent, postfix）· \`^\` |
| 名字 · names | \`amount\` 字段 · a field；\`customer.level\` 经关联 · through a link；\`items.amount\` 子表的一列（列表）· a column of a sub-table (a list)；\`parent.x\` \`old.x\` \`this.x\` |
| 系统字段 · system fields | \`_id _version _created_at _created_by _updated_at _updated_by _owner _dept _state _node\` |
| 类型 · types | 文本、数值、是否、日期、日期时间、时间、成员、部门、关联、列表；只有 \`&\` 自动转换 · only \`&\` converts；类型错误在检查时报出 · type errors are found by \`mortise check\` |

- **空 · blank**：没填、空文本和空列表是同一个空值；算术当 0，\`&\` 当空文本，条件当 FALSE，汇总不计；\`=\` 只与空相等，比较大小都不成立。
  Nothing, the empty text and the empty list are one blank: 0 in arithmetic, nothing for \`&\`, FALSE as a condition, skipped by aggregates; equal to blank only, and in no order.
- **出错 · errors**：除以零、文本不是数值等让那一步得空，带上原因，计算继续；\`IFERROR\` 可以捕获。不会出现无穷大和 NaN。
  Division by zero or a text that is no number makes that operation blank, with a reason, and evaluation goes on; \`IFERROR\` sees it. There is no infinity and no NaN.
- **数 · numbers**：双精度，按看得见的 15 位有效数字四舍五入，\`ROUND(1.005, 2)\` 是 1.01；有 \`scale\` 的字段按整数精确保存和求和。
  Doubles, rounded half away from zero on their 15 significant digits; fields with a \`scale\` are stored and summed exactly.
- **时间 · time**：应用的时区决定日期；日期减日期是天数，日期加数是日期。The app's time zone decides days; date − date is days, date + number a date.
`;

const cell = (s) => s.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (s) => `\`${s.replaceAll('|', '\\|')}\``;

function table(functions) {
  const row = (f) => {
    const examples = f.example ? f.example.split('\n').map((e) => code(e.replace(' -> ', ' → '))).join('<br>') : '';
    return `| ${f.signature.split(' / ').map(code).join('<br>')} | ${cell(f.zh)}<br>${cell(f.en)} | ${examples} |`;
  };
  return ['| 函数 · function | | 例 · examples |', '|---|---|---|', ...functions.map(row)].join('\n');
}

function excel() {
  const ours = differences.filter((d) => d.by === 'mortise');
  const theirs = differences.filter((d) => d.by === 'library');
  return `## 与 Excel 的不同 · Differences to Excel

函数的含义与 Excel 相同，下面列出的除外。错误值（#DIV/0!、#VALUE! 等）在这里都是带原因的空。
Functions mean what they mean in Excel, but for this list. Every error value (#DIV/0!, #VALUE! …) is a blank with a reason here.

| 中文 | English |
|---|---|
${ours.map((d) => `| ${cell(d.zh)} | ${cell(d.en)}${d.doc ? ` Excel: “${cell(d.doc)}”` : ''} |`).join('\n')}

### 怎样核对 · How this is checked

\`tests/formula/excel.test.mjs\` 用两个开源的电子表格库核对所有函数的两千多个用例。不一致的每一个都列在 \`excel_differences.json\` 里：
不是上面我们有意的不同，就是库与 Excel 的文档不符，依据如下。
The test compares more than two thousand cases over all functions with two spreadsheet libraries. Each case that differs is listed: either it is
meant (above), or the libraries depart from Excel's documentation:

| Case | What the libraries do | Excel's documentation |
|---|---|---|
${theirs.map((d) => `| ${cell(d.key)} | ${cell(d.en)} | ${d.doc ? cell(d.doc) : ''} |`).join('\n')}
`;
}

export function manual(bin) {
  const schema = JSON.parse(execFileSync(bin, ['schema'], { maxBuffer: 1 << 26 }).toString());
  const functions = schema['x-functions'];
  const known = groups.map(([g]) => g);
  const stray = functions.find((f) => !known.includes(f.group));
  if (stray) throw new Error(`${stray.name} is in the group “${stray.group}”, which the page does not have`);
  const parts = groups.map(([g, zh, en]) => `### ${zh} · ${en}\n\n${table(functions.filter((f) => f.group === g))}\n`);
  return `${intro}\n## 函数 · Functions\n\n共 ${functions.length} 个，名字不分大小写。${functions.length} functions; case does not matter in names.\n\n${parts.join('\n')}\n${excel()}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(page, manual(process.env.MORTISE_BIN ?? here('../../build/release/mortise')));
