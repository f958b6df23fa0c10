// What every Node client shares: the plan, the bookings under way, the last line.

import { readFileSync } from 'node:fs';

export const plan = JSON.parse(process.argv[2]);
plan.at_once ||= 1;
plan.opens = plan.race?.opens_unix_ms;
plan.ends = plan.race ? plan.race.opens_unix_ms + plan.race.for_ms : undefined;

export class Refused extends Error {}
export class NotOpen extends Error {}

export const NOT_OPEN = '예약이 가능한 일자가 아닙니다.';
export const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

export const sleep = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

export function dayPath(task, date = task.date) {
  return `/rent/rent/reservation/index/${date.replaceAll('-', '/')}/1/${task.comcd}/${task.partcd}/${task.placecd}/Y`;
}

export function dayListPath(task) {
  return `/rent/rent/application/index/${task.date.replaceAll('-', '/')}/2/${task.comcd}/${task.partcd}/${task.placecd}`;
}

export const shownTime = (task) => `${task.start}~${task.end}`;

// Names with the versions that are installed.
export const versions = (...names) => names.map((name) => {
  const about = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(about, 'utf8')).version}`;
}).join(', ');

// Makes the plan's bookings, as many at a time as it says, and prints how it went.
export async function work(made, book, close = async () => {}) {
  const said = { done: 0, ms: [], errors: [], versions: `Node ${process.versions.node}, ${made}` };
  let next = 0;
  const worker = async () => {
    while (next < plan.bookings.length) {
      const task = plan.bookings[next++];
      const began = performance.now();
      try {
        await book(task);
        said.done += 1;
        said.ms.push(performance.now() - began);
      } catch (error) {
        said.errors.push(`${error.name}: ${error.message}`.slice(0, 300));
      }
    }
  };
  await Promise.all(Array.from({ length: plan.at_once }, worker));
  await sleep(plan.linger_ms ?? 0);
  await close();
  said.peak_rss_kib = process.resourceUsage().maxRSS;
  console.log(JSON.stringify(said));
}
