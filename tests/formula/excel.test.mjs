// Agreement with Excel: every case of excel_cases.mjs through `mortise eval -` and through two
// spreadsheet libraries.  Where no library agrees, the case must be listed in
// excel_differences.mjs with its reason, and with our value in excel_differences.json; an entry
// that no longer differs is an error as well.
//   node --test tests/formula/excel.test.mjs        MORTISE_BIN says which program
//   node tests/formula/excel.test.mjs --write       writes excel_differences.json anew
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cases } from './excel_cases.mjs';
import { differences } from './excel_differences.mjs';

const bin = process.env.MORTISE_BIN ?? fileURLToPath(new URL('../../build/release/mortise', import.meta.url));
const list = new URL('excel_differences.json', import.meta.url);
const installed = existsSync(new URL('node_modules/.package-lock.json', import.meta.url));
const skip = installed ? false : 'skipped: the spreadsheet libraries are not installed (offline?)';

// Functions that no spreadsheet has; where they are tested instead.
const beside = {
  'AVGOF COUNTOF LISTOF LOOKUP MAXOF MINOF SUMOF': 'rows of other forms: tests/unit/test_record.c, tests/apps',
  'DEPT DEPTS HASCERT HASROLE MANAGER REPORTS ROLES SETTING USER': 'who asks: tests/unit/test_query.c, tests/apps, tests/http/rights.test.mjs',
  'NOW TODAY': 'the clock: tests/formula/run_wasm.mjs',
  'COMPANYKEY PINYIN UUID': 'the server only: tests/unit/test_record.c',
};

const name = (c) => (c.vars ? `${c.expr} ${JSON.stringify(c.vars)}` : c.expr);

function evaluate(lines) {
  const run = spawnSync(bin, ['eval', '-'], {
    input: lines.map((l) => `${JSON.stringify(l)}\n`).join(''),
    maxBuffer: 1 << 28,
    env: { ...process.env, LANG: 'en_US.UTF-8' },
  });
  assert.ok(run.stdout, `${bin} does not run: ${run.error}`);
  const out = run.stdout.toString().trim().split('\n').map((l) => JSON.parse(l));
  assert.equal(out.length, lines.length, run.stderr?.toString());
  return out;
}

async function compare() {
  const { excelText, opinion, oracle, same } = await import('./oracle.mjs');
  const ours = evaluate(cases.map((c) => ({ expr: c.expr, vars: c.vars ?? {} })));
  return cases.map((c, i) => {
    const formula = excelText(c.excel ?? c.expr);
    const first = oracle(formula, c.vars);
    const says = [first, opinion(formula, c.vars)];
    const [js, parser] = says.map((s) => same(ours[i], s));
    return { ...c, name: name(c), ours: ours[i], says, js, parser };
  });
}

const reasonOf = (c) =>
  differences.find((d) => d.of.test(c.expr) && (!d.vars || d.vars.test(JSON.stringify(c.vars ?? null))));
const told = ({ value, error }) => (error ? error : JSON.stringify(value));

if (process.argv.includes('--write')) {
  const rows = (await compare()).filter((c) => !c.js);
  for (const c of rows) if (!reasonOf(c)) console.log(`no reason: ${c.name}: ours ${JSON.stringify(c.ours)}, libraries ${c.says.map(told)}`);
  const lines = rows
    .filter(reasonOf)
    .map((c) => `  ${JSON.stringify(c.name)}: ${JSON.stringify({ why: reasonOf(c).key, ours: c.ours?.error ? `! ${c.ours.error.message}` : c.ours, libraries: c.says.map(told), ...(c.parser && { agrees: 'fast-formula-parser' }) })}`);
  writeFileSync(list, `{\n${lines.join(',\n')}\n}\n`);
} else {
  test('every function has cases', () => {
    const text = cases.map((c) => c.expr).join('\n');
    const { 'x-functions': functions } = JSON.parse(spawnSync(bin, ['schema'], { maxBuffer: 1 << 26 }).stdout.toString());
    const elsewhere = Object.keys(beside).join(' ').split(' ');
    const missing = functions.map((f) => f.name).filter((f) => !new RegExp(`\\b${f}\\(`).test(text) && !elsewhere.includes(f));
    assert.deepEqual(missing, []);
    assert.ok(cases.length >= 600);
    assert.equal(new Set(cases.map(name)).size, cases.length, 'a case stands twice');
  });

  test('same as the spreadsheets, but for what is listed', { skip }, async () => {
    const known = JSON.parse(readFileSync(list, 'utf8'));
    const rows = await compare();
    const wrong = [];
    let agree = 0;
    for (const c of rows) {
      const k = known[c.name];
      if (c.js) {
        agree++;
        if (k) wrong.push(`no longer differs, take it from the list: ${c.name}`);
      } else if (!k) {
        wrong.push(`${c.name}: ours ${JSON.stringify(c.ours)}, libraries ${c.says.map(told)}`);
      } else {
        const got = c.ours?.error ? `! ${c.ours.error.message}` : c.ours;
        if (JSON.stringify(got) !== JSON.stringify(k.ours)) wrong.push(`${c.name}: ours ${JSON.stringify(got)}, listed ${JSON.stringify(k.ours)}`);
        if (reasonOf(c)?.key !== k.why) wrong.push(`${c.name}: its reason is “${reasonOf(c)?.key}”, listed “${k.why}”`);
      }
    }
    const names = new Set(rows.map((c) => c.name));
    for (const k of Object.keys(known)) if (!names.has(k)) wrong.push(`listed, but no case: ${k}`);
    const used = new Set(Object.values(known).map((k) => k.why));
    for (const d of differences) if (!d.shared && !used.has(d.key)) wrong.push(`a reason without a case: ${d.key}`);
    const by = (kind) => Object.values(known).filter((k) => differences.find((d) => d.key === k.why)?.by === kind).length;
    console.log(`${rows.length} cases: ${agree} agree, ${by('library')} where the library errs, ${by('mortise')} where we mean it otherwise`);
    assert.deepEqual(wrong, []);
  });
}
