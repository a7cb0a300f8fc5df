// The CRM's own scenario tests (apps/crm/tests/*.lua), run by `mortise test`.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, root, run } from './lib.mjs';

const skip = binary ? false : 'skipped: mortise is not built';

for (const name of readdirSync(join(root, 'apps'))) {
  test(`mortise test apps/${name}`, { skip }, () => {
    const { code, out, err } = run(['test', join(root, 'apps', name)]);
    assert.equal(code, 0, out + err);
  });
}
