// axios, cheerio and iconv-lite as the old system did it: a round of login, form and submission begun every 500 ms
// whether or not the one before has ended, the third Set-Cookie line by its place, the first of each repeated field,
// slot numbers from its own table, texts kept as percent texts, and success told by a digit in the last address.
// It opens no day page and reads nothing back.
//
// Changed, because nothing would be booked otherwise: the cookie that the form's answer renews is taken (the page
// trace is in it), the texts are encoded once and not twice, and the price is the page's own and not 5,000.
//
// In a race cron starts the program at the instant, so it has no clock of its own.

import axios from 'axios';
import * as cheerio from 'cheerio';
import iconv from 'iconv-lite';
import { plan, Refused, FORM, versions, work } from './plan.mjs';

const INTERVAL_MS = 500;
const GIVES_UP_MS = 20_000;
const TAKEN_BYTES = '5543';

const percent = (text) => [...iconv.encode(text, 'euc-kr')].map((byte) => '%' + byte.toString(16).padStart(2, '0')).join('');

// As the database has them.
const stored = Object.fromEntries(Object.entries(plan.application).map(([name, text]) => [name, percent(text)]));

const base = `${plan.base_url}/rent`;
const options = (cookie) => ({
  headers: { ...FORM, 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) peers-old/1', ...(cookie && { Cookie: cookie }) },
  proxy: false,
});

async function attempt(task) {
  const login = await axios.post(`${base}/member/process`,
    `process_check=login&memid=${task.account}&mempw=${task.password}&ret_url=`, options());
  const third = login.headers['set-cookie'][2];
  let cookie = third.split(' ')[0];

  const date = task.date.replaceAll('-', '');
  const [year, month, day] = task.date.split('-');
  const form = await axios.post(`${base}/rent/rentinput`,
    `category_index=reservation&receipt_date=${date}&year=${year}&month=${month}&rev_day=${day}&comcd=${task.comcd}` +
    `&partcd=${task.partcd}&placecd=${task.placecd}&is_list=1&baseURL=${base}&baseSSL=${base}&select_day=${day}` +
    `&select_group=Y&receipt_time[]=${task.time_no}`, options(cookie));
  const renewed = form.headers['set-cookie']?.at(-1);
  if (renewed) cookie = renewed.split(' ')[0];

  const $ = cheerio.load(form.data);
  const first = (name) => $(`input[name="${name}"]`).first().attr('value') ?? '';
  const option = (name) => $(`select[name="${name}"] option`).first().attr('value') ?? '';
  const id = (name) => $(`#${name}`).attr('value') ?? '';
  if (!$('#formcheck').length) throw new Error('no form');
  const body =
    `receipt_time[]=${first('receipt_time[]')}&item_cd_list[]=${option('item_cd_list[]')}` +
    `&item_idx_not_list[]=${first('item_idx_not_list[]')}&facility_count[]=${first('facility_count[]')}` +
    `&time_select[]=${first('time_select[]')}&facility_amt[]=${first('facility_amt[]')}` +
    `&facility_sale_amt[]=${first('facility_sale_amt[]')}&discount[]=${option('discount[]')}` +
    `&formcheck=${id('formcheck')}&URL=${base}&SSL=${base}&comcd=${task.comcd}&sale_amt=${id('sale_amt')}` +
    `&part_cd=${task.partcd}&place_cd=${task.placecd}&team_seq=${id('team_seq')}` +
    `&payment_total_amt=${id('payment_total_amt')}&receipt_date=${date}&select_group=${id('select_group')}` +
    `&appli_name=${stored.club_name}&club_name=${stored.club_name}&tel=--&hp=010-0000-0000` +
    `&group_count=${plan.application.group_count}&group_count_man=&group_count_woman=` +
    `&playname=${stored.playname}&reason=${stored.reason}&use_time_list=${id('use_time_list')}` +
    `&use_item_list=${id('use_item_list')}`;
  const answer = await axios.post(`${base}/rent/process/rent`, body, options(cookie));
  const last = answer.request.res.responseUrl.split('/').pop();
  if (/\d/.test(last)) return last;
  if (answer.headers['content-length'] === TAKEN_BYTES) throw new Refused('taken');
  throw new Error('refused');
}

await work(versions('axios', 'cheerio', 'iconv-lite'), (task) => new Promise((done, fail) => {
  const ends = plan.ends ?? Date.now() + GIVES_UP_MS;
  const stop = (end, value) => {
    clearInterval(timer);
    end(value);
  };
  const round = () => {
    if (Date.now() > ends) return stop(fail, new Error('over'));
    return attempt(task).then((receipt) => stop(done, receipt), (error) => {
      if (error instanceof Refused) stop(fail, error);
    });
  };
  const timer = setInterval(round, INTERVAL_MS);
  round();
}));
