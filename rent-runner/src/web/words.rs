//! The words of the pages, in Korean and in English. Each has both: the compiler sees to it.

use crate::notify::Language;
use crate::store::{OpeningSource, State};

macro_rules! words {
    ($($name:ident: $korean:literal, $english:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct Words {
            $(pub(super) $name: &'static str,)*
        }

        const KOREAN: Words = Words { $($name: $korean,)* };
        const ENGLISH: Words = Words { $($name: $english,)* };
    };
}

words! {
    tag: "ko", "en";
    other_tag: "en", "ko";
    other_language: "English", "한국어";
    skip: "본문으로 바로가기", "Skip to the content";
    menu: "메뉴", "Menu";
    zone: "모든 날짜와 시각은 한국 시간(Asia/Seoul)입니다.", "All dates and times are in Korea's time (Asia/Seoul).";
    fair_use: "본인 계정으로 본인이 쓸 시간만 신청하세요. 사이트의 이용 약관을 지켜 주세요.", "Apply with your own account for times that you will use, and respect the site's terms.";

    api: "API", "API";
    api_about: "다른 프로그램이 이 페이지의 일을 할 수 있는 주소입니다. 명령줄의 --json 과 같은 문서로 답합니다.", "Programs do here what the pages do. The answers are the documents that --json prints on the command line.";
    api_token_how: "토큰은 '내 정보'에서, 또는 rent-runner web token add 로 만듭니다. 요청마다 이렇게 보내세요:", "Make a token at your sign-in, or with rent-runner web token add, and send it with each request:";
    api_document: "OpenAPI 3.1 문서 (JSON)", "The OpenAPI 3.1 document (JSON)";
    api_operations: "할 수 있는 일", "Operations";
    api_scope: "권한", "Scope";
    api_answer: "응답", "Answer";
    api_parameters: "매개변수", "Parameters";
    api_fields: "본문 항목", "Fields of the body";
    api_required: "필수", "required";
    api_problems: "오류", "Problems";
    api_problems_about: "오류는 모두 한 가지 형식입니다:", "Every refusal has one form:";
    tokens: "API 토큰", "API tokens";
    tokens_about: "프로그램이 비밀번호 없이 들어오는 열쇠입니다. 권한: read 는 보기, book 은 예약하고 고치기, admin 은 계정과 신청 정보.", "A key with which a program comes in without your password. Scopes: read is looking, book is making and changing bookings, admin is accounts and applicants' data.";
    token_once: "토큰은 지금 한 번만 보입니다. 안전한 곳에 옮겨 두세요.", "The token is shown this once. Keep it in a safe place.";
    token_name: "토큰 이름", "Name of the token";
    token_days: "쓸 수 있는 날수 (비우면 지울 때까지)", "Good for this many days (empty: until you remove it)";
    token_scopes: "권한", "Scopes";
    token_make: "토큰 만들기", "Make a token";
    token_remove: "토큰 지우기", "Remove the token";
    token_used: "마지막 사용", "Last used";
    token_ends: "만료", "Ends";
    token_refused: "토큰을 만들 수 없습니다. 이름이 이미 있는지, 권한과 날수를 확인하세요.", "The token cannot be made: is the name taken? Check the scopes and the days.";
    bookings: "예약", "Bookings";
    booking: "예약", "Booking";
    new_booking: "새 예약", "New booking";
    accounts: "계정", "Accounts";
    applicants: "신청 정보", "Applicants";
    status: "상태", "Status";
    club: "회원", "Members";
    me: "내 정보", "My sign-in";
    sign_out: "로그아웃", "Sign out";
    sign_in: "로그인", "Sign in";

    name: "이름", "Name";
    password: "비밀번호", "Password";
    new_password: "새 비밀번호", "New password";
    old_password: "지금 비밀번호", "Present password";
    password_rule: "8자 이상, 200자 이하입니다. 이 페이지에만 쓰는 비밀번호이고, 시설예약 사이트의 비밀번호와는 다릅니다.", "8 to 200 characters. It is for this page only, and has nothing to do with your password at the reservation site.";
    wrong_sign_in: "이름이나 비밀번호가 맞지 않습니다.", "The name or the password is wrong.";
    too_many_tries: "로그인 시도가 너무 많았습니다. 잠시 뒤에 다시 해 보세요.", "There were too many tries. Wait a little, then try again.";
    forgot: "비밀번호를 잊었으면 이 프로그램이 있는 컴퓨터에서 rent-runner web link 를 실행하세요. 새 비밀번호를 정하는 일회용 주소가 나옵니다.", "If you forgot your password, run rent-runner web link on the computer where this program runs. It prints a one-time address at which you set a new one.";
    no_owner: "아직 주인이 없습니다. 이 프로그램이 있는 컴퓨터에서 rent-runner web link 를 실행하고, 거기에 나온 주소를 여세요.", "Nobody owns this page yet. Run rent-runner web link on the computer where this program runs, and open the address that it prints.";

    welcome: "시작하기", "Welcome";
    welcome_owner: "이 페이지의 주인이 될 이름과 비밀번호를 정하세요.", "Choose the name and the password of this page's owner.";
    welcome_again: "주인의 이름과 비밀번호를 새로 정합니다. 지금까지의 로그인은 모두 끝납니다.", "Set the owner's name and password anew. All sign-ins until now end.";
    welcome_member: "초대를 받으셨습니다. 이름과 비밀번호를 정하세요.", "You have been invited. Choose your name and your password.";
    link_over: "이 주소는 이미 쓰였거나 시간이 지났습니다.", "This address was used already, or its time is over.";
    name_taken: "이미 있는 이름입니다.", "This name is taken.";
    continue_: "계속", "Continue";

    no_bookings: "저장된 예약이 없습니다.", "No booking is stored.";
    upcoming: "다가오는 예약", "To come";
    finished: "끝난 예약", "Over";
    opens: "접수 시작", "Opens";
    account: "계정", "Account";
    receipt: "접수번호", "Receipt number";
    choice: "지망", "Choice";
    choices: "지망 순서", "Choices";
    reason: "설명", "Reason";
    note: "메모", "Note";
    runner: "실행기", "Runner";
    until_opening: "접수 시작까지", "until it opens";
    opened: "접수가 시작되었습니다", "It has opened";
    story: "진행 기록", "Story";
    time: "시각", "Time";
    event: "내용", "Event";
    cancel: "예약 취소", "Cancel the booking";
    cancel_hint: "아직 신청하지 않은 예약만 취소됩니다. 이미 접수된 예약은 시설예약 사이트에서 취소하세요.", "This ends a booking that was not applied for. Cancel a reservation that was made on the city's site.";
    cancel_asked: "취소를 요청했습니다. 실행 중인 프로그램이 곧 멈춥니다.", "The runner was asked to cancel it.";
    retry: "다시 시도", "Try again";

    next_waiting: "접수 시작 10분 전에 로그인하고 준비합니다. 그때 rent-runner serve 가 실행 중이어야 합니다.", "It logs in and gets ready ten minutes before the opening. rent-runner serve must be running by then.";
    next_armed: "준비를 마쳤습니다. 접수가 시작되는 순간에 신청합니다.", "It is ready, and applies at the instant of the opening.";
    next_firing: "지금 신청하고 있습니다.", "It is applying now.";
    next_succeeded: "예약되었습니다. 이용료 결제는 시설예약 사이트의 안내를 따르세요.", "It is reserved. Follow the city's site for the payment.";
    next_failed: "예약하지 못했습니다. 아래의 설명을 보세요.", "It was not reserved; see the reason below.";
    next_unconfirmed: "신청이 접수되었을 수도 있습니다. 다시 신청하기 전에 시설예약 사이트의 내 예약을 확인하세요.", "The application may have been accepted. Look at your reservations on the city's site before you apply again.";
    next_blocked: "사이트가 접속을 막았습니다. 더 시도하지 않습니다. 브라우저로 사이트를 열어 확인하세요.", "The site blocked the program, so it stopped. Open the site in a browser and look.";
    next_person: "사람이 직접 해야 하는 단계가 나왔습니다. 브라우저로 사이트를 열어 마치세요.", "A step needs a person. Finish it in a browser on the site.";
    next_cancelled: "취소된 예약입니다.", "It is cancelled.";

    place: "코트", "Court";
    place_hint: "이름이나 코드를 쓰세요. 예: 체육공원2호 테니스장, NYJ06/07/103. 체육공원2호/* 는 그 그룹의 아무 코트나 됩니다.", "A name or a code, as in 체육공원2호 테니스장 or NYJ06/07/103. 체육공원2호/* is any court of the group.";
    date: "이용 날짜", "Date of use";
    from_to: "이용 시간", "Time of use";
    from_to_hint: "예: 06:00-08:00. 한 회차, 또는 이어진 여러 회차입니다.", "As in 06:00-08:00: one round, or several adjacent ones.";
    further_choice: "앞의 지망을 놓쳤을 때만 신청합니다", "only if those before it are lost";
    opening: "접수 시작 시각", "The opening";
    opening_rule: "이 도시의 규칙대로 (시청 공고를 꼭 확인하세요)", "By the city's rule (compare it with the city's announcement)";
    opening_given: "공고된 시각을 직접 입력", "The announced instant";
    opening_now: "이미 접수 중: 바로 신청", "It is open already: apply at once";
    check: "확인하기", "Check";
    store: "저장하기", "Store";
    change: "고치기", "Change";
    please_check: "아래 내용으로 저장할까요?", "Store this booking?";
    to_know: "알아 두실 점", "What you should know";
    need_account: "먼저 시설예약 사이트의 계정을 등록하세요.", "Add your account at the reservation site first.";
    need_applicant: "먼저 신청 정보를 등록하세요.", "Add an applicant's data first.";
    cannot: "이대로는 저장할 수 없습니다.", "It cannot be stored like this.";

    login_id: "사이트 아이디", "Login name at the site";
    site: "도시", "City";
    last_login: "마지막 로그인", "Last login";
    never: "없음", "never";
    refused: "사이트가 로그인을 거절함", "the site refused the login";
    add_account: "계정 등록", "Add an account";
    account_hint: "비밀번호는 암호화해 저장하고 다시 보여 주지 않습니다.", "The password is stored sealed, and is never shown again.";
    account_name: "부를 이름 (비우면 아이디)", "What you call it (default: the login name)";
    check_login: "한 번 로그인해 보기", "Log in once";
    login_works: "로그인이 됩니다.", "The login works.";
    change_password: "비밀번호 바꾸기", "Change the password";
    remove: "삭제", "Remove";
    open_bookings: "끝나지 않은 예약", "Bookings not over";
    base_url: "다른 주소 (연습용 사이트)", "Another address (to practise on)";

    add_applicant: "신청 정보 등록·변경", "Add or change an applicant";
    applicant_hint: "신청서에 적히는 내용입니다. 암호화해 저장합니다.", "What is written into the application. It is stored sealed.";
    club_name: "단체명", "Club";
    head_count: "인원", "People";
    event_name: "행사명", "Event";
    purpose: "사용 목적", "Purpose";
    applicant_name: "신청자 이름 (선택)", "Applicant's name (optional)";
    telephone: "전화번호 (선택)", "Telephone (optional)";
    mobile: "휴대전화 (선택)", "Mobile (optional)";

    runners: "실행기", "Runners";
    store_place: "저장소", "Store";
    running: "실행 중", "running";
    stopped: "멈춤", "stopped";
    seen: "마지막 확인", "Last seen";
    holds: "맡은 예약", "Holds";
    no_runner: "실행 중인 실행기가 없습니다.", "No runner is running.";
    messages_failing: "보내지 못한 알림", "Messages that do not arrive";
    settings: "적용 중인 설정", "Settings in force";
    setting: "설정", "Setting";
    value: "값", "Value";
    source: "출처", "Source";

    sessions: "로그인된 브라우저", "Browsers signed in";
    this_browser: "지금 이 브라우저", "this browser";
    since: "시작", "Since";
    address: "주소", "Address";
    end_all: "모두 로그아웃", "Sign out everywhere";
    members: "회원", "Members";
    owner: "주인", "owner";
    member: "회원", "member";
    invite: "회원 초대", "Invite a member";
    invitation: "이 주소를 회원에게 보내세요. 3일 동안 한 번만 쓸 수 있습니다.", "Send this address to the member. It can be used once within three days.";
    invite_hint: "회원은 자기 예약만 봅니다. 주인은 모두 봅니다.", "A member sees only own bookings. The owner sees all.";
    audit: "누가 무엇을 했는지", "Who did what";
    who: "누가", "Who";
    what: "무엇을", "What";

    missing: "없는 페이지입니다.", "There is no such page.";
    failed: "처리하지 못했습니다.", "That did not work.";
    foreign_form: "이 요청은 이 페이지의 양식에서 온 것이 아닙니다. 페이지를 새로 열고 다시 해 보세요.", "This did not come from a form of this page. Open the page again and try once more.";
    back: "예약 목록으로", "Back to the bookings";
}

/// The words of a language.
pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::Korean => &KOREAN,
        Language::English => &ENGLISH,
    }
}

