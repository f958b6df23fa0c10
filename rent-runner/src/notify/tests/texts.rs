//! What people read.

use super::{note, note_of};
use crate::notify::message::{Facts, Kind};
use crate::notify::text::Text;
use crate::say::Language;
use crate::store::State;

#[test]
fn a_verdict_in_korean_and_in_english() {
    let korean = Text::new(&note(), Language::Korean);
    assert_eq!(korean.title, "예약 성공: 다산 행정복지센터 체육공원2호 테니스장 12월 5일(토) 06:00~08:00");
    assert_eq!(
        korean.body.lines().skip(1).collect::<Vec<_>>(),
        [
            "이용 시간: 12월 5일(토) 06:00~08:00",
            "희망 순위: 3개 지망 중 2지망",
            "접수번호: 20260001",
            "사유: reserved <at once> & read back",
            "예약 시작: 2026-11-26 10:00:00 Asia/Seoul",
            "진행: 시도 1회, 요청 4회",
            "할 일: 사이트의 예약 내역에서 확인하고, 사용료가 있으면 기한 안에 내세요.",
            "예약 3번 (rent-runner show 3), 2026-11-26 10:00:01 Asia/Seoul",
        ]
    );
    assert!(korean.body.starts_with("장소: ") && korean.body.contains("(NYJ06/07/103)"), "{}", korean.body);
    let english = Text::new(&note(), Language::English);
    assert!(english.title.starts_with("Reserved: ") && english.title.ends_with("Sat 5 December 06:00-08:00"));
    for line in ["Choice: 2 of 3", "Receipt: 20260001", "Effort: 1 attempt, 4 requests"] {
        assert!(english.body.lines().any(|found| found == line), "{line}: {}", english.body);
    }
}

#[test]
fn every_end_says_what_to_do() {
    let mut titles = std::collections::BTreeSet::new();
    for (kind, state) in [
        (Kind::Alarm, State::Waiting),
        (Kind::Verdict, State::Succeeded),
        (Kind::Verdict, State::Failed),
        (Kind::Verdict, State::Unconfirmed),
        (Kind::Verdict, State::NeedsPerson),
        (Kind::Block, State::Blocked),
    ] {
        for (language, to_do) in [(Language::Korean, "할 일: "), (Language::English, "What to do: ")] {
            let text = Text::new(&note_of(kind, state), language);
            assert!(text.body.contains(to_do), "{state:?}: {text:?}");
            titles.insert(text.title);
        }
    }
    assert_eq!(titles.len(), 12);
}

#[test]
fn a_lost_time_is_told_in_the_readers_language() {
    let mut lost = note_of(Kind::Verdict, State::Failed);
    lost.facts.verdict = Some("lost".into());
    lost.facts.reason = Some("lost: somebody else has the time".into());
    let korean = Text::new(&lost, Language::Korean).body;
    assert!(korean.lines().any(|line| line == "사유: 다른 사람이 먼저 예약했습니다"), "{korean}");
    let english = Text::new(&lost, Language::English).body;
    assert!(english.contains("Reason: lost: somebody else has the time"), "{english}");
}

#[test]
fn what_was_ours_before_is_told_in_the_readers_language() {
    let mut ours = note_of(Kind::Verdict, State::Succeeded);
    ours.facts.verdict = Some("already-booked".into());
    ours.facts.receipt = None;
    let korean = Text::new(&ours, Language::Korean);
    assert!(korean.title.starts_with("이미 예약되어 있음"), "{korean:?}");
    assert!(korean.body.contains("사유: 같은 단체와 행사 이름으로 이미 예약되어 있습니다"), "{korean:?}");
    assert!(korean.body.contains("할 일: 이 프로그램은 다른 시간을 예약하지 않았습니다."), "{korean:?}");
    let english = Text::new(&ours, Language::English);
    assert!(english.title.starts_with("Already booked"), "{english:?}");
    assert!(english.body.contains("What to do: nothing else was booked;"), "{english:?}");
}

#[test]
fn a_test_says_that_it_is_one() {
    for kind in Kind::ALL {
        let mut note = note();
        note.kind = kind;
        note.facts = Facts::of_test(kind, note.at);
        let korean = Text::new(&note, Language::Korean);
        assert!(
            korean.title.starts_with("[시험] ") && korean.body.starts_with("시험: 시험 메시지"),
            "{korean:?}"
        );
        assert!(Text::new(&note, Language::English).title.starts_with("[TEST] "));
    }
}

#[test]
fn facts_that_are_missing_leave_no_gap() {
    let mut note = note();
    note.facts = Facts::default();
    let text = Text::new(&note, Language::English);
    assert_eq!(text.title, "Booking");
    assert_eq!(text.body, "booking 3 (rent-runner show 3), 2026-11-26 10:00:01 Asia/Seoul");
}
