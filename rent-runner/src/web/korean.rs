//! The story of a booking in Korean. What has no sentence here is shown in English.

use std::time::Duration;

use namyangju_rent::schedule::SlotState;
use namyangju_rent::{AnswerKind, Event, Step};

/// An event in Korean.
pub(super) fn event(event: &Event) -> Option<String> {
    Some(match event {
        Event::LoggedIn => "로그인했습니다.".to_owned(),
        Event::Learned { from, .. } => {
            format!("회차 번호를 알아냈습니다. 이미 열린 {from}의 목록을 읽었습니다.")
        }
        Event::Remembered => "열린 날이 없어 저장해 둔 회차 번호를 씁니다.".to_owned(),
        Event::Restored => "저장해 둔 로그인이 아직 살아 있습니다.".to_owned(),
        Event::ClockRead { estimate } => {
            let ahead = estimate.ahead_micros;
            let side = if ahead < 0 { "느립니다" } else { "빠릅니다" };
            format!(
                "사이트의 시계가 이 컴퓨터보다 {} {side} (오차 ±{}).",
                millis(Duration::from_micros(ahead.unsigned_abs())),
                millis(Duration::from_micros(estimate.error_micros.unsigned_abs()))
            )
        }
        Event::Waiting { until } => format!("접수 시작을 기다립니다: {until}"),
        Event::Armed { with, .. } => format!("준비를 마쳤습니다. 첫 요청: {}", step(*with)?),
        Event::Fired { late } => format!("첫 요청을 보냈습니다 (계획보다 {} 뒤).", millis(*late)),
        Event::Attempt { number, .. } => format!("{number}번째 시도를 시작합니다."),
        Event::Visited { step: at, took, .. } => {
            format!("{}: {} 만에 답이 왔습니다.", step(*at)?, millis(*took))
        }
        Event::Submitting => "신청서를 보냅니다.".to_owned(),
        Event::Answered { step: at, answer: kind, receipt, .. } => {
            let said = answer(*kind)?;
            match receipt {
                Some(receipt) => format!("{}: {said} 접수번호 {}", step(*at)?, receipt.number),
                None => format!("{}: {said}", step(*at)?),
            }
        }
        Event::Resting { wait } => format!("{} 쉬었다가 다시 합니다.", millis(*wait)),
        Event::ReadBack { state: Some(SlotState::Free) } => {
            "목록을 다시 확인했습니다: 아직 비어 있습니다.".to_owned()
        }
        Event::ReadBack { state: Some(SlotState::Booked) } => {
            "목록을 다시 확인했습니다: 예약된 시간입니다.".to_owned()
        }
        Event::ReadBack { state: None } => "목록을 읽지 못했습니다.".to_owned(),
        Event::NextWish { wish } => format!("그 시간은 놓쳤습니다. {}지망을 신청합니다.", wish + 1),
        _ => return None,
    })
}

fn step(step: Step) -> Option<&'static str> {
    Some(match step {
        Step::Home => "첫 화면",
        Step::Login => "로그인",
        Step::Schedule => "예약 현황",
        Step::Day => "날짜 화면",
        Step::Form => "신청서 화면",
        Step::Submit => "신청",
        Step::Logout => "로그아웃",
        _ => return None,
    })
}

fn answer(kind: AnswerKind) -> Option<&'static str> {
    Some(match kind {
        AnswerKind::Reserved => "예약되었습니다.",
        AnswerKind::SlotTaken => "다른 사람이 먼저 예약했습니다.",
        AnswerKind::NotOpenYet => "아직 접수 시간이 아닙니다.",
        AnswerKind::LoggedOut => "로그인이 풀렸습니다.",
        AnswerKind::TraceMissing => "신청서 화면을 먼저 거쳐야 한다고 합니다.",
        AnswerKind::Invalid => "입력한 내용을 받아 주지 않았습니다.",
        AnswerKind::LimitReached => "예약 횟수 한도를 넘었습니다.",
        AnswerKind::HumanCheck => "사람인지 확인하는 화면이 나왔습니다.",
        AnswerKind::WaitingRoom => "접속 대기 화면이 나왔습니다.",
        AnswerKind::Blocked => "사이트가 접속을 막았습니다.",
        AnswerKind::Busy => "사이트가 붐빕니다.",
        AnswerKind::Unknown => "알 수 없는 화면이 나왔습니다.",
        AnswerKind::LoginRefused => "아이디나 비밀번호가 거절되었습니다.",
        AnswerKind::LoginUnclear => "로그인 결과를 알 수 없습니다.",
        AnswerKind::Unconfirmed => "신청은 보냈지만 답이 오지 않았습니다.",
        AnswerKind::NotSent => "요청이 나가지 못했습니다.",
        AnswerKind::Broken => "연결이 끊겼습니다.",
        AnswerKind::Unreadable => "화면을 읽지 못했습니다.",
        AnswerKind::NotFree => "고를 수 없는 시간입니다.",
        AnswerKind::Application => "받아들여지지 않을 신청이라 보내지 않았습니다.",
        AnswerKind::Budget => "요청 횟수 한도를 다 썼습니다.",
        AnswerKind::Forbidden => "시도가 허락되지 않았습니다.",
        AnswerKind::Setup => "설정 때문에 시작하지 못했습니다.",
        AnswerKind::Moved => "사이트 주소가 바뀌었습니다.",
        AnswerKind::Unrecognised => "이 버전이 모르는 기록입니다.",
        _ => return None,
    })
}

/// Milliseconds, or seconds where they are many.
fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1_000.0;
    if millis < 1_000.0 { format!("{millis:.1}ms") } else { format!("{:.1}초", millis / 1_000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_and_every_step_has_a_sentence() {
        assert!(AnswerKind::ALL.into_iter().all(|kind| answer(kind).is_some()));
        let steps =
            [Step::Home, Step::Login, Step::Schedule, Step::Day, Step::Form, Step::Submit, Step::Logout];
        assert!(steps.into_iter().all(|at| step(at).is_some()));
    }
}
