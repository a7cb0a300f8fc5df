// On paper: a template, the built-in approval sheet, a record and a list, printed to PDF by the browser and looked at.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { root } from '../apps/lib.mjs';
import { open, shots, sideways, skip, start, visits } from './lib.mjs';

const TEMPLATE = `<!doctype html><html><head><title>线索单</title><style>h1{color:#333}</style></head><body><h1>{{company}}</h1>
<table><thead><tr><th>产品</th><th>数量</th><th>小计</th></tr></thead><tbody>{{#each items}}<tr><td>{{product}}</td><td>{{qty}}</td><td>{{amount}}</td></tr>{{/each}}</tbody></table></body></html>`;

/** How many pages a PDF has; each as a picture in build/shots when Ghostscript is there. */
function pages(pdf, name) {
  writeFileSync(join(shots, `${name}.pdf`), pdf);
  spawnSync('gs', ['-q', '-dSAFER', '-dBATCH', '-dNOPAUSE', '-sDEVICE=png16m', '-r50', `-sOutputFile=${join(shots, `${name}-%d.png`)}`, join(shots, `${name}.pdf`)]);
  return pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
}

describe('paper', { skip }, () => {
  let server;
  let browser;
  const apps = mkdtempSync(join(tmpdir(), 'mortise-paper-'));
  before(async () => {
    cpSync(join(root, 'apps'), apps, { recursive: true });
    mkdirSync(join(apps, 'crm/prints'), { recursive: true });
    writeFileSync(join(apps, 'crm/prints/lead.sheet.html'), TEMPLATE);
    server = await start({ from: apps });
    browser = await open();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(apps, { recursive: true, force: true });
  });
  const as = visits(() => ({ browser, server }));
  const get = (page, path) => page.evaluate(async (p) => (await fetch(`/api/v1${p}`)).json(), path);

  as('a template: the page around it, long tables with their head on each page', 'director', async (page) => {
    const session = await get(page, '/session');
    const product = (await get(page, '/apps/crm/forms/product/records?limit=1')).records[0]._id;
    const id = await page.evaluate(
      async ({ csrf, product }) => {
        const r = await fetch('/api/v1/apps/crm/forms/lead/records', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf },
          body: JSON.stringify({ company: '很长的一张单', contact: '张三', phone: '13800138111', source: 'expo', items: Array.from({ length: 120 }, (_, i) => ({ product, qty: i + 1, price: 10 })) }),
        });
        return (await r.json())._id;
      },
      { csrf: session.csrf, product },
    );
    assert.ok(id, 'a lead with many rows');
    await page.goto(`/a/crm/lead/print/sheet?ids=${id}`);
    const frame = page.frameLocator('iframe');
    await frame.getByText('很长的一张单').waitFor();
    await page.shot('print-desk');
    assert.equal(await page.getByRole('button', { name: '打印' }).isEnabled(), true);
    const pdf = await page.evaluate(async (p) => (await fetch(p)).status, `/api/v1/apps/crm/forms/lead/print/sheet?ids=${id}&format=pdf`);
    assert.equal(pdf, 501);
    await page.goto(`/api/v1/apps/crm/forms/lead/print/sheet?ids=${id}`);
    const n = pages(await page.pdf({ preferCSSPageSize: true }), 'paper-template');
    assert.ok(n >= 3 && n <= 8, `${n} pages`);
    await page.goto(`/a/crm/lead/${id}`);
    await page.getByText('很长的一张单').first().waitFor();
    await page.waitForTimeout(400);
    assert.ok(pages(await page.pdf({ preferCSSPageSize: true }), 'paper-record') >= 1);
  });
  as('a list, in the dark, is dark on white on paper', 'director', async (page) => {
    await page.goto('/a/crm/lead');
    await page.locator('.grid tbody tr').nth(5).waitFor();
    assert.ok(pages(await page.pdf({ preferCSSPageSize: true, landscape: false }), 'paper-list') >= 1);
  }, { dark: true });
  as('on a phone the page does not move sideways', 'director', async (page) => {
    const id = (await get(page, '/apps/crm/forms/lead/records?limit=1')).records[0]._id;
    await page.goto(`/a/crm/lead/print/sheet?ids=${id}`);
    await page.frameLocator('iframe').locator('h1').waitFor();
    await page.shot('print-phone');
    assert.equal(await sideways(page), false);
  }, { phone: true });
  as('the approval sheet of a form with a flow', 'director', async (page) => {
    const def = await get(page, '/apps/crm/forms/registration');
    assert.ok(def.prints.some((p) => p.key === 'approval'), JSON.stringify(def.prints));
    const rows = (await get(page, '/apps/crm/forms/registration/records?limit=3')).records;
    await page.goto(`/api/v1/apps/crm/forms/registration/print/approval?ids=${rows.map((r) => r._id).join(',')}`);
    await page.locator('h1').first().waitFor();
    assert.ok(pages(await page.pdf({ preferCSSPageSize: true }), 'paper-approval') >= rows.length);
  });
});
