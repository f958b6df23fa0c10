//! The words of a message, in Korean and in English.

use std::fmt::Write as _;

use namyangju_rent::clock::TIME_ZONE;
use namyangju_rent::{RentDate, SeoulTime, Site};

use super::Language;
use super::message::{Facts, Kind, Note};
use crate::store::State;

/// A title in one line, and a body of a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) body: String,
}

impl Text {
    pub(super) fn new(note: &Note, language: Language) -> Self {
        let words = Words { language };
        let facts = &note.facts;
        let mut title = words.head(note).to_owned();
        if facts.test {
            title.insert_str(0, words.pick("[시험] ", "[TEST] "));
        }
        let names = Names::of(facts);
        let when = words.when(facts);
        let what = [names.court.as_deref().or(names.code.as_deref()), when.as_deref()];
        let what: Vec<&str> = what.into_iter().flatten().collect();
        if !what.is_empty() {
            let _ = write!(title, ": {}", what.join(" "));
        }
        Self { title, body: words.body(note, &names, when.as_deref()) }
    }

    /// A line that tells the members of a chat its new id.
    pub(super) fn new_chat(id: &str, language: Language) -> String {
        match language {
            Language::Korean => {
                format!("이 대화방의 ID가 {id}(으)로 바뀌었습니다. 설정의 chat-id를 고치세요.")
            }
            Language::English => {
                format!("This chat has a new id, {id}: put it into the settings as chat-id.")
            }
        }
    }

    /// Both, for channels that know no title.
    pub(super) fn whole(&self) -> String {
        format!("{}\n{}", self.title, self.body)
    }
}

/// What a place is called, as far as the built-in dialect knows.
struct Names {
    city: Option<String>,
    court: Option<String>,
    code: Option<String>,
}

impl Names {
    fn of(facts: &Facts) -> Self {
        let site = facts.site.as_ref().and_then(|name| Site::builtin(name).ok());
        let court = facts.place.as_ref().zip(site.as_ref()).and_then(|(place, site)| {
            site.known_places().iter().find(|known| known.place == *place).map(|known| known.name.clone())
        });
        let court = facts.place_name.clone().or(court);
        Self {
            city: site.map(|site| site.title().to_owned()),
            court,
            code: facts.place.as_ref().map(ToString::to_string),
        }
    }
}

struct Words {
    language: Language,
}

