// What the browser tests share: one server with demo rows, Chromium, a page that fails on any console error.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, root } from '../apps/lib.mjs';
import { store } from '../http/lib.mjs';

export const shots = join(root, 'build/shots');
const chrome = process.env.CHROMIUM ?? '/usr/bin/chromium';
const client = join(root, 'admin-ui/node_modules/playwright-core/index.mjs');

export const skip = !binary
  ? 'skipped: mortise is not built'
  : !existsSync(chrome)
    ? 'skipped: no chromium'
    : !existsSync(client)
      ? 'skipped: npm ci was not run in admin-ui'
      : false;

const PASSWORD = 'browser-tests-2026';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A server in a folder of its own; `stop()` ends it and removes the folder. `own` copies the apps, for tests that change them; `from`: another folder of apps. */
export async function start({ demo = true, own = false, from = join(root, 'apps') } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'mortise-browser-'));
  const apps = own ? join(dir, 'apps') : from;
  if (own) cpSync(from, apps, { recursive: true });
  const args = ['serve', '--listen', '127.0.0.1:0', '--apps', apps, '--data', join(dir, 'data'), ...store(join(dir, 'data')), ...(demo ? ['--demo'] : [])];
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MORTISE_DEMO_PASSWORD: PASSWORD } });
  let text = '';
  const base = await new Promise((ok, fail) => {
    const timer = setTimeout(() => fail(new Error(`no address after 60 s: ${text}`)), 60_000);
    const read = (chunk) => {
      text += chunk;
      const m = /https?:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (m) {
        clearTimeout(timer);
        ok(m[0]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => fail(new Error(`serve ended with ${code}: ${text}`)));
  });
  const stop = async () => {
    child.removeAllListeners('exit');
    const ended = new Promise((ok) => child.once('exit', ok));
    child.kill('SIGTERM');
    await Promise.race([ended, new Promise((ok) => setTimeout(ok, 10_000))]);
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  return { base, apps, stop };
}

export async function open() {
  const { chromium } = await import(client);
  mkdirSync(shots, { recursive: true });
  return chromium.launch({ executablePath: chrome, args: FLAGS });
}

/** A fresh visitor. Console errors (a CSP refusal is one) and exceptions are collected in `page.bad`. */
export async function visitor(browser, base, { phone = false, dark = false, lang = null } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: phone,
    isMobile: phone,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.bad = [];
  page.on('console', (m) => {
    // the browser itself reports answers such as 401 and 422; those are tested where they are expected
    if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) page.bad.push(m.text());
  });
  page.on('pageerror', (e) => page.bad.push(String(e)));
  if (lang) await page.addInitScript((l) => localStorage.setItem('mortise.lang', l), lang);
  page.shot = (name) => page.screenshot({ path: join(shots, `${name}.png`) });
  return page;
}

export async function logIn(page, login, password = PASSWORD) {
  await page.goto('/login');
  await page.locator('input[autocomplete=username]').fill(login);
  await page.locator('input[autocomplete=current-password]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav.boxes').waitFor();
}

/** Chooses in a combobox by keyboard: opens it, types, takes the first answer. */
export async function choose(page, box, text) {
  await box.focus();
  await page.keyboard.press('ArrowDown');
  const float = page.locator('.float:has(> .listbox)');
  await float.waitFor();
  const list = float.locator('[role=option]');
  const search = float.locator('> .input input');
  if (await search.count()) await search.fill(text);
  await list.filter({ hasText: text }).first().waitFor();
  await page.waitForTimeout(250); // the newest answer has replaced the first
  await page.keyboard.press('Enter');
  await float.waitFor({ state: 'detached' });
}

/** True when the page scrolls sideways, which a phone must never do. */
export function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
}

export const axe = join(root, 'admin-ui/node_modules/axe-core/axe.min.js');

/** What axe-core finds serious on the page as it stands. */
export async function violations(page) {
  await page.evaluate(readFileSync(axe, 'utf8'));
  return page.evaluate(async () => {
    const r = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] });
    return r.violations
      .filter((v) => ['serious', 'critical'].includes(v.impact))
      .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`);
  });
}

/**
 * as(name, login, run, look): a test with a visitor of its own, logged in (login null: nobody), who sees no console error;
 * a failure leaves a picture. `world()` gives {browser, server} once they are up.
 */
export const visits = (world) => (name, login, run, look = {}) =>
  test(name, async () => {
    const { browser, server } = world();
    const page = await visitor(browser, server.base, look);
    try {
      if (login) await logIn(page, login);
      await run(page);
      assert.deepEqual(page.bad, [], 'console errors');
    } catch (e) {
      await page.shot(`failed-${name.replace(/\W+/g, '-')}`).catch(() => undefined);
      throw e;
    } finally {
      await page.context().close();
    }
  });
