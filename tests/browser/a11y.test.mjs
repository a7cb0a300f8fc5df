// axe-core over the people's pages: nothing serious, in both themes and both sizes.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { axe, logIn, open, skip, start, violations, visitor } from './lib.mjs';

const PAGES = [
  ['home', '/', 'nav.boxes'],
  ['list', '/a/crm/lead?view=all', '.listbody tr, .mcard'],
  ['board', '/a/crm/lead?view=board', '.kc'],
  ['form', '/a/crm/registration/new', '.formcol .field'],
  ['dashboard', '/a/crm/d/sales', '.dchart svg'],
  ['tasks', '/tasks', '.tcard, .empty'],
  ['settings', '/me', '.facts'],
];
const DESIGNER = [
  ['apps', '/admin', '.atile'],
  ['editor', '/admin/apps/crm?file=forms/lead.yaml', '.cm-line'],
  ['plan', '/admin/apps/crm/publish', '.empty'],
  ['versions', '/admin/apps/crm/versions', '.pub-b .sec-h'],
  ['people', '/admin/people', '.plist li'],
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
        const bad = await violations(page);
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
        await page.context().clearCookies();
        await logIn(page, 'admin');
        for (const [where, path, ready] of DESIGNER) {
          await page.goto(path);
          await page.locator(ready).first().waitFor();
          await check(where);
        }
      } finally {
        await page.context().close();
      }
      assert.deepEqual(found, []);
    });
  }
});
