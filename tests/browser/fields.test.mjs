// Every field type on a form and a record in a real browser: files, images and a signature uploaded and shown again, a
// record shared; desk and phone.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { root } from '../apps/lib.mjs';
import { open, sideways, skip, start, violations, visits } from './lib.mjs';

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxAADCBYDAwAjQQEDFPdRowAAAABJRU5ErkJggg==', 'base64');

describe('fields', { skip }, () => {
  let server;
  let browser;
  const dir = mkdtempSync(join(tmpdir(), 'mortise-fields-'));
  before(async () => {
    writeFileSync(join(dir, '现场 照片.png'), PNG);
    writeFileSync(join(dir, '说明.txt'), '说明文字');
    writeFileSync(join(dir, 'page.html'), '<script>alert(1)</script>');
    server = await start({ from: join(root, 'tests/http/apps_calc') });
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const as = visits(() => ({ browser, server }));
  const tall = async (page, name) => {
    const size = page.viewportSize();
    await page.setViewportSize({ width: size.width, height: 3600 });
    await page.waitForTimeout(250);
    await page.shot(name);
    await page.setViewportSize(size);
  };

  as('a form of every type, files with it, and the record', 'boss', async (page) => {
    await page.goto('/a/shop/kind/new');
    await page.locator('input, textarea').first().waitFor();
    await tall(page, 'fields-form');
    assert.deepEqual(await violations(page), []);
    const inputs = page.locator('input[type=file]:not([capture])');
    const n = await inputs.count();
    assert.ok(n >= 2, `${n} places for files`);
    await page.locator('input[type=file][accept*=image]:not([capture])').first().setInputFiles(join(dir, '现场 照片.png'));
    await page.locator('.file img.thumb').first().waitFor();
    await page.locator('input[type=file]:not([accept*=image]):not([capture])').first().setInputFiles([join(dir, '说明.txt')]);
    await page.locator('.file', { hasText: '说明.txt' }).waitFor();
    const pad = page.locator('canvas').first();
    await pad.scrollIntoViewIfNeeded();
    const box = await pad.boundingBox();
    await page.mouse.move(box.x + 20, box.y + 20);
    await page.mouse.down();
    for (let i = 0; i < 20; i++) await page.mouse.move(box.x + 20 + i * 6, box.y + 20 + (i % 5) * 9);
    await page.mouse.up();
    await page.shot('fields-files');
    await page.locator('input[type=text], input:not([type])').first().fill('浏览器');
    await page.getByRole('button', { name: /^提交/ }).first().click();
    await page.waitForURL(/\/a\/shop\/kind(\/[0-9a-z]{13})?(\?|$)/);
    await page.goto('/a/shop/kind');
    await page.locator('.rowlink').first().click();
    await page.locator('img.thumb, .file').first().waitFor();
    await tall(page, 'fields-record');
    const id = /[0-9a-z]{13}/.exec(page.url())?.[0];
    const rec = await page.evaluate(async (x) => (await fetch(`/api/v1/apps/shop/forms/kind/records/${x}`)).json(), id);
    assert.equal(rec.image[0]?.title ?? rec.image?.title, '现场 照片.png', JSON.stringify(rec.image));
    assert.ok(JSON.stringify(rec.file).includes('说明.txt'));
    assert.ok(rec.signature, 'a signature was kept');
  });
  as('a record is shared from its menu', 'boss', async (page) => {
    await page.goto('/a/shop/kind');
    await page.locator('.rowlink').first().click();
    await page.waitForURL(/[0-9a-z]{13}/);
    const id = /[0-9a-z]{13}/.exec(page.url())[0];
    await page.goto(`/a/shop/kind/${id}`);
    await page.getByRole('button', { name: '更多' }).first().click();
    await page.getByRole('menuitem', { name: '共享…' }).click();
    await page.locator('dialog[open]').waitFor();
    await page.shot('share-desk');
    assert.deepEqual(await violations(page), []);
  });
  as('the same on a phone, in the dark, in English', 'boss', async (page) => {
    await page.goto('/a/shop/kind/new');
    await page.locator('input, textarea').first().waitFor();
    await tall(page, 'fields-phone');
    assert.equal(await sideways(page), false);
  }, { phone: true, dark: true, lang: 'en' });
});
