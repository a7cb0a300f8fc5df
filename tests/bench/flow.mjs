// What one step of an approval costs, over HTTP with every commit synced, beside a plain write in the same run.
//   node tests/bench/flow.mjs [N]        prints p50 and p99 in milliseconds
import { login, serve } from '../http/lib.mjs';

const n = Number(process.argv[2] ?? 500);
const ends = [];
const t = { after: (f) => ends.push(f) };
const s = await serve(t);
const agent = await login(s, 'agent');
const boss = await login(s, 'boss');
const L = '/apps/desk/forms/leave/records';
const times = { create: [], submit: [], approve: [] };

async function timed(what, ask) {
  const start = performance.now();
  const r = await ask();
  times[what].push(performance.now() - start);
  if (r.status >= 300) throw new Error(`${what}: ${r.status} ${JSON.stringify(r.body)}`);
  return r;
}

for (let i = 0; i < n; i++) {
  await timed('create', () => agent.post('/apps/desk/forms/ticket/records', { title: `工单 ${i}` }));
  const { body } = await timed('submit', () => agent.post(L, { reason: `请假 ${i}`, days: 1 }));
  const flow = (await boss.get(`${L}/${body._id}/flow`)).body;
  await timed('approve', () => boss.post(`/tasks/${flow.task.id}/approve`, { comment: '好' }));
}
for (const [what, list] of Object.entries(times)) {
  list.sort((a, b) => a - b);
  const at = (p) => list[Math.min(list.length - 1, Math.floor(list.length * p))].toFixed(2);
  console.log(`${what.padEnd(8)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   n ${list.length}`);
}
for (const f of ends.reverse()) await f();
