// What the table of script functions says, the manual and the annotations for editors say too; and
// the apps' scripts name nothing else (Debian's lua-check).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import luaparse from 'luaparse';
import { manual, page } from '../../engine/docs/lua.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = process.env.MORTISE_BIN ?? join(root, 'build/release/mortise');
const schema = (kind) => execFileSync(bin, ['schema', kind], { encoding: 'utf8' });
const rows = JSON.parse(schema('lua-json'));
const dir = mkdtempSync(join(tmpdir(), 'mortise-lua-'));
after(() => rmSync(dir, { recursive: true }));

const isType = (name) => /^[A-Z]/.test(name);
const modules = [...new Set(rows.map((f) => f.module))].filter((m) => m && !isType(m));
const globals = rows.filter((f) => f.module === '').map((f) => f.name);
// What the sandbox keeps of Lua's own (engine/script/lua_box.c).
const own = ['assert', 'error', 'getmetatable', 'ipairs', 'next', 'pairs', 'pcall', 'rawequal', 'rawget', 'rawlen',
  'rawset', 'select', 'setmetatable', 'tonumber', 'tostring', 'type', 'string', 'table', 'math', 'utf8'];

const luacheck = (files, kind = '--read-globals', more = []) =>
  spawnSync('luacheck', ['--no-config', '--no-color', '--std', 'none', '--no-max-line-length', ...more,
    '--read-globals', ...own, kind, ...modules, ...globals, '--', ...files], { encoding: 'utf8' });

test('engine/docs/lua.md is up to date (make docs)', () => {
  assert.equal(readFileSync(page, 'utf8'), manual(bin));
});

test('the annotations are Lua and name every function once', () => {
  const names = [];
  const walk = (name) =>
    name.type === 'Identifier' ? name.name : `${name.base.name}${name.indexer}${name.identifier.name}`;
  const tree = luaparse.parse(schema('lua'), { luaVersion: '5.3', comments: false });
  for (const node of tree.body) if (node.type === 'FunctionDeclaration') names.push(walk(node.identifier));
  const want = rows.map((f) => (f.module ? `${f.module}${isType(f.module) ? ':' : '.'}${f.name}` : f.name));
  assert.deepEqual(names.sort(), want.sort());
  assert.equal(new Set(names).size, names.length);
});

test('lua-check finds nothing in the annotations', () => {
  const file = join(dir, 'mortise.lua');
  writeFileSync(file, schema('lua'));
  const done = luacheck([file], '--globals', ['--no-unused', '--no-unused-args']);
  assert.equal(done.status, 0, done.stdout + done.stderr);
});

test('the scripts of the apps use what there is', () => {
  const files = [];
  for (const app of readdirSync(join(root, 'apps')))
    for (const kind of ['scripts', 'tests'])
      try {
        for (const f of readdirSync(join(root, 'apps', app, kind)))
          if (f.endsWith('.lua')) files.push(join(root, 'apps', app, kind, f));
      } catch (e) {
        if (e.code !== 'ENOENT') throw e;
      }
  assert.ok(files.length > 5);
  const done = luacheck(files, '--read-globals', ['--no-unused-args']);
  assert.equal(done.status, 0, done.stdout + done.stderr);
});

test('a script that reaches for os is found', () => {
  const file = join(dir, 'bad.lua');
  writeFileSync(file, 'return {f = function() return os.time() end}\n');
  assert.notEqual(luacheck([file]).status, 0);
});
