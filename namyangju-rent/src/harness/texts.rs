//! The stand-in's own wording, where the words of the real sites are not known.

/// Texts that protocol.md does not give. Every one of them is the stand-in's own: the real sites'
/// words are unknown. [`StandIn::site`](super::StandIn::site) registers those that a client must
/// recognise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Texts {
    /// A slot that somebody else has.
    pub taken: String,
    /// A submission without the applicant form before it.
    pub trace_missing: String,
    /// A page that needs a login.
    pub login_required: String,
    /// A login with a wrong name or password.
    pub login_failed: String,
    /// The page of an address that was shut out.
    pub blocked: String,
    /// The page of an overloaded site.
    pub busy: String,
    /// A number, place or address that does not exist.
    pub missing: String,
    /// Chosen slots that are not of this place, or not one run.
    pub wrong_slots: String,
    /// Fields that contradict each other.
    pub contradiction: String,
    /// An amount that is not what the site computes.
    pub wrong_amount: String,
    /// What the human check says when the letters were right.
    pub check_passed: String,
    /// What the human check says when they were not.
    pub check_failed: String,
    /// Group name in the day list of slots taken by competitors.
    pub rival_club: String,
    /// Event name in the day list of slots taken by competitors.
    pub rival_event: String,
    /// The heading of the landing page.
    pub received: String,
    /// The label of the slots in validation texts; `신청시간` is Seongnam's (protocol.md 7, S1).
    pub slots_label: String,
    /// The labels of other fields in validation texts: dialect name, label.
    pub labels: Vec<(String, String)>,
}

impl Default for Texts {
    fn default() -> Self {
        let labels = [
            ("receipt_date", "사용일자"),
            ("comcd", "센터"),
            ("part_cd", "시설"),
            ("place_cd", "장소"),
            ("appli_name", "신청인"),
            ("club_name", "단체명"),
            ("hp", "휴대전화"),
            ("tel", "전화번호"),
            ("group_count", "사용인원"),
            ("group_count_man", "사용인원(남)"),
            ("group_count_woman", "사용인원(여)"),
            ("playname", "행사명"),
            ("reason", "사용목적"),
        ];
        Self {
            taken: "선택하신 시간은 다른 이용자가 먼저 예약하였습니다.".into(),
            trace_missing: "신청서 화면을 거치지 않은 접수는 처리할 수 없습니다.".into(),
            login_required: "회원 로그인이 필요한 서비스입니다.".into(),
            login_failed: "회원 아이디 또는 비밀번호가 일치하지 않습니다.".into(),
            blocked: "비정상적인 접근이 감지되어 접속이 차단되었습니다.".into(),
            busy: "접속자가 많아 서비스가 지연되고 있습니다.".into(),
            missing: "요청하신 페이지를 찾을 수 없습니다.".into(),
            wrong_slots: "선택하신 시간 정보가 올바르지 않습니다.".into(),
            contradiction: "신청 정보가 서로 일치하지 않습니다.".into(),
            wrong_amount: "결제 금액이 올바르지 않습니다.".into(),
            check_passed: "자동입력방지 문자가 확인되었습니다.".into(),
            check_failed: "자동입력방지 문자가 일치하지 않습니다.".into(),
            rival_club: "다른단체".into(),
            rival_event: "정기모임".into(),
            received: "대관 신청이 접수되었습니다.".into(),
            slots_label: "신청시간".into(),
            labels: labels.map(|(name, label)| (name.to_owned(), label.to_owned())).into(),
        }
    }
}

impl Texts {
    pub(crate) fn label<'a>(&'a self, field: &'a str) -> &'a str {
        self.labels.iter().find(|(name, _)| name == field).map_or(field, |(_, label)| label)
    }
}

/// What protocol.md gives word for word.
pub(crate) mod known {
    /// protocol.md 7, S1 at Seongnam.
    pub(crate) const NOT_OPEN: &str = "예약이 가능한 일자가 아닙니다.";
    /// protocol.md 5.3, S1.
    pub(crate) const OVER_MAXIMUM: &str = "최대 대관이용시간을 초과하였습니다.";
    /// protocol.md 5.4, S1.
    pub(crate) const CHECK_NEEDED: &str =
        "자동입력방지 문자가 인증되지 않았습니다. 문자입력후 확인버튼을 눌러주세요.";

    /// protocol.md 5.3, S1.
    pub(crate) fn under_minimum(hours: u8) -> String {
        format!("예약가능한 최소시간은 {hours}시간 입니다.")
    }

    /// protocol.md 7, S1 on the successor platform.
    pub(crate) fn daily_limit(most: u8) -> String {
        format!("선택업장 의 일일 최대 장소선택 제한({most}장소) 이상 예약 할 수 없습니다.")
    }

    /// protocol.md 7.1: the `required` text, S1.
    pub(crate) fn required(label: &str) -> String {
        format!("{label} 필드가 필요합니다.")
    }

    /// protocol.md 7.1, I.
    pub(crate) fn max_length(label: &str, most: usize) -> String {
        format!("{label} 필드의 길이는 최대 {most} 개의 문자를 넘어서는 안됩니다.")
    }

    /// protocol.md 7.1, I.
    pub(crate) fn exact_length(label: &str, length: usize) -> String {
        format!("{label} 필드의 길이는 정확히 {length} 개의 문자여야 합니다.")
    }

    /// protocol.md 7.1, I.
    pub(crate) fn numeric(label: &str) -> String {
        format!("{label} 필드는 반드시 숫자만 포함할 수 있습니다.")
    }
}
