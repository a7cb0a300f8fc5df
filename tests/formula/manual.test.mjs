// The manual page is what the table of functions says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { manual, page } from '../../engine/docs/formula.mjs';

const bin = process.env.MORTISE_BIN ?? fileURLToPath(new URL('../../build/release/mortise', import.meta.url));

test('engine/docs/formula.md is up to date (make docs)', () => {
  assert.equal(readFileSync(page, 'utf8'), manual(bin));
});
