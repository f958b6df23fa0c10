// puppeteer-core with the system's Chromium, as its users write it: one browser, a new context for each booking, and
// everything done in the page.
//
// In a race it is logged in, waits in the page for the instant by the local clock, then loads the day's page until it
// is open.

import puppeteer from 'puppeteer-core';
import { args, executablePath, RELOAD_EVERY_MS } from './browser.mjs';
import { plan, Refused, NOT_OPEN, sleep, dayPath, dayListPath, shownTime, versions, work } from './plan.mjs';

const browser = await puppeteer.launch({ executablePath, args });

async function openDay(page, task) {
  while (true) {
    await page.goto(plan.base_url + dayPath(task));
    const error = await page.$eval('.error', (element) => element.textContent).catch(() => undefined);
    if (error?.trim() !== NOT_OPEN) return;
    if (!plan.ends || Date.now() > plan.ends) throw new Refused('not open');
    await sleep(RELOAD_EVERY_MS);
  }
}

async function submit(page, selector) {
  await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

async function book(task) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('dialog', (dialog) => dialog.accept());
  try {
    await page.goto(`${plan.base_url}/rent/member/login`);
    await page.type('#input_memid', task.account);
    await page.type('#input_mempw', task.password);
    await submit(page, '#login_form input[type=image]');
    if (!(await page.$eval('#tnb', (element) => element.textContent)).includes('로그아웃')) throw new Refused('login');
    if (plan.opens) {
      await page.evaluate((at) => new Promise((done) => setTimeout(done, Math.max(0, at - Date.now()))), plan.opens);
    }
    await openDay(page, task);
    const box = await page.$$eval('form#reservation_form tbody tr', (rows, time) => {
      const row = rows.find((tr) => tr.cells[2]?.textContent.replaceAll(' ', '') === time);
      return row?.querySelector('input.select_check')?.id;
    }, shownTime(task));
    if (!box) throw new Refused('taken');
    await page.click(`#${box}`);
    await submit(page, '#btn_reservation');
    if (!(await page.$('#appli_name'))) throw new Refused(await page.$eval('.error', (element) => element.textContent));
    for (const [name, text] of Object.entries(plan.application)) await page.type(`[name=${name}]`, text);
    await page.click('#agree_1');
    await submit(page, '#btn_reservation');
    if (!/\/\d+$/.test(page.url())) throw new Refused(await page.$eval('.error', (element) => element.textContent));
    await page.goto(plan.base_url + dayListPath(task));
    const shown = await page.$$eval('table.rent_daylist_table_sports tbody tr', (rows, date, time) => {
      let day = '';
      for (const tr of rows) {
        const cells = [...tr.cells];
        if (cells.length === 6) day = cells.shift().textContent.slice(0, 10);
        if (day === date && cells[1].textContent.replaceAll(' ', '') === time) {
          return [cells[3].textContent, cells[4].querySelector('img')?.alt];
        }
      }
      return [];
    }, task.date, shownTime(task));
    if (shown[0] !== plan.application.club_name || shown[1] !== '예약완료') throw new Refused('the day list does not show it');
  } finally {
    await context.close();
  }
}

await work(`${versions('puppeteer-core')}, ${await browser.version()}`, book, () => browser.close());
