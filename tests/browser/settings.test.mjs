// What an app's designer and operator set: values from a day on, the working calendar, addresses outside.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { root } from '../apps/lib.mjs';
import { open, sideways, skip, start, violations, visits } from './lib.mjs';

describe('settings', { skip }, () => {
  let server;
  let browser;
  const apps = mkdtempSync(join(tmpdir(), 'mortise-settings-'));
  before(async () => {
    cpSync(join(root, 'apps'), apps, { recursive: true });
    const path = join(apps, 'crm/app.yaml');
    let text = readFileSync(path, 'utf8');
    if (!/^calendar:/m.test(text)) text += '\ncalendar: {holidays: cn}\n';
    writeFileSync(path, text);
    server = await start({ from: apps });
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(apps, { recursive: true, force: true });
  });
  const visit = visits(() => ({ browser, server }));
  const as = (name, run, look) => visit(name, 'admin', run, look);

  as('a day of the calendar is set, shown as unpublished, taken back', async (page) => {
    await page.goto('/admin/apps/crm/calendar');
    await page.locator('.cal-d').first().waitFor();
    const day = page.locator('.cal-d').nth(17);
    const before = await day.getAttribute('class');
    await day.click();
    await page.getByRole('menuitem', { name: /is-off/.test(before) ? '设为上班日' : '设为休息日' }).click();
    await page.locator('.cal-d.is-own.is-new').waitFor();
    await page.getByText('日历的改动在草稿里').waitFor();
    await page.shot('calendar-desk');
    assert.deepEqual(await violations(page), []);
    await page.locator('.set-v').getByRole('button', { name: '移除' }).click();
    await page.locator('.cal-d.is-own').waitFor({ state: 'detached' });
    await page.getByText('日历的改动在草稿里').waitFor({ state: 'detached' });
  });
  as('the calendar on a phone', async (page) => {
    await page.goto('/admin/apps/crm/calendar');
    await page.locator('.cal-d').first().waitFor();
    await page.shot('calendar-phone');
    assert.equal(await sideways(page), false);
  }, { phone: true, dark: true });
  as('an address and a secret are set, the secret never comes back', async (page) => {
    await page.goto('/admin/apps/crm/endpoints');
    const card = page.locator('.card', { hasText: 'ERP' }).first();
    await card.getByLabel('密钥').waitFor();
    await page.shot('endpoints-desk');
    assert.deepEqual(await violations(page), []);
    await card.getByLabel('地址').fill('http://127.0.0.1:9/hook');
    await card.getByLabel('密钥').fill('a-secret-of-ours');
    await card.getByRole('button', { name: '保存' }).click();
    await card.locator('.err').waitFor(); // a local address is not let pass
    await card.getByLabel('地址').fill('https://erp.example.com/hook');
    await card.getByRole('button', { name: '保存' }).click();
    await page.getByText('已保存，不会显示').waitFor();
    assert.ok(!(await page.content()).includes('a-secret-of-ours'));
    await page.shot('endpoints-set');
  });
  as('endpoints in English, in the dark, on a phone', async (page) => {
    await page.goto('/admin/apps/crm/endpoints');
    await page.locator('.card').first().waitFor();
    await page.shot('endpoints-phone');
    assert.equal(await sideways(page), false);
  }, { phone: true, dark: true, lang: 'en' });
  as('values of settings', async (page) => {
    await page.goto('/admin/apps/crm/settings');
    await page.locator('.card, .empty').first().waitFor();
    await page.shot('settings-desk');
    assert.deepEqual(await violations(page), []);
  });
});
