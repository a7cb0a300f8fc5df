// Nobody learns what his grants do not show: role × way of reading × hidden field × invisible row, for apps/crm, the test
// apps and generated ones. MORTISE_MATRIX=app[:role] runs one of them.
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { onPg, root, skip } from './lib.mjs';
import { generate } from './matrix_app.mjs';
import { matrix, parting, past, prepareApp } from './matrix.mjs';

const only = process.env.MORTISE_MATRIX?.split(':') ?? [];
const FEW = onPg && !process.env.MORTISE_MATRIX; // on PostgreSQL one app of ours and one by chance, with fewer questions
if (FEW) process.env.MORTISE_MATRIX_MOST ??= '300';
const SEEDS = (process.env.MORTISE_MATRIX_SEEDS ?? '1,2').split(',');

const APPS = [
  ...['lab', 'desk'].map((key) => [key, () => prepareApp(join(root, 'tests/http/apps'), key)]),
  ['crm', () => prepareApp(join(root, 'apps'), 'crm')],
  ...SEEDS.map((n) => [`gen${n}`, () => prepareApp(null, `gen${n}`, { text: generate(`gen${n}`, n) })]),
];

for (const [key, make] of APPS) {
  if (only[0] ? only[0] !== key : FEW && key !== 'lab' && key !== 'gen1') continue;
  test(`rights matrix: ${key}`, { skip, timeout: 600_000 }, async (t) => {
    const prepared = make();
    t.after(prepared.remove);
    let p;
    await t.test('data', async (u) => {
      p = await past(u, prepared, key);
    });
    t.after(() => [p.data, `${p.data}.keys`].forEach((d) => existsSync(d) && rmSync(d, { recursive: true, force: true })));
    for (const role of p.roles) {
      if (only[1] && only[1] !== role) continue;
      await t.test(role, async (u) => {
        const r = await matrix(u, prepared, p, role, key);
        u.diagnostic(`${r.probes} questions, ${r.absent} about what is not there, ${r.cells} hidden cells changed, ${r.invisible} invisible rows`);
        const told = r.differs.map(({ probe, a, b }) => `${probe[0]} ${decodeURIComponent(probe[1])} ${probe[2] ? JSON.stringify(probe[2]) : ''}: ${a.status}/${b.status} ${parting(a.text, b.text)}`);
        assert.deepEqual(told.slice(0, 12), [], `${told.length} answers differ`);
      });
    }
  });
}
