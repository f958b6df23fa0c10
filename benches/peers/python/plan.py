"""What every Python client shares: the plan, the texts of a form, the last line."""

import json
import resource
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class Task:
    account: str
    password: str
    comcd: str
    partcd: str
    placecd: str
    date: str
    start: str
    end: str
    time_no: str

    @property
    def day_path(self):
        day = self.date.replace("-", "/")
        return f"/rent/rent/reservation/index/{day}/1/{self.comcd}/{self.partcd}/{self.placecd}/Y"

    @property
    def day_list_path(self):
        day = self.date.replace("-", "/")
        return f"/rent/rent/application/index/{day}/2/{self.comcd}/{self.partcd}/{self.placecd}"

    @property
    def shown_time(self):
        return f"{self.start}~{self.end}"


class Plan:
    def __init__(self, text):
        plan = json.loads(text)
        self.base = plan["base_url"]
        self.at_once = plan.get("at_once") or 1
        self.linger = plan.get("linger_ms", 0) / 1000
        self.way = plan.get("way", "")
        self.texts = plan["application"]
        self.tasks = [Task(**task) for task in plan["bookings"]]
        race = plan.get("race")
        self.opens = race["opens_unix_ms"] / 1000 if race else None
        self.ends = self.opens + race["for_ms"] / 1000 if race else None


class Said:
    def __init__(self, versions):
        self.ms, self.errors, self.versions = [], [], versions

    def booked(self, began):
        self.ms.append((time.perf_counter() - began) * 1000)

    def failed(self, error):
        self.errors.append(f"{type(error).__name__}: {error}")

    def print(self, plan):
        time.sleep(plan.linger)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"done": len(self.ms), "ms": self.ms, "peak_rss_kib": peak,
                          "errors": self.errors, "versions": self.versions}))


class Refused(Exception):
    """The site said no, and asking again would not change it."""


class NotOpen(Exception):
    """The day is not open yet."""


def from_arguments():
    return Plan(sys.argv[1])


def encoded(pairs):
    """A form's body as a browser sends it from a page in EUC-KR."""
    return urlencode(pairs, encoding="euc-kr", errors="xmlcharrefreplace").encode("ascii")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOT_OPEN = "예약이 가능한 일자가 아닙니다."
