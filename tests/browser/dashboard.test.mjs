// Dashboards in a real browser: the figures are those of the aggregate API, the filter narrows them, phones get their own grid.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { open, sideways, skip, start, visits } from './lib.mjs';

describe('dashboard', { skip }, () => {
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

  const as = visits(() => ({ browser, server }));
  const board = async (page) => {
    await page.goto('/a/crm/d/sales');
    await page.locator('[data-widget=revenue] .kv b').waitFor();
    await page.locator('[data-widget=by_month] .dchart svg path').first().waitFor({ state: 'attached' });
  };
  const json = (page, path) => page.evaluate((p) => fetch(`/api/v1${p}`).then((r) => r.json()), path);
  const aggregate = (page, metric, filter) =>
    json(page, `/apps/crm/forms/opportunity/aggregate?metrics=${encodeURIComponent(metric)}&filter=${encodeURIComponent(filter)}`).then(
      (a) => Object.values(a.rows[0])[0],
    );
  const revenue = (page) =>
    page.locator('[data-widget=revenue]').innerText().then((t) => Number(/[\d,]{5,}/.exec(t)?.[0].replaceAll(',', '')));

  as('shows what the aggregate API says', 'director', async (page) => {
    await board(page);
    assert.equal(await revenue(page), await aggregate(page, 'SUM(close_value)', 'stage = "Won"'));
    assert.equal(await page.locator('[data-widget=by_office] .btbl tr').count(), 5);
    assert.equal(await page.locator('.dnone[role=alert]').count(), 0);
    await page.shot('dashboard');
    // a chart is a table as well
    await page.locator('[data-widget=by_month] button').click();
    assert.ok((await page.locator('[data-widget=by_month] tbody tr').count()) > 3);
  });

  as('a filter narrows every widget and stays in the address', 'director', async (page) => {
    await board(page);
    const all = await revenue(page);
    await page.locator('[data-widget=by_office] th button', { hasText: '东区' }).click();
    await page.waitForURL(/f\.office=East/);
    await page.waitForFunction(() => document.querySelectorAll('[data-widget=by_office] .btbl tr').length === 1);
    const east = await revenue(page);
    assert.ok(east < all);
    assert.equal(east, await aggregate(page, 'SUM(close_value)', 'stage = "Won" and office = "East"'));
    await page.reload();
    await page.locator('[data-widget=by_office] .btbl tr').first().waitFor();
    assert.equal(await revenue(page), east);
    await page.locator('.dfilters [role=combobox]').click();
    await page.locator('.float [role=option]', { hasText: '西区' }).click();
    await page.waitForURL(/f\.office=West/);
    await page.locator('.dfilters').getByRole('button', { name: '清除筛选' }).click();
    await page.waitForFunction(() => document.querySelectorAll('[data-widget=by_office] .btbl tr').length === 5);
  });

  as('says when the viewer may not see it', 'channel_rep', async (page) => {
    await page.goto('/a/crm/d/sales');
    await page.getByText('没有这个看板').waitFor();
  });

  as('a phone has cards in one or two columns', 'director', async (page) => {
    await board(page);
    assert.equal(await sideways(page), false);
    const at = (w) => page.locator(`[data-widget=${w}]`).boundingBox();
    const [a, b, c] = [await at('revenue'), await at('win_rate'), await at('by_office')];
    assert.equal(a.y, b.y);
    assert.ok(c.width > 340);
    await page.shot('dashboard-phone');
  }, { phone: true });

  as('in English and in the dark', 'director', async (page) => {
    await board(page);
    await page.getByText('with your rights').waitFor();
    await page.shot('dashboard-dark-en');
  }, { dark: true, lang: 'en' });
});
