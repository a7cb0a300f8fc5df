// Keys and requests of persons in a real browser: rotating, finding somebody, exporting, erasing with a typed name.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clinic } from '../http/clinic.mjs';
import { login } from '../http/lib.mjs';
import { logIn, open, sideways, skip, start, violations, visitor } from './lib.mjs';

const PASSWORD = 'browser-tests-2026';

describe('protection', { skip }, () => {
  let server;
  let browser;
  before(async () => {
    server = await start({ from: clinic() });
    browser = await open();
    const doc = await login(server, 'doctor', PASSWORD);
    for (const [name, phone] of [['林晓', '13812345678'], ['周平', '13812345679']])
      assert.equal((await doc.post('/apps/care/forms/person/records', { name, phone, ward: 'A1' })).status, 201);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const as = (name, look, run) =>
    test(name, async () => {
      const page = await visitor(browser, server.base, look);
      try {
        await logIn(page, 'admin');
        await page.goto('/admin/protection');
        await run(page);
        assert.equal(await sideways(page), false);
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(page.bad, [], 'console errors');
      } catch (e) {
        await page.shot(`failed-${name.replace(/\W+/g, '-')}`).catch(() => undefined);
        throw e;
      } finally {
        await page.context().close();
      }
    });

  as('keys change while the page looks on', {}, async (page) => {
    await page.getByText('数据密钥', { exact: true }).waitFor();
    await page.shot('protect-keys');
    await page.getByRole('button', { name: '更换密钥' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '更换密钥' }).click();
    await page.getByText('旧的', { exact: true }).waitFor();
    await page.getByText('完成', { exact: true }).first().waitFor();
    await page.shot('protect-rotated');
  });

  as('somebody is found, exported and erased', {}, async (page) => {
    await page.getByText('个人信息请求').first().click();
    await page.getByLabel('姓名、手机、证件号').fill('138 1234 5678');
    await page.getByRole('button', { name: '查找' }).click();
    const row = page.getByRole('list', { name: '找到的人' }).locator('li');
    await row.getByText('P0001').waitFor();
    await page.shot('protect-found');
    const [file] = await Promise.all([page.waitForEvent('download'), row.getByRole('button', { name: '导出' }).click()]);
    assert.match(file.suggestedFilename(), /^person-/);
    await row.getByRole('button', { name: '清除' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('别人');
    await dialog.getByRole('button', { name: '清除' }).click();
    await dialog.getByText('输入的内容不一致').waitFor();
    await page.shot('protect-erase');
    await dialog.getByRole('textbox').fill('P0001');
    await dialog.getByRole('button', { name: '清除' }).click();
    await page.getByText('没有找到这个人').waitFor();
    await page.getByText('已清除：').waitFor();
    await page.waitForTimeout(300);
    await page.shot('protect-erased');
  });

  for (const [name, look] of Object.entries({ 'phone-light': { phone: true }, 'phone-dark-en': { phone: true, dark: true, lang: 'en' }, 'desk-dark-en': { dark: true, lang: 'en' } }))
    as(`both parts, ${name}`, look, async (page) => {
      await page.locator('.undo-l li').first().waitFor();
      await page.shot(`protect-keys-${name}`);
      await page.getByText(look.lang === 'en' ? 'Requests of persons' : '个人信息请求').first().click();
      await page.locator('form.set-f input').fill('13812345679');
      await page.keyboard.press('Enter');
      await page.getByText('P0002').waitFor();
      await page.shot(`protect-persons-${name}`);
    });
});
