// How many events a second the outbox carries: automations run after the commit, and signed webhooks delivered to a
// receiver on this machine, both while nothing else happens and with what the writes cost beside them.
//   node tests/bench/outbox.mjs [EVENTS]
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { folder, login, root, serve, until } from '../http/lib.mjs';

const n = Number(process.argv[2] ?? 4000);
const ends = [];
const t = { after: (f) => ends.push(f) };
let got = 0;
const server = http.createServer((req, res) => {
  req.resume();
  req.on('end', () => {
    got++;
    res.end();
  });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const apps = join(folder(), 'apps');
cpSync(join(root, 'tests/http/apps_auto'), apps, { recursive: true });
const file = join(apps, 'auto/app.yaml');
writeFileSync(file, readFileSync(file, 'utf8').replaceAll('http://127.0.0.1:9', `http://127.0.0.1:${server.address().port}`));
const s = await serve(t, { apps, args: ['--outbound-allow', '127.0.0.1'] });
const c = await login(s, 'seller');
const admin = await login(s, 'admin');
const begin = performance.now();
for (let i = 0; i < n; i += 500) {
  const r = await c.post('/apps/auto/forms/push/records/batch', { create: Array.from({ length: Math.min(500, n - i) }, (_, k) => ({ name: `e${i + k}`, to: 'sink' })) });
  if (r.status !== 200) throw new Error(JSON.stringify(r.body));
}
const written = performance.now();
await until(() => got >= n, 300_000);
await until(async () => (await admin.get('/admin/outbox?state=waiting&kind=webhook')).body.rows.length === 0, 60_000);
const end = performance.now();
const rate = (ms) => Math.round((n * 1000) / ms);
console.log(`${n} writes with one automation each: ${rate(written - begin)} records/s`);
console.log(`automation run and webhook delivered, from the first write to the last mark: ${rate(end - begin)} events/s`);
console.log(`received ${got} calls for ${n} events`);
for (const f of ends.reverse()) await f();
server.closeAllConnections();
server.close();
rmSync(dirname(apps), { recursive: true, force: true });
