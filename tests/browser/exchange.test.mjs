// Importing in a real browser: columns guessed and changed, tried, imported, the rows that failed, undo; on a desk and a phone.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { open, sideways, skip, start, violations, visits } from './lib.mjs';

describe('exchange', { skip }, () => {
  let server;
  let browser;
  const dir = mkdtempSync(join(tmpdir(), 'mortise-exchange-'));
  before(async () => {
    server = await start();
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const as = visits(() => ({ browser, server }));
  const file = (name, text) => {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  };
  const leads = file(
    '展会线索.csv',
    `公司,lianxiren,手机号码（必填）,来源,备注\n${Array.from({ length: 30 }, (_, i) => `导入公司${i},张${i},138${String(10000000 + i * 7919).slice(0, 8)},${i % 9 === 4 ? '火星' : '展会'},第 ${i} 行`).join('\n')}\n`,
  );

  const openDialog = async (page, { menu, item }) => {
    await page.goto('/a/crm/lead');
    await page.getByRole('button', { name: menu }).first().click();
    await page.getByRole('menuitem', { name: item }).click();
    await page.locator('.xdrop').waitFor();
  };
  const walk = async (page, words, shot) => {
    await openDialog(page, words);
    await page.shot(`import-${shot}-1`);
    await page.locator('.xdrop input').setInputFiles(leads);
    await page.locator('.xmap tbody tr').nth(4).waitFor();
    const chosen = await page.locator('.xmap select').evaluateAll((all) => all.map((s) => s.value));
    assert.deepEqual(chosen.slice(0, 2), ['company', 'contact'], JSON.stringify(chosen));
    await page.locator('.xmap select').nth(2).selectOption('phone');
    await page.locator('.xmap select').nth(4).selectOption('');
    await page.shot(`import-${shot}-2`);
    assert.equal(await sideways(page), false);
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: words.try }).click();
    await page.locator('.xerr tbody tr').first().waitFor();
    await page.shot(`import-${shot}-3`);
    await page.getByRole('button', { name: words.go }).click();
    await page.getByRole('button', { name: words.undo }).waitFor();
    assert.equal(await page.locator('.xerr tbody tr').count(), 3);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a.btn[download]').last().click()]);
    assert.match(download.suggestedFilename(), /failed\.csv$/);
    await page.shot(`import-${shot}-4`);
    assert.equal(await sideways(page), false);
    await page.getByRole('tab', { name: words.past }).click();
    await page.locator('.xpast li').first().waitFor();
    await page.shot(`import-${shot}-5`);
    assert.deepEqual(await violations(page), []);
    await page.locator('.xpast li').first().getByRole('button', { name: words.undo }).click();
    await page.getByRole('button', { name: words.undoGo }).click();
    await page.locator('.note--ok').waitFor();
    await page.locator('.xpast .tag').first().waitFor();
    await page.shot(`import-${shot}-6`);
  };
  const zh = { menu: '更多', item: '导入…', try: '试运行', go: /^导入 30 行/, undo: '撤销这次导入', undoGo: '撤销导入', past: '以前的导入' };
  const en = { menu: 'More', item: 'Import…', try: 'Try it', go: /^Import 30 rows/, undo: 'Undo this import', undoGo: 'Undo the import', past: 'Earlier imports' };
  as('a file is imported and taken back', 'director', (page) => walk(page, zh, 'desk'));
  as('in English, in the dark', 'director', (page) => walk(page, en, 'dark'), { dark: true, lang: 'en' });
  as('on a phone', 'director', (page) => walk(page, zh, 'phone'), { phone: true });
});
