// The designer in a real browser: a field is written as YAML, its mistake shown at its line, planned, published while
// people work, seen in form, list and API without a restart, and taken back.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { logIn, open, sideways, skip, start, visitor, visits } from './lib.mjs';

const FILE = 'forms/product.yaml';

describe('designer', { skip }, () => {
  let server;
  let browser;
  before(async () => {
    server = await start({ own: true });
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const as = visits(() => ({ browser, server }));
  const read = (page, path) =>
    page.evaluate(async (p) => {
      const r = await fetch(`/api/v1${p}`);
      return { status: r.status, text: await r.text() };
    }, path);
  const draft = async (page) => (await read(page, `/admin/apps/crm/draft/${FILE}`)).text;
  /** Puts the cursor before the n-th occurrence of `what` in the open file, by the address as a finding does. */
  const goto = async (page, what) => {
    const lines = (await draft(page)).split('\n');
    const line = lines.findIndex((l) => l.includes(what));
    assert.ok(line >= 0, `no "${what}" in ${FILE}`);
    await page.goto(`/admin/apps/crm?file=${FILE}&line=${line + 1}&col=${[...lines[line].slice(0, lines[line].indexOf(what))].length + 1}`);
    await page.locator('.cm-content').waitFor();
    await page.waitForURL((u) => !u.search.includes('line='));
  };
  const save = async (page) => {
    await page.keyboard.press('Control+s');
    await page.locator('.ed-h .fdot').waitFor({ state: 'detached' });
  };
  const fields = async (page) => JSON.parse((await read(page, '/apps/crm/forms/product')).text).fields.map((f) => f.key);

  as('a new field, from a typing mistake to the form and back', 'admin', async (page) => {
    const member = await visitor(browser, server.base);
    await logIn(member, 'director');
    assert.ok(!(await fields(member)).includes('warranty'));

    // the app, the file, an edit with a mistake
    await page.goto('/admin');
    await page.getByRole('link', { name: /渠道 CRM/ }).click();
    await page.locator('.ftree').getByText('product.yaml').click();
    await page.locator('.cm-content').waitFor();
    await goto(page, 'series: {');
    await page.keyboard.insertText('warranty: {tpye: number, title: 质保月数, min: 0}\n  ');
    await page.locator('.ed-h .fdot').waitFor();
    await save(page);

    // it is shown at its line, in the list, and stops the publish
    await page.locator('.cm-lint-marker-error').first().waitFor();
    const finding = page.locator('.probs-l a', { hasText: 'tpye' });
    await finding.waitFor();
    const line = (await draft(page)).split('\n').findIndex((l) => l.includes('tpye')) + 1;
    assert.match(await finding.innerText(), new RegExp(`第 ${line} 行`));
    await page.shot('designer-error');
    await page.locator('.dtabs').getByText('发布').click();
    await page.locator('.pub-e').waitFor();
    assert.equal(await page.locator('.pub-r .btn--block').isDisabled(), true);
    await page.shot('designer-plan-error');

    // the finding leads to the place; mended there, and shown in the list view too
    await page.locator('.pub-e a', { hasText: 'tpye' }).click();
    await page.locator('.cm-content').waitFor();
    await page.waitForURL((u) => !u.search.includes('line='));
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.insertText('type');
    await save(page);
    assert.match(await draft(page), /warranty: \{type: number/);
    await goto(page, 'code, series, price, unit, status, sold]');
    await page.keyboard.insertText('warranty, ');
    await save(page);
    await page.getByText('没有错误，可以发布').waitFor();
    assert.ok(!(await fields(member)).includes('warranty'), 'a draft changes nothing');

    // the plan in words, published while somebody reads all the time
    await page.locator('.dtabs').getByText('发布').click();
    await page.locator('.pub-l .chg-i').first().waitFor();
    assert.match(await page.locator('.pub-l').innerText(), /质保月数|warranty/);
    assert.match(await page.locator('.diff').innerText(), /warranty: \{type: number, title: 质保月数/);
    await page.shot('designer-plan');
    await member.evaluate(() => {
      window.answers = [];
      window.reading = setInterval(
        () => fetch('/api/v1/apps/crm/forms/product/records?limit=5').then((r) => window.answers.push(r.status)),
        20,
      );
    });
    await page.locator('.pub-r textarea').fill('产品增加质保月数');
    await page.locator('.pub-r .btn--block').click();
    await page.getByText('第 2 版已发布').waitFor();
    await page.getByText('没有要发布的改动').waitFor();
    await member.waitForTimeout(300);
    const answers = await member.evaluate(() => {
      clearInterval(window.reading);
      return window.answers;
    });
    assert.ok(answers.length > 3);
    assert.deepEqual([...new Set(answers)], [200], 'a request failed during the publish');

    // form, list and API have it without a restart
    assert.ok((await fields(member)).includes('warranty'));
    await member.goto('/a/crm/product/new');
    await member.getByLabel('质保月数').waitFor();
    await member.getByLabel('产品名称').fill('质保测试机');
    await member.getByLabel('标准单价').fill('100');
    await member.getByLabel('质保月数').fill('24');
    await member.keyboard.press('Control+Enter');
    await member.waitForURL((u) => !u.pathname.endsWith('/new'));
    await member.goto('/a/crm/product?view=all');
    await member.getByText('质保测试机').first().waitFor();
    assert.match(await member.locator('#main').innerText(), /质保月数/);
    const got = JSON.parse((await read(member, '/apps/crm/forms/product/records?search=%E8%B4%A8%E4%BF%9D%E6%B5%8B%E8%AF%95%E6%9C%BA')).text);
    assert.equal(got.records[0].warranty, 24);
    await member.shot('designer-new-column');

    // back to the version before, and forth again: the values are still there
    await page.goto('/admin/apps/crm/versions');
    assert.match(await page.locator('.pub-l').innerText(), /产品增加质保月数/);
    await page.shot('designer-versions');
    const back = async (n, now) => {
      await page.locator('.pub-l .chg-i', { hasText: `第 ${n} 版` }).last().click();
      await page.locator('.pub-m header').getByText(`第 ${n} 版的改动`).waitFor();
      await page.getByRole('button', { name: '回到这一版' }).click();
      await page.getByRole('button', { name: `回到第 ${n} 版` }).click();
      await page.getByText(`作为第 ${now} 版发布`).waitFor();
    };
    await back(1, 3);
    assert.ok(!(await fields(member)).includes('warranty'));
    assert.ok(!(await draft(page)).includes('warranty'));
    await back(2, 4);
    const again = JSON.parse((await read(member, '/apps/crm/forms/product/records?search=%E8%B4%A8%E4%BF%9D%E6%B5%8B%E8%AF%95%E6%9C%BA')).text);
    assert.equal(again.records[0].warranty, 24);
    assert.deepEqual(member.bad, []);
    await member.context().close();
  });

  as('losing data asks for the name of the field', 'admin', async (page) => {
    // edited on disk, as an editor outside would
    const text = (await draft(page)).replace(/ {2}warranty: .*\n/, '').replace('warranty, ', '');
    writeFileSync(join(server.apps, 'crm', FILE), text);
    await page.goto('/admin/apps/crm/publish');
    await page.locator('.pub-l .ghd.bad').waitFor();
    const go = page.locator('.pub-r .btn--block');
    assert.equal(await go.isDisabled(), true);
    await page.locator('.pub-r input').fill('warrant');
    assert.equal(await go.isDisabled(), true);
    await page.locator('.pub-r input').fill('warranty');
    await page.shot('designer-loss');
    assert.equal(await go.isDisabled(), false);
    // thought better of: the file is as published again
    await page.getByRole('button', { name: '撤掉此文件的改动' }).click();
    await page.getByText('没有要发布的改动').waitFor();
    assert.match(await draft(page), /warranty: \{type/);
  });

  as('a file changed elsewhere is not overwritten', 'admin', async (page) => {
    await goto(page, 'title: 产品');
    await page.keyboard.insertText('# 我的注释\n');
    const path = join(server.apps, 'crm', FILE);
    const theirs = `# 他人的注释\n${await draft(page)}`;
    writeFileSync(path, theirs);
    await page.keyboard.press('Control+s');
    const dialog = page.locator('dialog[open]');
    await dialog.waitFor();
    assert.match(await dialog.locator('.df-del').innerText(), /他人的注释/);
    await page.shot('designer-conflict');
    await dialog.getByRole('button', { name: '改用他人的内容' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.cm-content', { hasText: '他人的注释' }).waitFor();
    assert.equal(await draft(page), theirs);
    await page.getByRole('button', { name: '文件操作' }).click();
    await page.getByRole('menuitem', { name: '恢复为线上版本' }).click();
    await page.getByText('已恢复为线上版本').waitFor();
  });

  as('a new form, then deleted, then not', 'admin', async (page) => {
    await page.goto('/admin/apps/crm');
    await page.getByRole('button', { name: '新建文件' }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByLabel('名称').fill('门店');
    await dialog.getByLabel('标识').fill('Shop');
    await dialog.getByRole('button', { name: '创建' }).click();
    await dialog.locator('.err').waitFor();
    await dialog.getByLabel('标识').fill('shop');
    await dialog.getByRole('button', { name: '创建' }).click();
    await page.locator('.cm-content', { hasText: 'title: 门店' }).waitFor();
    await page.getByText('没有错误，可以发布').waitFor();
    await page.getByRole('button', { name: '文件操作' }).click();
    await page.getByRole('menuitem', { name: '删除文件' }).click();
    await page.getByText('草稿里没有这个文件').waitFor();
    await page.locator('.toast').getByRole('button', { name: '撤销' }).click();
    await page.locator('.cm-content', { hasText: 'title: 门店' }).waitFor();
  });

  as('what is typed survives going to the plan and back', 'admin', async (page) => {
    await goto(page, 'title: 产品');
    await page.keyboard.insertText('# 没保存\n');
    await page.locator('.dtabs').getByText('发布').click();
    await page.locator('.pub-r, .empty').first().waitFor();
    await page.locator('.dtabs').getByText('文件').click();
    await page.locator('.ftree').getByText('product.yaml').click();
    await page.locator('.cm-content', { hasText: '# 没保存' }).waitFor();
    await page.getByRole('button', { name: '文件操作' }).click();
    await page.getByRole('menuitem', { name: '放弃未保存的修改' }).click();
    await page.locator('.ed-h .fdot').waitFor({ state: 'detached' });
  });

  as('offers what may stand at the cursor', 'admin', async (page) => {
    await goto(page, 'price:');
    await page.keyboard.type('extra: {ty');
    const box = page.locator('.cm-tooltip-autocomplete');
    await box.getByText('字段类型').waitFor();
    await page.waitForTimeout(200); // it takes no Enter that was meant for the text
    await page.keyboard.press('Enter');
    await page.keyboard.type('dat');
    await box.getByText('日期和时间').first().waitFor();
    await page.shot('designer-complete');
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await page.locator('.cm-line', { hasText: 'extra: {type: date' }).waitFor();
    await page.getByRole('button', { name: '文件操作' }).click();
    await page.getByRole('menuitem', { name: '放弃未保存的修改' }).click();
    await page.locator('.ed-h .fdot').waitFor({ state: 'detached' });
  });

  as('members are added with roles and departments', 'admin', async (page) => {
    await page.goto('/admin/people');
    await page.getByText('channel_manager', { exact: true }).waitFor();
    await page.shot('people');
    await page.getByRole('button', { name: '添加成员' }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByRole('button', { name: '添加' }).last().click();
    assert.equal(await dialog.locator('.err').count(), 2); // without a password he is invited
    await dialog.getByLabel('姓名').fill('何思远');
    await dialog.getByLabel('登录名').fill('hesiyuan');
    await dialog.getByLabel('初始密码').fill('long-enough-2026');
    await dialog.getByRole('combobox', { name: '应用角色' }).click();
    await page.locator('.float [role=option]', { hasText: '直销代表' }).click();
    await page.keyboard.press('Escape');
    await page.shot('people-add');
    await dialog.getByRole('button', { name: '添加' }).last().click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.plist li', { hasText: 'hesiyuan' }).getByText('直销代表').waitFor();
    const fresh = await visitor(browser, server.base);
    await logIn(fresh, 'hesiyuan', 'long-enough-2026');
    await fresh.goto('/admin');
    await fresh.getByText('你没有这里的权限').waitFor();
    await fresh.context().close();
  });

  as('fits a phone', 'admin', async (page) => {
    await page.goto('/admin');
    await page.locator('.atile').first().waitFor();
    assert.equal(await sideways(page), false);
    await page.shot('designer-apps-phone');
    await page.goto('/admin/apps/crm');
    await page.locator('.ftree li').first().waitFor();
    assert.equal(await sideways(page), false);
    await page.shot('designer-files-phone');
    await page.locator('.ftree').getByText('lead.yaml').click();
    await page.locator('.cm-content').waitFor();
    assert.equal(await sideways(page), false);
    await page.shot('designer-phone');
  }, { phone: true });

  as('in English and in the dark', 'admin', async (page) => {
    await page.goto(`/admin/apps/crm?file=${FILE}`);
    await page.locator('.cm-content').waitFor();
    await page.getByText('Draft saved').waitFor();
    await page.shot('designer-dark-en');
  }, { dark: true, lang: 'en' });
});