impl Words {
    fn pick(&self, korean: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Korean => korean,
            Language::English => english,
        }
    }

    fn head(&self, note: &Note) -> &'static str {
        if note.kind == Kind::Alarm {
            return self.pick("예약 준비 경고", "Booking not ready yet");
        }
        match note.facts.state {
            Some(State::Succeeded) if note.facts.is_already_booked() => {
                self.pick("이미 예약되어 있음", "Already booked")
            }
            Some(State::Succeeded) => self.pick("예약 성공", "Reserved"),
            Some(State::Failed) => self.pick("예약 실패", "Not reserved"),
            Some(State::Unconfirmed) => {
                self.pick("예약 확인 필요", "Unconfirmed, look before you apply again")
            }
            Some(State::Blocked) => self.pick("사이트가 접속을 차단함", "Blocked by the site"),
            Some(State::NeedsPerson) => self.pick("직접 처리 필요", "A person is needed"),
            _ => self.pick("예약 알림", "Booking"),
        }
    }

    fn when(&self, facts: &Facts) -> Option<String> {
        let mut text = facts.date?.to_string();
        if let Some(weekday) = facts.date.map(|date| self.weekday(date)) {
            let _ = write!(text, " ({weekday})");
        }
        if let Some(time) = facts.time {
            let _ = write!(text, " {time}");
        }
        Some(text)
    }

    fn weekday(&self, date: RentDate) -> &'static str {
        let korean = date.weekday_korean();
        let english = match korean {
            "월" => "Mon",
            "화" => "Tue",
            "수" => "Wed",
            "목" => "Thu",
            "금" => "Fri",
            "토" => "Sat",
            _ => "Sun",
        };
        self.pick(korean, english)
    }

    fn body(&self, note: &Note, names: &Names, when: Option<&str>) -> String {
        let facts = &note.facts;
        let mut lines: Vec<String> = Vec::new();
        let mut say = |label: &str, text: String| lines.push(format!("{label}: {text}"));
        if facts.test {
            say(
                self.pick("시험", "Test"),
                self.pick(
                    "시험 메시지입니다. 실제 예약과 상관없습니다.",
                    "this only shows that messages arrive; no booking is meant.",
                )
                .to_owned(),
            );
        }
        let place: Vec<&str> =
            [&names.city, &names.court].into_iter().flatten().map(String::as_str).collect();
        if let Some(code) = &names.code {
            let place = if place.is_empty() { code.clone() } else { format!("{} ({code})", place.join(" ")) };
            say(self.pick("장소", "Place"), place);
        }
        if let Some(when) = when {
            say(self.pick("이용 시간", "Time"), format!("{when} {TIME_ZONE}"));
        }
        if facts.choices > 1 {
            let choice = match self.language {
                Language::Korean => format!("{}개 중 {}번째", facts.choices, facts.choice),
                Language::English => format!("{} of {}", facts.choice, facts.choices),
            };
            say(self.pick("희망 순위", "Choice"), choice);
        }
        if let Some(receipt) = &facts.receipt {
            say(self.pick("접수번호", "Receipt"), receipt.clone());
        }
        if let Some(reason) = self.reason(facts) {
            say(self.pick("사유", "Reason"), reason);
        }
        if let Some(opens_at) = facts.opens_at {
            say(self.pick("예약 시작", "Opening"), instant(opens_at));
        }
        if let (Some(attempts), Some(requests)) = (facts.attempts, facts.requests) {
            let counts = match self.language {
                Language::Korean => format!("시도 {attempts}회, 요청 {requests}회"),
                Language::English => format!("{attempts} attempt(s), {requests} request(s)"),
            };
            say(self.pick("진행", "Effort"), counts);
        }
        if !facts.test
            && let Some(next) = self.next(note)
        {
            say(self.pick("할 일", "What to do"), next.to_owned());
        }
        let number = note.booking.map(|id| match self.language {
            Language::Korean => format!("예약 {id}번 (rent-runner show {id}), "),
            Language::English => format!("booking {id} (rent-runner show {id}), "),
        });
        lines.push(format!("{}{}", number.unwrap_or_default(), instant(note.at)));
        lines.join("\n")
    }

    /// The verdict in the reader's language, and the words that came with it.
    fn reason(&self, facts: &Facts) -> Option<String> {
        let plain = match (self.language, facts.verdict.as_deref()) {
            (Language::English, _) | (_, None) => None,
            (_, Some(word)) => match word {
                "already-booked" => Some("같은 단체와 행사 이름으로 이미 예약되어 있습니다"),
                "lost" => Some("다른 사람이 먼저 예약했습니다"),
                "refused" => Some("사이트가 신청을 받지 않았습니다"),
                "blocked" => Some("사이트가 접속을 막았습니다"),
                "needs-person" => Some("사람이 직접 확인해야 합니다"),
                "unconfirmed" => Some("신청을 보냈지만 결과를 알 수 없습니다"),
                "gave-up" => Some("제한 시간 안에 예약하지 못했습니다"),
                "unreachable" => Some("사이트에 접속할 수 없었습니다"),
                _ => None,
            },
        };
        match (plain, &facts.reason) {
            (Some(plain), Some(reason)) => Some(format!("{plain} ({reason})")),
            (Some(plain), None) => Some(plain.to_owned()),
            (None, reason) => reason.clone(),
        }
    }

    fn next(&self, note: &Note) -> Option<&'static str> {
        if note.kind == Kind::Alarm {
            return Some(self.pick(
                "예약이 시작되기 전에 원인을 확인하세요. rent-runner doctor가 도움이 됩니다.",
                "look into it before the opening; `rent-runner doctor` helps.",
            ));
        }
        match note.facts.state? {
            State::Succeeded if note.facts.receipt.is_some() => Some(self.pick(
                "사이트의 예약 내역에서 확인하고, 사용료가 있으면 기한 안에 내세요.",
                "look at it under your reservations on the site, and pay there in time if there is a fee.",
            )),
            State::Succeeded if note.facts.is_already_booked() => Some(self.pick(
                "이 프로그램은 다른 시간을 예약하지 않았습니다. 접수번호는 사이트의 예약 내역에 있습니다.",
                "nothing else was booked; the receipt number is under your reservations on the site.",
            )),
            State::Succeeded => Some(self.pick(
                "접수번호를 받지 못했습니다. 사이트의 예약 내역에서 확인하세요.",
                "the receipt number did not arrive; it is under your reservations on the site.",
            )),
            State::Failed => Some(self.pick(
                "이 프로그램은 더 시도하지 않습니다. 다시 하려면 rent-runner retry를 쓰세요.",
                "nothing more is tried; `rent-runner retry` starts it again.",
            )),
            State::Unconfirmed => Some(self.pick(
                "다시 신청하기 전에 반드시 사이트의 예약 내역을 확인하세요.",
                "look at your reservations on the site before anybody applies again.",
            )),
            State::Blocked => {
                Some(self.pick("오늘은 사이트에 더 접속하지 마세요.", "leave the site alone for today."))
            }
            State::NeedsPerson => {
                Some(self.pick("브라우저에서 직접 예약을 이어 가세요.", "go on in a browser."))
            }
            _ => None,
        }
    }
}

/// An instant without a fraction that says nothing.
fn instant(at: SeoulTime) -> String {
    at.to_string().replace(".000 ", " ")
}
