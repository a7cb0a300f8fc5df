// What surrounds a record in a real browser: merging two of them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { root } from '../apps/lib.mjs';
import { open, sideways, skip, start, violations, visits } from './lib.mjs';

describe('services of a record', { skip }, () => {
  let server;
  let browser;
  before(async () => {
    server = await start({ from: join(root, 'tests/http/twins') });
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const as = visits(() => ({ browser, server }));
  const call = (page, method, path, body) =>
    page.evaluate(
      async ([m, p, b]) => {
        const csrf = (await (await fetch('/api/v1/session')).json()).csrf;
        const r = await fetch(`/api/v1${p}`, { method: m, headers: { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' }, body: b ? JSON.stringify(b) : undefined });
        return r.status === 204 ? null : r.json();
      },
      [method, path, body],
    );
  const F = '/apps/shop/forms';

  as('merges two records side by side, and back', 'mgr', async (page) => {
    const a = (await call(page, 'POST', `${F}/client/records`, { name: '甲公司', city: '深圳' }))._id;
    const b = (await call(page, 'POST', `${F}/client/records`, { name: '甲公司二', city: '广州', code: 'C-9' }))._id;
    await call(page, 'POST', `${F}/deal/records`, { title: '商机一', client: b });
    await page.goto('/a/shop/client');
    for (const name of ['甲公司', '甲公司二'])
      await page.locator('tbody tr').filter({ has: page.getByText(name, { exact: true }) }).locator('.c0 label, .c0 input').first().click();
    await page.locator('.selbar').getByRole('button', { name: '合并' }).click();
    await page.waitForURL(/\/merge\?with=/);
    await page.locator('.mtable').waitFor();
    assert.equal(await page.locator('input[name=survivor]').first().isChecked() || await page.locator('input[name=survivor]').nth(1).isChecked(), true);
    const order = await page.locator('.mtable thead .b').allInnerTexts();
    await page.locator('input[name=survivor]').nth(order.indexOf('甲公司')).check();
    await page.locator('input[name=f-city]').nth(order.indexOf('甲公司二')).check();
    await page.getByText('1 条引用它的记录').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.shot('merge');
    await page.getByRole('button', { name: '合并', exact: true }).click();
    await page.waitForURL(new RegExp(`/a/shop/client/${a}$`));
    const rec = await call(page, 'GET', `${F}/client/records/${a}`);
    assert.deepEqual([rec.name, rec.city, rec.code, rec.deals], ['甲公司', '广州', 'C-9', 1]);
    await page.getByText('把「甲公司二」并了进来').waitFor();
    await page.getByText('在被合并的「甲公司二」上').first().waitFor();
    await page.locator('.tl li', { hasText: '并了进来' }).getByRole('button', { name: '更多操作' }).click();
    await page.getByRole('menuitem', { name: '撤销合并' }).click();
    await page.getByRole('button', { name: '撤销合并' }).click();
    await page.getByText('合并已撤销').first().waitFor();
    const back = await call(page, 'GET', `${F}/client/records/${b}`);
    assert.deepEqual([back.code, back.deals], ['C-9', 1]);
    assert.equal((await call(page, 'GET', `${F}/client/records/${a}`)).city, '深圳');
  });

  as('picks the other one from the record, on a phone too', 'mgr', async (page) => {
    const a = (await call(page, 'POST', `${F}/client/records`, { name: '乙公司' }))._id;
    const b = (await call(page, 'POST', `${F}/client/records`, { name: '乙公司（旧）', city: '上海' }))._id;
    await page.goto(`/a/shop/client/${a}/merge?with=${b}`);
    await page.locator('.mtable').waitFor();
    assert.equal(await sideways(page), false);
    await page.shot('merge-phone');
    await page.getByRole('button', { name: '合并', exact: true }).click();
    await page.waitForURL(new RegExp(`/a/shop/client/${a}$`));
  }, { phone: true });

  as('keeps what one types, offers it on return, forgets it when it is handed in', 'mgr', async (page) => {
    await page.goto('/a/shop/client/new');
    await page.getByLabel('名称').first().fill('半成公司');
    await page.getByText('草稿已保存').waitFor();
    await page.close({ runBeforeUnload: false });
    const again = await page.context().newPage();
    again.setDefaultTimeout(8000);
    await again.goto('/');
    await again.locator('section', { hasText: '没有提交的草稿' }).getByText('半成公司').click();
    await again.getByText('填到一半').waitFor();
    assert.equal(await again.getByLabel('名称').first().inputValue(), '', 'offered, not forced');
    await again.getByRole('button', { name: '继续填写' }).click();
    assert.equal(await again.getByLabel('名称').first().inputValue(), '半成公司');
    assert.deepEqual(await violations(again), []);
    // leaving asks
    await again.locator('a.crumb').first().click();
    await again.getByText('离开这个页面吗').waitFor();
    await again.getByRole('button', { name: '取消' }).last().click();
    await again.locator('footer.submit').getByRole('button', { name: /提交/ }).click();
    await again.waitForURL(/\/a\/shop\/client\/[0-9a-z]+$/);
    assert.deepEqual((await call(again, 'GET', '/me/drafts')).drafts, []);
    await again.goto('/a/shop/client/new');
    await again.getByLabel('名称').first().waitFor();
    await again.waitForTimeout(400);
    assert.equal(await again.getByText('填到一半').count(), 0);
    // typed and closed at once: the page sends it on its way out
    await again.getByLabel('名称').first().fill('匆匆');
    await again.close({ runBeforeUnload: false });
    const third = await page.context().newPage();
    await third.goto('/a/shop/client/new');
    for (let n = 0; n < 20 && !(await call(third, 'GET', `${F}/client/draft`)).draft; n++) await third.waitForTimeout(150);
    assert.equal((await call(third, 'GET', `${F}/client/draft`)).draft?.values.name, '匆匆');
    assert.equal(await third.evaluate(() => Object.keys(localStorage).some((k) => k.includes('draft'))), false, 'nothing in the browser');
  });

  as('a draft kept by hand is handed in later', 'mgr', async (page) => {
    await page.goto('/a/shop/note/new');
    await page.getByLabel('内容').first().fill('记一笔');
    await page.getByRole('button', { name: '保存草稿' }).click();
    await page.waitForURL(/\/a\/shop\/note\/[0-9a-z]+$/);
    assert.equal((await call(page, 'GET', `${F}/note/records`)).total, 0);
    await page.locator('.act').getByRole('button', { name: '提交' }).click();
    await page.waitForFunction(async () => (await (await fetch('/api/v1/apps/shop/forms/note/records')).json()).total === 1);
  });
});