/// The language of a tag as browsers send it: `ko-KR`.
pub(super) fn language_of(tag: &str) -> Option<Language> {
    match tag.split(['-', '_']).next().unwrap_or_default() {
        "ko" => Some(Language::Korean),
        "en" => Some(Language::English),
        _ => None,
    }
}

impl Words {
    fn pick(&self, korean: &'static str, english: &'static str) -> &'static str {
        if self.tag == "ko" { korean } else { english }
    }

    /// Where a booking stands, in one or two words.
    pub(super) fn of_state(&self, state: State) -> &'static str {
        match state {
            State::Waiting => self.pick("대기", "waiting"),
            State::Armed => self.pick("준비 완료", "ready"),
            State::Firing => self.pick("신청 중", "applying"),
            State::Succeeded => self.pick("예약됨", "reserved"),
            State::Failed => self.pick("실패", "not reserved"),
            State::Unconfirmed => self.pick("확인 필요", "unconfirmed"),
            State::Blocked => self.pick("차단됨", "blocked"),
            State::NeedsPerson => self.pick("직접 처리 필요", "needs a person"),
            State::Cancelled => self.pick("취소됨", "cancelled"),
        }
    }

    /// What happens next, or what a person must do.
    pub(super) fn next_of(&self, state: State) -> &'static str {
        match state {
            State::Waiting => self.next_waiting,
            State::Armed => self.next_armed,
            State::Firing => self.next_firing,
            State::Succeeded => self.next_succeeded,
            State::Failed => self.next_failed,
            State::Unconfirmed => self.next_unconfirmed,
            State::Blocked => self.next_blocked,
            State::NeedsPerson => self.next_person,
            State::Cancelled => self.next_cancelled,
        }
    }

    /// How the opening is known.
    pub(super) fn of_opening(&self, source: OpeningSource) -> &'static str {
        match source {
            OpeningSource::Given => self.pick("직접 입력한 시각", "as given"),
            OpeningSource::Rule => {
                self.pick("도시의 규칙 (공고 확인 필요)", "by the city's rule; compare the announcement")
            }
            OpeningSource::Now => self.pick("저장할 때 이미 접수 중", "open already when it was stored"),
        }
    }

    /// A day as people write it: `12월 5일(토)`.
    pub(super) fn day(&self, date: namyangju_rent::RentDate) -> String {
        let weekday = date.weekday_korean();
        if self.tag == "ko" {
            return format!("{}월 {}일({weekday})", date.month(), date.day());
        }
        let english = match weekday {
            "월" => "Mon",
            "화" => "Tue",
            "수" => "Wed",
            "목" => "Thu",
            "금" => "Fri",
            "토" => "Sat",
            _ => "Sun",
        };
        format!("{english} {date}")
    }
}
