// After `vite build`: compresses every file of build/ui (gz and br, where that helps) and writes build/ui/assets.tsv,
// one line a file:   path  type  etag  cache  file  gz|-  br|-      (file names relative to build/ui)
// scripts/embed.mjs turns that list into assembly for the binary; `--assets DIR` reads the same folder.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = new URL('../../build/ui/', import.meta.url).pathname;
const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  json: 'application/json',
  wasm: 'application/wasm',
  png: 'image/png',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
};

function* walk(dir) {
  for (const name of readdirSync(dir).sort()) {
    const at = join(dir, name);
    if (statSync(at).isDirectory()) {
      if (name !== '.vite') yield* walk(at);
    } else if (!/\.(gz|br|tsv)$/.test(name)) yield at;
  }
}

// formula.wasm is built by make; it keeps its name and is told apart by its ETag
const wasm = new URL('../../build/formula.wasm', import.meta.url).pathname;
if (existsSync(wasm)) writeFileSync(join(root, 'assets/formula.wasm'), readFileSync(wasm));
else rmSync(join(root, 'assets/formula.wasm'), { force: true });

const lines = [];
for (const file of walk(root)) {
  const bytes = readFileSync(file);
  const name = relative(root, file);
  const type = TYPES[name.split('.').pop()] ?? 'application/octet-stream';
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 20);
  const page = name.endsWith('.html'); // gets its boot JSON at run time: never compressed ahead
  const hashed = /-[\w-]{8}\.\w+$/.test(name);
  const keep = (ext, packed) => {
    if (page || packed.length > bytes.length * 0.9) return '-';
    writeFileSync(`${file}.${ext}`, packed);
    return `${name}.${ext}`;
  };
  const gz = keep('gz', gzipSync(bytes, { level: 9 }));
  const br = keep(
    'br',
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  );
  lines.push([`/${name}`, type, etag, hashed ? 'immutable' : 'no-cache', name, gz, br].join('\t'));
}
writeFileSync(join(root, 'assets.tsv'), `${lines.join('\n')}\n`);
console.log(`packed ${lines.length} files`);
