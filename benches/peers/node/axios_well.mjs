// axios, cheerio and iconv-lite, done well: a jar by name in which the last line wins, one kept connection, EUC-KR
// both ways, redirects seen, everything read from the page.
//
// In a race it does all that can be done before: login, the slot's number from a day that is open, the site's clock
// from the moment at which `Date` changes; at the instant it asks for the form directly.

import http from 'node:http';
import axios from 'axios';
import * as cheerio from 'cheerio';
import iconv from 'iconv-lite';
import { plan, Refused, NotOpen, NOT_OPEN, FORM, sleep, dayPath, dayListPath, shownTime, versions, work } from './plan.mjs';

const MOST_PROBES = 25;
const TRY_AGAIN_MS = 100;

const safe = new Set([...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*-._'].map((c) => c.charCodeAt(0)));

function percent(text) {
  let out = '';
  for (const byte of iconv.encode(text, 'euc-kr')) {
    if (byte === 0x20) out += '+';
    else if (safe.has(byte)) out += String.fromCharCode(byte);
    else out += '%' + byte.toString(16).toUpperCase().padStart(2, '0');
  }
  return out;
}

const encoded = (pairs) => pairs.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');

class Visitor {
  constructor(task) {
    this.task = task;
    this.cookies = new Map();
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.http = axios.create({
      baseURL: plan.base_url,
      httpAgent: this.agent,
      proxy: false,
      responseType: 'arraybuffer',
      maxRedirects: 0,
      timeout: 10_000,
      validateStatus: (status) => status < 400,
      headers: { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) peers/1' },
    });
  }

  async ask(method, url, pairs) {
    const headers = pairs ? { ...FORM } : {};
    if (this.cookies.size) headers.Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.http.request({ method, url, headers, data: pairs && encoded(pairs) });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    return answer;
  }

  page(answer) {
    return cheerio.load(iconv.decode(answer.data, 'euc-kr'));
  }

  refusal($) {
    const text = $('.error').first().text().trim();
    if (text === NOT_OPEN) return new NotOpen(text);
    return new Refused(text || $('.message').text().trim() || 'an unknown page');
  }

  async logIn() {
    const { account, password } = this.task;
    const answer = await this.ask('post', '/rent/member/process',
      [['process_check', 'login'], ['memid', account], ['mempw', password], ['ret_url', '']]);
    if (!this.page(answer)('#tnb').text().includes('로그아웃')) throw new Refused('login');
  }

  // The day's page: where its form goes, and the fields with the slot's box ticked.
  async choose(date = this.task.date) {
    const $ = this.page(await this.ask('get', dayPath(this.task, date)));
    const form = $('form#reservation_form');
    if (!form.length) throw this.refusal($);
    const row = form.find('table tbody tr').filter((_, tr) => {
      return $(tr).find('td').eq(2).text().replaceAll(' ', '') === shownTime(this.task);
    });
    const box = row.find('input.select_check');
    if (!box.length) throw new Refused('taken');
    box.attr('checked', 'checked');
    return { action: form.attr('action'), fields: controls($, form) };
  }

  async apply({ action, fields }) {
    const $ = this.page(await this.ask('post', action, fields));
    const form = $('form#reservation_form');
    if (!$('#appli_name').length) throw this.refusal($);
    const filled = controls($, form).map(([name, value]) => [name, plan.application[name] ?? value]);
    const answer = await this.ask('post', form.attr('action'), filled);
    if (answer.status !== 302) throw this.refusal(this.page(answer));
    const landing = answer.headers.location;
    await this.ask('get', landing);
    return landing.split('/').pop();
  }

  async isOurs() {
    const $ = this.page(await this.ask('get', dayListPath(this.task)));
    let date = '';
    for (const row of $('table.rent_daylist_table_sports tbody tr')) {
      let cells = $(row).children('td').toArray();
      if (cells.length === 6) date = $(cells.shift()).text().slice(0, 10);
      if (date === this.task.date && $(cells[1]).text().replaceAll(' ', '') === shownTime(this.task)) {
        return $(cells[4]).find('img').attr('alt') === '예약완료' && $(cells[3]).text() === plan.application.club_name;
      }
    }
    return false;
  }

  // What the site is ahead, from the flip of its seconds: it lies between two requests.
  async siteClock() {
    let before;
    let least = Infinity;
    for (let n = 0; n < MOST_PROBES; n += 1) {
      const began = Date.now();
      const answer = await this.ask('head', dayPath(this.task));
      const ended = Date.now();
      const [shown, middle] = [Date.parse(answer.headers.date), (began + ended) / 2];
      least = Math.min(least, ended - began);
      if (before && shown > before.shown) return { ahead: shown - (middle + before.middle) / 2, flight: least / 2 };
      before = { shown, middle };
      await sleep(Math.max(0, 40 - (ended - began)));
    }
    return { ahead: 0, flight: least / 2 };
  }

  // The slot's fields for the day that is not open, by the page of a day that is.
  async learn() {
    const day = new Date(`${this.task.date}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() + (day.getUTCDate() < 15 ? 1 : -1));
    const other = day.toISOString().slice(0, 10);
    const { action, fields } = await this.choose(other);
    const parts = Object.fromEntries([
      ['receipt_date', this.task.date.replaceAll('-', '')],
      ['rev_day', this.task.date.slice(8)],
      ['select_day', this.task.date.slice(8)],
    ]);
    return { action, fields: fields.map(([name, value]) => [name, parts[name] ?? value]) };
  }

  async race() {
    await this.logIn();
    const known = await this.learn();
    await sleep(plan.opens - 8_000 - Date.now());
    const { ahead, flight } = await this.siteClock();
    await sleep(plan.opens - ahead - flight - Date.now());
    while (true) {
      try {
        await this.apply(known);
        break;
      } catch (error) {
        if (!(error instanceof NotOpen) || Date.now() > plan.ends) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  async book() {
    if (plan.opens) {
      await this.race();
    } else {
      await this.logIn();
      await this.apply(await this.choose());
    }
    if (!(await this.isOurs())) throw new Refused('the day list does not show it');
  }

  close() {
    this.agent.destroy();
  }
}

// The pairs a browser would send for a form.
function controls($, form) {
  const pairs = [];
  for (const control of form.find('input[name], select[name], textarea[name]')) {
    const element = $(control);
    const type = element.attr('type') ?? 'text';
    if (['checkbox', 'radio'].includes(type) && element.attr('checked') === undefined) continue;
    if (['button', 'image', 'submit'].includes(type)) continue;
    if (control.name === 'select') {
      const chosen = element.find('option[selected]');
      pairs.push([element.attr('name'), (chosen.length ? chosen : element.find('option')).first().attr('value') ?? '']);
    } else {
      pairs.push([element.attr('name'), element.attr('value') ?? '']);
    }
  }
  return pairs;
}

await work(versions('axios', 'cheerio', 'iconv-lite'), async (task) => {
  const visitor = new Visitor(task);
  try {
    await visitor.book();
  } finally {
    visitor.close();
  }
});
