// Turns build/ui/assets.tsv into what the binary links: DIR/assets_ui.S with the bytes, DIR/assets_ui.c with the table
// of runtime/assets.h.   node scripts/embed.mjs build/gen
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2] ?? 'build/gen';
const ui = 'build/ui';
const rows = readFileSync(join(ui, 'assets.tsv'), 'utf8')
  .trim()
  .split('\n')
  .map((l) => l.split('\t'));
rows.sort((a, b) => (a[0] < b[0] ? -1 : 1));

const asm = ['# made by admin-ui/scripts/embed.mjs', '    .section .rodata'];
const names = [];
let n = 0;
const put = (file) => {
  if (file === '-') return '{NULL, 0}';
  const sym = `asset_blob_${n++}`;
  asm.push(
    `    .balign 16`,
    `    .globl ${sym}`,
    `    .hidden ${sym}`,
    `${sym}:`,
    `    .incbin "${ui}/${file}"`,
  );
  names.push(sym);
  return `{${sym}, ${statSync(join(ui, file)).size}}`;
};
const table = rows.map(([path, type, etag, cache, file, gz, br]) => {
  const blobs = [file, gz, br].map(put).join(', ');
  return `    {${JSON.stringify(path)}, ${JSON.stringify(type)}, "${etag}", ${cache === 'immutable'}, ${blobs}},`;
});
asm.push('    .section .note.GNU-stack,"",@progbits', '');
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'assets_ui.S'), asm.join('\n'));
writeFileSync(
  join(out, 'assets_ui.c'),
  `/* made by admin-ui/scripts/embed.mjs */
#include "runtime/assets.h"

${names.map((s) => `extern const unsigned char ${s}[];`).join('\n')}

const struct asset asset_table[] = {
${table.join('\n')}
};
const size_t asset_count = ${rows.length};
`,
);
console.log(`embedded ${rows.length} files, ${n} blobs`);
