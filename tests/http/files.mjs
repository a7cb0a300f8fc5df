// Uploading in tests.
import { call } from './lib.mjs';

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export function upload(s, who, bytes, name = 'a.txt', { path = '/files', headers = {}, type = 'text/plain' } = {}) {
  const form = new FormData();
  form.append('file', new Blob([bytes], { type }), name);
  const auth = who ? { Cookie: who.cookie, 'X-CSRF-Token': who.csrf } : {};
  return call(s, 'POST', path, { raw: form, headers: { ...auth, ...headers } });
}
