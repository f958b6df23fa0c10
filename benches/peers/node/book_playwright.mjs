// Playwright with the system's Chromium, as its users write it: one browser, a new context for each booking, and
// everything done in the page.
//
// In a race it is logged in, waits in the page for the instant by the local clock, then loads the day's page until it
// is open.

import { chromium } from 'playwright-core';
import { args, executablePath, RELOAD_EVERY_MS } from './browser.mjs';
import { plan, Refused, NOT_OPEN, sleep, dayPath, dayListPath, shownTime, versions, work } from './plan.mjs';

const browser = await chromium.launch({ executablePath, args });

async function openDay(page, task) {
  while (true) {
    await page.goto(dayPath(task));
    if (!(await page.getByText(NOT_OPEN).count())) return;
    if (!plan.ends || Date.now() > plan.ends) throw new Refused('not open');
    await sleep(RELOAD_EVERY_MS);
  }
}

async function book(task) {
  const context = await browser.newContext({ baseURL: plan.base_url });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('dialog', (dialog) => dialog.accept());
  try {
    await page.goto('/rent/member/login');
    await page.fill('#input_memid', task.account);
    await page.fill('#input_mempw', task.password);
    await page.click('#login_form input[type=image]');
    await page.waitForSelector('#tnb >> text=로그아웃');
    if (plan.opens) {
      await page.evaluate((at) => new Promise((done) => setTimeout(done, Math.max(0, at - Date.now()))), plan.opens);
    }
    await openDay(page, task);
    const row = page.locator('form#reservation_form tbody tr', { hasText: `${task.start} ~ ${task.end}` });
    if (!(await row.locator('input.select_check').count())) throw new Refused('taken');
    await row.locator('input.select_check').check();
    await page.click('#btn_reservation');
    await page.waitForSelector('#appli_name, .error');
    if (await page.locator('.error').count()) throw new Refused(await page.locator('.error').innerText());
    for (const [name, text] of Object.entries(plan.application)) await page.fill(`[name=${name}]`, text);
    await page.check('#agree_1');
    await page.click('#btn_reservation');
    await page.waitForURL((url) => !url.pathname.endsWith('/rentinput'));
    if (!/\/\d+$/.test(page.url())) throw new Refused((await page.locator('.error').first().innerText()).trim());
    await page.goto(dayListPath(task));
    const shown = await page.$$eval('table.rent_daylist_table_sports tbody tr', (rows, [date, time]) => {
      let day = '';
      for (const tr of rows) {
        const cells = [...tr.cells];
        if (cells.length === 6) day = cells.shift().textContent.slice(0, 10);
        if (day === date && cells[1].textContent.replaceAll(' ', '') === time) {
          return [cells[3].textContent, cells[4].querySelector('img')?.alt];
        }
      }
      return [];
    }, [task.date, shownTime(task)]);
    if (shown[0] !== plan.application.club_name || shown[1] !== '예약완료') throw new Refused('the day list does not show it');
  } finally {
    await context.close();
  }
}

await work(`${versions('playwright-core')}, Chromium ${browser.version()}`, book, () => browser.close());
