"""aiohttp and lxml: a session for each account, tasks where several go at once.

In a race it asks for the day's page ten times a second from two seconds before the opening by the local clock,
with at most eight requests under way, until one shows the slot."""

import asyncio
import sys
import time
from urllib.parse import urljoin

import aiohttp
import lxml.etree
import lxml.html
from yarl import URL

from plan import FORM, NOT_OPEN, NotOpen, Refused, Said, encoded, from_arguments

BEFORE, EVERY, AT_ONCE = 2.0, 0.1, 8
PARSER = lxml.html.HTMLParser(encoding="euc-kr")


def parse(body):
    return lxml.html.document_fromstring(body, parser=PARSER)


def text(element):
    return "".join(element.itertext()).strip()


def by_class(page, name):
    return page.xpath(f'//*[contains(concat(" ", normalize-space(@class), " "), " {name} ")]')


class Visitor:
    def __init__(self, plan, task, http):
        self.plan, self.task, self.http = plan, task, http

    async def get(self, path):
        async with self.http.get(URL(self.plan.base + path, encoded=True)) as response:
            response.raise_for_status()
            return await response.read()

    async def post(self, path, pairs):
        url = URL(urljoin(self.plan.base, path), encoded=True)
        async with self.http.post(url, data=encoded(pairs), headers=FORM, allow_redirects=False) as response:
            response.raise_for_status()
            return await response.read(), response.headers.get("Location")

    async def log_in(self):
        body, _ = await self.post("/rent/member/process",
                                  [("process_check", "login"), ("memid", self.task.account),
                                   ("mempw", self.task.password), ("ret_url", "")])
        if "로그아웃" not in text(parse(body).get_element_by_id("tnb")):
            raise Refused("login")

    async def choose(self):
        page = parse(await self.get(self.task.day_path))
        errors = by_class(page, "error")
        if errors:
            raise NotOpen() if text(errors[0]) == NOT_OPEN else Refused(text(errors[0]))
        form = page.get_element_by_id("reservation_form")
        for row in form.xpath(".//table/tbody/tr"):
            cells = row.xpath("./td")
            if len(cells) > 2 and text(cells[2]).replace(" ", "") == self.task.shown_time:
                boxes = row.xpath('.//input[@class="select_check"]')
                if not boxes:
                    raise Refused("taken")
                boxes[0].checked = True
                return form.get("action"), form.form_values()
        raise Refused("no such slot")

    async def apply(self, action, fields):
        body, _ = await self.post(action, fields)
        page = parse(body)
        form = page.get_element_by_id("reservation_form", None)
        if form is None:
            raise Refused(text(page)[:80])
        for name, value in self.plan.texts.items():
            form.fields[name] = value
        body, landing = await self.post(form.get("action"), form.form_values())
        if not landing:
            raise Refused(text(parse(body))[:80])
        await self.get(landing.removeprefix(self.plan.base))

    async def is_ours(self):
        page, date = parse(await self.get(self.task.day_list_path)), ""
        for row in page.xpath('//table[@class="rent_daylist_table_sports"]/tbody/tr'):
            cells = row.xpath("./td")
            if len(cells) == 6:
                date, cells = text(cells[0])[:10], cells[1:]
            if date == self.task.date and text(cells[1]).replace(" ", "") == self.task.shown_time:
                return cells[4].xpath("./img/@alt") == ["예약완료"] and text(cells[3]) == self.plan.texts["club_name"]
        return False

    async def hammer(self):
        """The first answer that shows the slot."""
        under_way, ask_at = set(), self.plan.opens - BEFORE
        await asyncio.sleep(max(0, ask_at - time.time()))
        try:
            while time.time() < self.plan.ends:
                wait = ask_at - time.time()
                if wait <= 0 and len(under_way) < AT_ONCE:
                    under_way.add(asyncio.create_task(self.choose()))
                    ask_at += EVERY
                elif not under_way:
                    await asyncio.sleep(wait)
                else:
                    done, under_way = await asyncio.wait(under_way, timeout=wait if wait > 0 else EVERY,
                                                         return_when=asyncio.FIRST_COMPLETED)
                    for answer in done:
                        if not isinstance(answer.exception(), NotOpen):
                            return answer.result()
        finally:
            for task in under_way:
                task.cancel()
        raise NotOpen()

    async def book(self):
        await self.log_in()
        action, fields = await (self.hammer() if self.plan.opens else self.choose())
        await self.apply(action, fields)
        if not await self.is_ours():
            raise Refused("the day list does not show it")


async def work(plan, task, said, gate):
    async with gate:
        began = time.perf_counter()
        headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) peers/1"}
        # Addresses are bare numbers on loopback; the jar refuses those unless told otherwise.
        jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        try:
            async with aiohttp.ClientSession(headers=headers, cookie_jar=jar,
                                             timeout=aiohttp.ClientTimeout(total=10)) as http:
                await Visitor(plan, task, http).book()
            said.booked(began)
        except Exception as error:  # one booking's misfortune, told at the end
            said.failed(error)


async def run(plan, said):
    gate = asyncio.Semaphore(plan.at_once)
    await asyncio.gather(*(work(plan, task, said, gate) for task in plan.tasks))


def main():
    plan = from_arguments()
    python = ".".join(map(str, sys.version_info[:3]))
    said = Said(f"Python {python}, aiohttp {aiohttp.__version__}, lxml {lxml.etree.__version__}")
    asyncio.run(run(plan, said))
    said.print(plan)


main()
