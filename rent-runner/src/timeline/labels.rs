//! The words of a timeline in both languages: short, because they stand beside bars.

use std::time::Duration;

use namyangju_rent::clock::ClockEstimate;
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{AnswerKind, Event, Receipt, Step};

use super::BarKind;
use crate::say::Language;
use crate::store::State;

macro_rules! labels {
    ($($name:ident: $korean:literal, $english:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct TimelineWords {
            $(pub(super) $name: &'static str,)*
        }

        const KOREAN: TimelineWords = TimelineWords { $($name: $korean,)* };
        const ENGLISH: TimelineWords = TimelineWords { $($name: $english,)* };
    };
}

labels! {
    tag: "ko", "en";
    timeline: "신청 과정", "Timeline";
    opening: "접수 시작", "opening";
    by_site: "가로축은 사이트 시계로 접수 시작부터 잰 시간입니다.", "The axis is the time from the opening, on the site's clock.";
    by_first: "가로축은 첫 시도부터 잰 시간입니다.", "The axis is the time from the first attempt.";
    clock: "사이트 시계", "site's clock";
    clock_given: "직접 입력한 차이를 씁니다", "as somebody gave it";
    clock_unknown: "재지 못했습니다", "not measured";
    clock_cached: "캐시된 시각이라 한쪽만 알 수 있음", "dates from a cache: known on one side only";
    plan: "예상 도착", "planned arrival";
    look: "예약 현황 확인", "day list";
    opened: "실제 접수 시작", "really opened";
    closed_at: "아직 닫혀 있던 때:", "still closed at";
    left_out: "생략한 요청", "requests left out";
    why: "눈에 띄는 점", "What it shows";
    all: "모든 요청", "All requests";
    nothing_yet: "아직 보낸 신청이 없습니다.", "No application was sent yet.";
    pause: "쉼", "pause";
    sign_no_clock: "사이트 시계를 재지 못했습니다. 첫 요청은 이 컴퓨터 시계대로 나갔습니다.", "The site's clock was not measured: the first request went by this machine's clock.";
    sign_cached: "사이트의 시각이 캐시에서 왔습니다. 사이트 시계를 한쪽으로만 알아서 늦을 수 있습니다.", "The site's dates come from a cache: its clock is known on one side only, so the first request may be late.";
    sign_wide: "사이트 시계를 정확히 알지 못했습니다: 오차 ±{}.", "The site's clock was not known well: ± {}.";
    sign_sent_late: "이 컴퓨터가 첫 요청을 계획보다 {} 늦게 보냈습니다.", "This machine sent the first request {} later than planned.";
    sign_late: "첫 요청이 접수 시작보다 {} 늦게 닿았습니다.", "The first request arrived {} after the opening.";
    sign_early: "첫 요청을 사이트가 이르다고 거절했습니다 (접수 시작 기준 {} 도착).", "The site refused the first request as too early (it arrived {} from the opening).";
    sign_connect: "연결이 끊겨 있어 새로 맺느라 {}이 걸렸습니다: {step}.", "The connection was dead, and a new one took {}: {step}.";
    sign_nothing: "답이 오지 않았습니다: {step}, {} 만에 연결이 끊겼습니다.", "No answer came: {step}, broken off after {}.";
    sign_slow: "사이트가 느렸습니다: {step} 처리에 {}.", "The site was slow: it worked {} for the {step}.";
    sign_opened_late: "{} 뒤에도 접수가 열려 있지 않았습니다: 사이트가 늦게 열었습니다.", "The day was still closed {} after the announced opening: it opened late.";
}

/// The words of a language.
pub(super) fn of(language: Language) -> &'static TimelineWords {
    match language {
        Language::Korean => &KOREAN,
        Language::English => &ENGLISH,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a text needs no more than 52 bits of a microsecond")]
fn real(micros: i64) -> f64 {
    micros as f64
}

/// A length of time: `0.4 ms`, `12 ms`, `1.25 s`, `3 min`.
pub(super) fn millis(micros: i64) -> String {
    let size = micros.unsigned_abs();
    let ms = real(micros.saturating_abs()) / 1_000.0;
    match size {
        0..10_000 => format!("{ms:.1} ms"),
        10_000..1_000_000 => format!("{ms:.0} ms"),
        1_000_000..120_000_000 => format!("{:.2} s", ms / 1_000.0),
        _ => format!("{:.0} min", ms / 60_000.0),
    }
}

/// An instant from the opening: `+12 ms`.
pub(super) fn signed(micros: i64) -> String {
    let sign = if micros < 0 { "−" } else { "+" };
    format!("{sign}{}", millis(micros))
}

impl TimelineWords {
    fn pick<'t>(&self, korean: &'t str, english: &'t str) -> &'t str {
        if self.tag == "ko" { korean } else { english }
    }

    /// A page of the site.
    pub(super) fn step(&self, step: Step) -> &'static str {
        match step {
            Step::Home => self.pick("첫 화면", "home page"),
            Step::Login => self.pick("로그인", "login"),
            Step::Schedule => self.pick("예약 현황", "day list"),
            Step::Day => self.pick("날짜 화면", "day page"),
            Step::Form => self.pick("신청서 화면", "form"),
            Step::Submit => self.pick("신청서 제출", "submission"),
            Step::Logout => self.pick("로그아웃", "logout"),
            Step::Clock => self.pick("시계 확인", "clock"),
            _ => self.pick("다른 화면", "other page"),
        }
    }

    /// An answer in a few words.
    pub(super) fn answer(&self, answer: AnswerKind) -> &'static str {
        match answer {
            AnswerKind::Reserved => self.pick("예약됨", "reserved"),
            AnswerKind::SlotTaken => self.pick("다른 사람이 먼저 예약함", "taken by somebody else"),
            AnswerKind::NotOpenYet => self.pick("아직 접수 시간이 아님", "not open yet"),
            AnswerKind::LoggedOut => self.pick("로그인이 풀림", "logged out"),
            AnswerKind::TraceMissing => self.pick("앞 화면을 거치라고 함", "wants the page before it"),
            AnswerKind::Invalid => self.pick("입력 거절", "input refused"),
            AnswerKind::LimitReached => self.pick("예약 횟수 한도", "limit reached"),
            AnswerKind::HumanCheck => self.pick("사람 확인", "human check"),
            AnswerKind::WaitingRoom => self.pick("접속 대기", "waiting room"),
            AnswerKind::Blocked => self.pick("접속 차단", "blocked"),
            AnswerKind::Busy => self.pick("사이트 혼잡", "busy"),
            AnswerKind::Unknown => self.pick("알 수 없는 화면", "unknown page"),
            AnswerKind::LoginRefused => self.pick("로그인 거절", "login refused"),
            AnswerKind::LoginUnclear => self.pick("로그인 결과 모름", "login unclear"),
            AnswerKind::Unconfirmed => self.pick("신청 뒤 답이 없음", "sent, no answer"),
            AnswerKind::NotSent => self.pick("연결 안 됨", "not connected"),
            AnswerKind::Broken => self.pick("연결 끊김", "connection broken"),
            AnswerKind::Unreadable => self.pick("읽을 수 없는 화면", "unreadable page"),
            AnswerKind::NotFree => self.pick("고를 수 없는 시간", "not free"),
            AnswerKind::Application => self.pick("보내지 않음", "not sent: would be refused"),
            AnswerKind::Budget => self.pick("요청 한도", "requests used up"),
            AnswerKind::Forbidden => self.pick("허락되지 않음", "not permitted"),
            AnswerKind::Setup => self.pick("설정 문제", "wrong settings"),
            AnswerKind::Moved => self.pick("주소가 바뀜", "site moved"),
            _ => self.pick("모르는 기록", "not recognised"),
        }
    }

    /// What the day list shows.
    pub(super) fn slot(&self, state: Option<SlotState>) -> &'static str {
        match state {
            Some(SlotState::Free) => self.pick("비어 있음", "free"),
            Some(SlotState::Booked) => self.pick("예약됨", "booked"),
            Some(SlotState::Closed) => self.pick("마감", "closed"),
            Some(SlotState::Unavailable) => self.pick("신청 불가", "unavailable"),
            Some(SlotState::Lottery) => self.pick("추첨", "given by lot"),
            Some(SlotState::NotShown) => self.pick("목록에 없음", "not shown"),
            Some(_) => self.pick("다른 상태", "other"),
            None => self.pick("읽지 못함", "not readable"),
        }
    }

    /// What a bar means.
    pub(super) fn bar(&self, kind: BarKind) -> &'static str {
        match kind {
            BarKind::Doubt => self.pick("오차 범위", "within this"),
            BarKind::Connect => self.pick("새 연결", "new connection"),
            BarKind::Network => self.pick("네트워크", "network"),
            BarKind::Site => self.pick("사이트 처리", "site works"),
            BarKind::Body => self.pick("내용 수신", "page comes"),
            BarKind::Nothing => self.pick("답 없음", "no answer"),
        }
    }

    /// `1차 · 신청서 화면`.
    pub(super) fn request(&self, attempt: u32, step: Step) -> String {
        format!(
            "{} · {}",
            self.pick(&format!("{attempt}차 시도"), &format!("attempt {attempt}")),
            self.step(step)
        )
    }

    pub(super) fn took(&self, micros: i64) -> String {
        match self.tag {
            "ko" => format!("{} 걸림", millis(micros)),
            _ => format!("took {}", millis(micros)),
        }
    }

    /// How the site's clock stands.
    pub(super) fn clock_note(&self, estimate: &ClockEstimate) -> String {
        if estimate.cached {
            return self.clock_cached.to_owned();
        }
        let error = Duration::from_micros(estimate.error_micros.unsigned_abs());
        let error = millis(i64::try_from(error.as_micros()).unwrap_or(i64::MAX));
        match self.tag {
            "ko" => format!("이 컴퓨터보다 {}, 오차 ±{error}", signed(estimate.ahead_micros)),
            _ => format!("{} against this machine, ± {error}", signed(estimate.ahead_micros)),
        }
    }

    /// What came before the first attempt; `None` for what a person need not know.
    pub(super) fn prepared(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::LoggedIn => self.pick("로그인", "logged in").to_owned(),
            Event::Restored => self.pick("저장해 둔 로그인 사용", "saved session used").to_owned(),
            Event::Learned { .. } => self.pick("회차 번호 확인", "slot numbers learned").to_owned(),
            Event::Remembered => self.pick("저장해 둔 회차 번호 사용", "stored slot numbers used").to_owned(),
            Event::ClockRead { estimate } => format!("{}: {}", self.clock, self.clock_note(estimate)),
            Event::Armed { with, .. } => {
                format!("{}: {}", self.pick("준비 완료, 첫 요청", "ready, first request"), self.step(*with))
            }
            Event::Alarm { text, .. } => format!("{}: {text}", self.pick("경고", "alarm")),
            _ => return None,
        })
    }

    /// How the booking stands, with its receipt.
    pub(super) fn verdict(&self, state: State, receipt: Option<&Receipt>) -> String {
        let text = match state {
            State::Waiting => self.pick("대기 중", "waiting"),
            State::Armed => self.pick("준비 완료", "ready"),
            State::Firing => self.pick("신청 중", "applying"),
            State::Succeeded => self.pick("예약됨", "reserved"),
            State::Failed => self.pick("예약하지 못함", "not reserved"),
            State::Unconfirmed => self.pick("확인 필요", "unconfirmed"),
            State::Blocked => self.pick("사이트가 접속을 막음", "blocked"),
            State::NeedsPerson => self.pick("직접 처리 필요", "needs a person"),
            State::Cancelled => self.pick("취소됨", "cancelled"),
        };
        match receipt {
            Some(receipt) => format!("{text}, {} {}", self.pick("접수번호", "receipt"), receipt.number),
            None => text.to_owned(),
        }
    }

    /// A sentence with a length of time in it.
    pub(super) fn sized(&self, sentence: &str, micros: i64) -> String {
        let size = if std::ptr::eq(sentence, self.sign_early) { signed(micros) } else { millis(micros) };
        sentence.replace("{}", &size)
    }

    /// The same, about a page of the site.
    pub(super) fn of_step(&self, sentence: &str, step: Step, micros: i64) -> String {
        sentence.replace("{step}", self.step(step)).replace("{}", &millis(micros))
    }

    /// When the site said something first.
    pub(super) fn answered(&self, answer: AnswerKind, micros: i64) -> String {
        format!("{}: {}", signed(micros), self.answer(answer))
    }

    /// The heads of the table of requests.
    pub(super) fn heads(&self) -> [&'static str; 7] {
        match self.tag {
            "ko" => [
                "시도",
                "화면",
                "보낸 시각 (이 컴퓨터)",
                "접수 시작 기준",
                "새 연결",
                "첫 응답 / 전체",
                "결과",
            ],
            _ => [
                "Attempt",
                "Page",
                "Sent (this machine)",
                "From the opening",
                "New connection",
                "First byte / whole",
                "Answer",
            ],
        }
    }
}
