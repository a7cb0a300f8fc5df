// A receiver with planned faults for webhooks, and signatures as Standard Webhooks computes them.
import { createHmac } from 'node:crypto';
import http from 'node:http';

export const hmac = (secret, text) => createHmac('sha256', secret).update(text).digest('base64');
export const sign = (secret, id, timestamp, body) => `v1,${hmac(secret, `${id}.${timestamp}.${body}`)}`;

/** Listens on a free port: {url, calls, plan, close}. plan(call, n) may answer {status, headers, body, hang, drop}. */
export async function sink(t, plan = () => ({})) {
  const s = { calls: [], plan };
  const server = http.createServer((req, res) => {
    let body = '';
    req.on('data', (d) => (body += d));
    req.on('end', () => {
      const call = { path: req.url, method: req.method, headers: req.headers, body, at: Date.now() };
      s.calls.push(call);
      const a = s.plan(call, s.calls.length) ?? {};
      if (a.drop) return res.destroy();
      if (a.hang) return;
      res.writeHead(a.status ?? 200, a.headers ?? {});
      res.end(a.body ?? '');
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  s.port = server.address().port;
  s.url = `http://127.0.0.1:${s.port}`;
  s.json = (path) => s.calls.filter((c) => !path || c.path.startsWith(path)).map((c) => JSON.parse(c.body));
  s.close = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(s.close);
  return s;
}
