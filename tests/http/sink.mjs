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

/** An IMAP server with one folder of messages: {url, put(text)}. */
export async function imap(t, password) {
  const s = { messages: [], fetched: 0 };
  const server = net.createServer((socket) => {
    let rest = '';
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      rest += chunk;
      for (let at; (at = rest.indexOf('\r\n')) >= 0; ) {
        const [tag, ...words] = rest.slice(0, at).split(' ');
        rest = rest.slice(at + 2);
        const line = words.join(' ');
        const ok = (text = 'done') => socket.write(`${tag} OK ${text}\r\n`);
        if (/^CAPABILITY/i.test(line)) {
          socket.write('* CAPABILITY IMAP4rev1\r\n');
          ok();
        } else if (/^LOGIN/i.test(line)) line.includes(password) ? ok() : socket.write(`${tag} NO wrong\r\n`);
        else if (/^SELECT/i.test(line)) {
          socket.write(`* ${s.messages.length} EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n`);
          ok();
        } else if (/^UID SEARCH/i.test(line)) {
          const from = Number(/UID (\d+):/.exec(line.slice(10))[1]);
          const all = s.messages.map((_, i) => i + 1).filter((u) => u >= from || u === s.messages.length);
          socket.write(`* SEARCH ${all.join(' ')}\r\n`);
          ok();
        } else if (/^UID FETCH/i.test(line)) {
          const uid = Number(/FETCH (\d+)/i.exec(line)[1]);
          const text = s.messages[uid - 1];
          s.fetched++;
          socket.write(`* ${uid} FETCH (UID ${uid} BODY[] {${Buffer.byteLength(text)}}\r\n${text})\r\n`);
          ok();
        } else if (/^LOGOUT/i.test(line)) {
          socket.write('* BYE\r\n');
          ok();
          socket.end();
        } else ok();
      }
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  s.url = `imap://me@127.0.0.1:${server.address().port}/INBOX`;
  s.put = (text) => s.messages.push(text.replace(/\n/g, '\r\n'));
  t.after(() => server.close());
  return s;
}
