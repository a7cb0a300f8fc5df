// `mortise check`: every app of the repository is clean; each bad app gives exactly the mistakes its files announce.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'node:test';
import { binary, root, run } from './lib.mjs';

const skip = binary ? false : 'skipped: mortise is not built';

/** Lines `# expect [FILE:]LINE:COL: words…` of a file (this one unless said); words are in quotes or bare, all must stand in the message. */
function expectations(dir) {
  const found = [];
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    for (const m of readFileSync(path, 'utf8').matchAll(/^(?:#|--) expect (?:([^:\s]+):)?(\d+):(\d+): ?(.*)$/gm)) {
      const words = [...m[4].matchAll(/"([^"]+)"|(\S+)/g)].map((w) => w[1] ?? w[2]);
      found.push({ at: `${m[1] ?? relative(dir, path)}:${m[2]}:${m[3]}`, words });
    }
  }
  return found;
}

function mistakes(out) {
  return out
    .split('\n')
    .map((line) => /^([^:\s]+:\d+:\d+): (.*)$/.exec(line))
    .filter(Boolean)
    .map((m) => ({ at: m[1], message: m[2] }));
}

for (const name of readdirSync(join(root, 'apps'))) {
  test(`apps/${name} has no mistakes`, { skip }, () => {
    const { code, out, err } = run(['check', join(root, 'apps', name)]);
    assert.equal(code, 0, out + err);
    assert.deepEqual(mistakes(out), []);
    // nor a remark, but for what this version reads and does not run yet, and for rules over small tables that no index serves
    assert.deepEqual(err.split('\n').filter((line) => line && !/此版本还|in this version yet|用不上索引/.test(line)), []);
  });
}

const bad = join(root, 'tests/apps/bad');
let total = 0;
for (const name of readdirSync(bad)) {
  const expected = expectations(join(bad, name));
  total += expected.length;
  test(`bad/${name}: all ${expected.length} mistakes, each at its place`, { skip }, () => {
    const { code, out, err } = run(['check', join(bad, name)], { env: { ...process.env, MORTISE_LANG: 'zh_CN' } });
    assert.equal(code, 1, out + err);
    const found = mistakes(out);
    const missing = expected.filter(
      (e) => !found.some((f) => f.at === e.at && e.words.every((w) => f.message.includes(w))),
    );
    const extra = found.filter((f) => !expected.some((e) => e.at === f.at));
    assert.deepEqual({ missing, extra }, { missing: [], extra: [] });
  });
}

test('the bad apps hold at least 40 mistakes', () => assert.ok(total >= 40, `${total}`));
