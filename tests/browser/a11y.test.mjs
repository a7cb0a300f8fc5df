// axe-core over the people's pages: nothing serious, in both themes and both sizes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../apps/lib.mjs';
import { logIn, open, skip, start, visitor } from './lib.mjs';

const axe = join(root, 'admin-ui/node_modules/axe-core/axe.min.js');
const PAGES = [
  ['home', '/', 'nav.boxes'],
  ['list', '/a/crm/lead?view=all', '.listbody tr, .mcard'],
  ['board', '/a/crm/lead?view=board', '.kc'],
  ['form', '/a/crm/registration/new', '.formcol .field'],
  ['tasks', '/tasks', '.tcard, .empty'],
  ['settings', '/me', '.facts'],
];

describe('a11y', { skip: skip || (existsSync(axe) ? false : 'skipped: npm ci was not run in admin-ui') }, () => {
  let server;
  let browser;
  before(async () => {
    server = await start();
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const look of [{}, { dark: true }, { phone: true }]) {
    const name = look.dark ? 'dark' : look.phone ? 'phone' : 'desk';
    test(name, async () => {
      const page = await visitor(browser, server.base, look);
      const found = [];
      const check = async (where) => {
        await page.evaluate(readFileSync(axe, 'utf8'));
        const bad = await page.evaluate(async () => {
          const r = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] });
          return r.violations
            .filter((v) => ['serious', 'critical'].includes(v.impact))
            .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`);
        });
        found.push(...bad.map((b) => `${where} ${b}`));
      };
      try {
        await page.goto('/login');
        await page.locator('.lform').waitFor();
        await check('login');
        await logIn(page, 'channel_manager');
        for (const [where, path, ready] of PAGES) {
          await page.goto(path);
          await page.locator(ready).first().waitFor();
          await check(where);
        }
        await page.goto('/a/crm/registration?view=all');
        const first = look.phone ? '.mcard' : 'table.grid tbody tr a';
        await page.locator(first).first().click();
        await page.locator('.rec h1').waitFor();
        await page.waitForTimeout(400);
        await check('record');
      } finally {
        await page.context().close();
      }
      assert.deepEqual(found, []);
    });
  }
});
