// Writes lua.md, the manual page of scripts, from the one table of their functions (`mortise schema lua-json`).
//   node engine/docs/lua.mjs            MORTISE_BIN says which program
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const page = fileURLToPath(new URL('lua.md', import.meta.url));

const modules = [
  ['', '全局', 'Globals'],
  ['app', '应用', 'The app'],
  ['Form', '表单的方法', 'Methods of a form'],
  ['record', '记录', 'Records'],
  ['query', '查询', 'Queries'],
  ['match', '查重', 'Matching'],
  ['notify', '通知', 'Notices'],
  ['http', '外部接口', 'Other systems'],
  ['setting', '设置', 'Settings'],
  ['formula', '公式', 'Formulas'],
  ['decimal', '精确小数', 'Exact decimals'],
  ['Decimal', '精确小数的方法', 'Methods of a decimal'],
  ['date', '日期', 'Dates'],
  ['calendar', '工作日历', 'The working calendar'],
  ['text', '文本', 'Texts'],
  ['json', 'JSON', 'JSON'],
  ['crypto', '摘要和编码', 'Hashes and encodings'],
  ['log', '日志', 'The log'],
  ['cache', '暂存', 'Cache'],
  ['i18n', '语言', 'Languages'],
];

const intro = `# 脚本 · Scripts

<!-- Made by \`make docs\` from the table of functions; do not edit. -->

\`scripts/lead.lua\` 返回一个由函数组成的表，函数名就是事件：\`before_create(rec, ctx)\` \`before_update(rec, old, ctx)\` \`before_delete(rec, ctx)\`
（可以改 \`rec\`，也可以 \`reject\`）、\`after_create(rec, ctx)\` \`after_update(rec, old, ctx)\` \`after_delete(rec, ctx)\`（同一事务）、按钮和流程里 \`run: lead.claim\` 指名的函数。
表单用 \`hooks: lead\` 接上。\`ctx\` 里有 \`user via now ask\`。编号、成员、关联是文本，日期是 ISO 文本，小数是数，子表是列表，空是 nil。

\`scripts/lead.lua\` returns a table of functions named by their events: \`before_*\` may change \`rec\` or \`reject\`; \`after_*\` runs in the same
transaction; buttons and flow nodes name functions with \`run: lead.claim\`. A form is joined by \`hooks: lead\`. \`ctx\` holds \`user via now ask\`.
Ids, members and links are texts, dates ISO texts, decimals numbers, sub-tables lists, blank is nil.

- **权限 · rights**：\`app.form\` 用当前用户的权限；\`app.as_system\` 只在定义写明 \`as: system\` 时可用。
  \`app.form\` acts with the user's rights; \`app.as_system\` exists only where the definition says \`as: system\`.
- **限制 · limits**：一次请求里所有脚本合计 50 毫秒、32 MB、两千万步，嵌套 8 层，一次查询 1000 条；超过即撤销整个操作。模式匹配也计步。
  50 ms, 32 MB and 20 million steps for all scripts of one request, 8 levels of events, 1,000 rows a query; beyond that all is rolled back. Patterns count too.
- **没有 · not there**：\`load dofile loadstring os io package debug coroutine xpcall collectgarbage string.dump __gc __close\`；全局表和模块只读。
  Globals and modules are read-only.
- **编辑器 · editors**：\`mortise schema lua > mortise.lua\` 放进 LuaLS 的 \`workspace.library\`，即有补全和检查。
  Put the output of \`mortise schema lua\` into LuaLS's \`workspace.library\` for completion and checks.
- **边写边试 · while writing**：\`mortise serve --dev\`（只限本机）把保存的改动立刻发布；有错误或会丢数据的不发布，并打印原因。
  \`mortise serve --dev\` (loopback only) publishes what is saved at once; mistakes and losses are told and not published.
- **测试 · tests**：\`mortise test apps/crm\` 运行 \`tests/*.lua\`，每个测试用完即弃，时钟可定。
  \`mortise test apps/crm\` runs \`tests/*.lua\` in a throw-away database, on a clock you set.
`;

const cell = (text) => text.replaceAll('|', '\\|');
const call = (f) => {
  const names = [];
  let depth = 0, from = 0;
  for (let i = 0; i <= f.params.length; i++) {
    const c = f.params[i];
    if (c === '{' || c === '(') depth++;
    if (c === '}' || c === ')') depth--;
    if ((c === ',' && !depth) || (i === f.params.length && i > from)) {
      names.push(f.params.slice(from, i).trim());
      from = i + 1;
    }
  }
  const head = f.module === '' ? f.name : /^[A-Z]/.test(f.module) ? `${f.module.toLowerCase()}:${f.name}` : `${f.module}.${f.name}`;
  return `${head}(${names.join(', ')})`;
};

const section = (rows, [key, zh, en]) => {
  const mine = rows.filter((f) => f.module === key);
  if (!mine.length) return '';
  const line = (f) => {
    const example = f.example ? `<br>\`${cell(f.example)}\` → \`${cell(f.gives)}\`` : '';
    return `| \`${cell(call(f))}\`${f.returns ? ` → \`${cell(f.returns)}\`` : ''} | ${cell(f.zh)}<br>${cell(f.en)}${example} |`;
  };
  return `## ${key ? `${key} · ` : ''}${zh}${zh === en ? '' : ` · ${en}`}\n\n| | |\n|---|---|\n${mine.map(line).join('\n')}\n`;
};

export function manual(bin) {
  const rows = JSON.parse(execFileSync(bin, ['schema', 'lua-json'], { encoding: 'utf8' }));
  const known = new Set(modules.map(([key]) => key));
  const strange = rows.filter((f) => !known.has(f.module)).map((f) => f.module);
  if (strange.length) throw new Error(`modules without a heading: ${[...new Set(strange)]}`);
  return `${intro}\n${modules.map((m) => section(rows, m)).filter(Boolean).join('\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bin = process.env.MORTISE_BIN ?? 'build/release/mortise';
  writeFileSync(page, manual(bin));
  console.log('lua.md');
}
