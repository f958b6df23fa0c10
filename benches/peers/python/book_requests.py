"""requests, beautifulsoup4 and lxml: a session for each account, threads where several go at once.

In a race `way` says how the opening is met: `ntp` (the local clock, kept by a time server) or `date` (the
site's clock from one `Date` header plus half of the round trip)."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import bs4
import lxml.etree
import requests

from plan import FORM, NOT_OPEN, NotOpen, Refused, Said, encoded, from_arguments

RELOAD_EVERY = 0.3


def soup(response):
    # The header names no character set: it stands in the page.
    return bs4.BeautifulSoup(response.content, "lxml", from_encoding="euc-kr")


def controls(form):
    """The pairs a browser would send for a form."""
    for control in form.select("input[name], select[name], textarea[name]"):
        kind = control.get("type", "text")
        if kind in ("checkbox", "radio") and not control.has_attr("checked"):
            continue
        if kind in ("button", "image", "submit"):
            continue
        if control.name == "select":
            option = control.select_one("option[selected]") or control.select_one("option")
            yield control["name"], option.get("value", "") if option else ""
        else:
            yield control["name"], control.get("value", "")


class Visitor:
    def __init__(self, plan, task):
        self.plan, self.task = plan, task
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) peers/1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def get(self, path):
        response = self.http.get(self.plan.base + path, timeout=10)
        response.raise_for_status()
        return response

    def post(self, path, pairs):
        response = self.http.post(urljoin(self.plan.base, path), data=encoded(pairs), headers=FORM,
                                  timeout=10, allow_redirects=False)
        response.raise_for_status()
        return response

    def log_in(self):
        answer = self.post("/rent/member/process", [("process_check", "login"), ("memid", self.task.account),
                                                    ("mempw", self.task.password), ("ret_url", "")])
        if "로그아웃" not in soup(answer).select_one("#tnb").get_text():
            raise Refused("login")

    def choose(self):
        """The day's page: where its form goes, and the fields with the slot's box ticked."""
        page = soup(self.get(self.task.day_path))
        error = page.select_one(".error")
        if error:
            raise NotOpen() if error.get_text(strip=True) == NOT_OPEN else Refused(error.get_text(strip=True))
        form = page.select_one("form#reservation_form")
        for row in form.select("table tbody tr"):
            cells = row.select("td")
            if len(cells) > 2 and cells[2].get_text().replace(" ", "") == self.task.shown_time:
                box = row.select_one("input.select_check")
                if not box:
                    raise Refused("taken")
                return form["action"], [*controls(form), (box["name"], box["value"])]
        raise Refused("no such slot")

    def apply(self, action, fields):
        page = soup(self.post(action, fields))
        form = page.select_one("form#reservation_form")
        if not form or not page.select_one("#appli_name"):
            raise Refused(page.get_text(" ", strip=True)[:80])
        texts = self.plan.texts
        filled = [(name, texts.get(name, value)) for name, value in controls(form)]
        answer = self.post(form["action"], filled)
        if not answer.is_redirect:
            raise Refused(soup(answer).get_text(" ", strip=True)[:80])
        receipt = answer.headers["Location"].rsplit("/", 1)[-1]
        self.get(answer.headers["Location"].removeprefix(self.plan.base))
        return receipt

    def is_ours(self):
        page, date = soup(self.get(self.task.day_list_path)), ""
        for row in page.select("table.rent_daylist_table_sports tbody tr"):
            cells = row.select("td")
            if len(cells) == 6:
                date, cells = cells[0].get_text()[:10], cells[1:]
            if date == self.task.date and cells[1].get_text().replace(" ", "") == self.task.shown_time:
                image = cells[4].select_one("img")
                return bool(image) and image["alt"] == "예약완료" and cells[3].get_text() == self.plan.texts["club_name"]
        return False

    def site_clock(self):
        """What the site is ahead, from one `Date` and half of the round trip."""
        began = time.time()
        answer = self.http.head(self.plan.base + self.task.day_path, timeout=10)
        ended = time.time()
        return parsedate_to_datetime(answer.headers["Date"]).timestamp() + (ended - began) / 2 - ended

    def wait_for_opening(self):
        ahead = self.site_clock() if self.plan.way == "date" else 0
        time.sleep(max(0, self.plan.opens - ahead - time.time()))

    def book(self):
        self.log_in()
        if self.plan.opens:
            self.wait_for_opening()
        while True:
            try:
                action, fields = self.choose()
                break
            except NotOpen:
                if not self.plan.ends or time.time() > self.plan.ends:
                    raise
                time.sleep(RELOAD_EVERY)
        self.apply(action, fields)
        if not self.is_ours():
            raise Refused("the day list does not show it")


def main():
    plan = from_arguments()
    python = ".".join(map(str, sys.version_info[:3]))
    said = Said(f"Python {python}, requests {requests.__version__}, beautifulsoup4 {bs4.__version__}, "
                f"lxml {lxml.etree.__version__}")

    def work(task):
        began = time.perf_counter()
        try:
            with Visitor(plan, task) as visitor:
                visitor.book()
            said.booked(began)
        except Exception as error:  # one booking's misfortune, told at the end
            said.failed(error)

    if plan.at_once > 1:
        with ThreadPoolExecutor(plan.at_once) as pool:
            list(pool.map(work, plan.tasks))
    else:
        for task in plan.tasks:
            work(task)
    said.print(plan)


main()
