// A receiver with planned faults for webhooks, and signatures as Standard Webhooks computes them.
import { createHmac } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';

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

/** A mail server that takes everything: {url, mails: [{from, to, text}]}. */
export async function mailbox(t, { refuse = () => false } = {}) {
  const s = { mails: [] };
  const server = net.createServer((socket) => {
    let data = null;
    let mail = {};
    let rest = '';
    socket.write('220 test ESMTP\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      rest += chunk;
      for (let at; (at = rest.indexOf('\r\n')) >= 0; ) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        if (data !== null) {
          if (line !== '.') data.push(line);
          else {
            s.mails.push({ ...mail, text: data.join('\n') });
            data = null;
            mail = {};
            socket.write('250 ok\r\n');
          }
        } else if (/^EHLO|^HELO/i.test(line)) socket.write('250 test\r\n');
        else if (/^MAIL FROM/i.test(line)) {
          mail.from = /<(.*?)>/.exec(line)[1];
          socket.write('250 ok\r\n');
        } else if (/^RCPT TO/i.test(line)) {
          mail.to = /<(.*?)>/.exec(line)[1];
          socket.write(refuse(mail.to) ? '550 no\r\n' : '250 ok\r\n');
        } else if (/^DATA/i.test(line)) {
          data = [];
          socket.write('354 go\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  s.url = `smtp://127.0.0.1:${server.address().port}`;
  t.after(() => server.close());
  return s;
}
