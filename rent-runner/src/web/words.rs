//! The words of the pages, in Korean and in English. Each has both: the compiler sees to it.

use namyangju_rent::SeoulTime;
use namyangju_rent::schedule::{Month, SlotState};

use crate::say::Language;
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
    from_to_hint: "예: 06:00-08:00. 한 회차, 또는 이어진 여러 회차입니다.", "As in 06:00-08:00: one round, or several adjacent ones.";
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
    cannot_add_account: "이 계정은 등록할 수 없습니다. 본인의 계정이 맞으면 이 페이지의 주인에게 물어보세요.", "This account cannot be added. If it is yours, ask the owner of this page.";
    add_account: "계정 등록", "Add an account";
    account_hint: "비밀번호는 암호화해 저장하고 다시 보여 주지 않습니다.", "The password is stored sealed, and is never shown again.";
    account_name: "부를 이름 (비우면 아이디)", "What you call it (default: the login name)";
    check_login: "한 번 로그인해 보기", "Log in once";
    login_works: "로그인이 됩니다.", "The login works.";
    change_password: "비밀번호 바꾸기", "Change the password";
    remove: "삭제", "Remove";
    open_bookings: "끝나지 않은 예약", "Bookings not over";
    base_url: "다른 주소 (연습용 사이트)", "Another address (to practise on)";

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
    invitations: "아직 쓰지 않은 초대", "Invitations that were not used";
    invited_at: "만든 시각", "Made";
    usable_until: "사용 기한", "Can be used until";
    revoke: "초대 취소", "Revoke the invitation";
    leaving_hint: "회원을 삭제하면 그 회원은 바로 로그아웃되고 다시 들어올 수 없습니다. 저장해 둔 예약과 계정을 어떻게 할지 고르세요.", "A member who is removed is signed out at once and cannot come in again. Choose what becomes of the stored bookings and accounts.";
    hand_over: "내가 넘겨받기", "Hand over to me";
    cancel_all: "모두 취소", "Cancel all";
    remove_data: "계정과 신청 정보를 삭제 (끝난 예약의 기록도 함께 삭제됩니다)", "Remove the accounts and the applicants' data (with the stories of finished bookings)";
    remove_member: "회원 삭제", "Remove the member";
    keep_member: "삭제하지 않고 돌아가기", "Back, without removing anybody";
    accounts_left: "끝나지 않은 예약이 있어 삭제하지 못하고 넘겨받은 계정:", "Handed over to you, because bookings of them are not over:";
    audit: "누가 무엇을 했는지", "Who did what";
    who: "누가", "Who";
    what: "무엇을", "What";

    timeline: "신청 과정", "Timeline";
    all_requests: "모든 요청", "All requests";
    prepares: "준비 시작", "Preparation begins";
    its_log: "이 예약의 기록 전체", "The whole log of this booking";
    kept_pages: "알아보지 못한 화면", "Pages that were not understood";
    kept_pages_hint: "사이트가 보낸 화면 가운데 이 프로그램이 모르는 것입니다. 글자로만 보여 주고 실행하지 않습니다.", "What the site sent and this program does not know. It is shown as text only, and never run.";
    page_of_attempt: "시도", "Attempt";
    bytes: "바이트", "bytes";
    look_at_page: "글자로 보기", "Look at it as text";
    scrubbed_copy: "개인정보를 지운 사본 저장", "Save a copy without personal data";
    scrubbed_hint: "사본에서는 아이디, 비밀번호, 이름, 전화번호, 메모, 접수번호를 찾아 지웁니다. 남에게 주기 전에 한 번 읽어 보세요.", "Login names, passwords, names, telephone numbers, notes and receipt numbers are looked for and taken out of the copy. Read it before you hand it on.";
    page_cut: "앞부분만 보입니다.", "Only its beginning is shown.";
    no_key: "저장소의 열쇠로 열 수 없습니다.", "The key of the store does not open it.";

    channels: "알림", "Channels";
    channel_test: "시험 알림 보내기", "Send a test message";
    channel_arrived: "알림 서버가 받았습니다.", "The channel's server took the message.";
    channel_failed: "알림을 보내지 못했습니다.", "The message was not taken.";
    channel_ready: "준비됨", "ready";
    no_channel: "알림 통로가 없습니다.", "There is no channel.";
    channel_hint: "통로를 더하거나 무엇을 알릴지 바꾸려면 설정 파일의 [[notify]] 표를 고치고 다시 시작하세요. 표에서 on 이 알릴 내용이고, 빈 목록이면 아무것도 알리지 않습니다. 예시는 rent-runner settings example 로 볼 수 있습니다.", "To add a channel, or to change what it is told, edit the [[notify]] tables of the settings file and start again: `on` lists what is told, and an empty list mutes it. `rent-runner settings example` prints one.";
    channel_gets: "알리는 내용", "Is told of";
    settings_file: "설정 파일", "Settings file";
    no_settings_file: "없음 (모두 기본값이거나 환경 변수)", "none: all defaults or variables";

    site_clocks: "사이트 시계", "Clocks of the sites";
    learned_at: "알아낸 때", "Learnt";

    first_steps: "처음 시작하기", "First steps";
    step_password: "비밀번호 정하기", "Set a password";
    step_language: "언어 고르기 (오른쪽 위 단추)", "Choose the language (button at the top)";
    step_account: "도시와 사이트 계정 등록", "Add your city and your account there";
    step_applicant: "신청 정보 등록", "Add an applicant's data";
    step_booking: "첫 예약", "First booking";
    step_done: "마침", "done";
    step_next: "다음", "next";
    skip_steps: "건너뛰기", "Skip";

    practice: "연습", "Practice";
    practice_start: "연습해 보기", "Try it";
    practice_hint: "이 컴퓨터 안의 가짜 사이트에서 예약 한 번을 처음부터 끝까지 보여 줍니다. 계정이 필요 없고, 1분이 걸리지 않으며, 진짜 사이트에는 아무것도 보내지 않습니다.", "Shows one whole booking on a stand-in site inside this computer. It needs no account, takes less than a minute, and sends nothing to the real site.";
    practice_marked: "연습입니다. 가짜 사이트, 가짜 계정, 가짜 예약이며 저장소에 남지 않습니다. 10분 뒤에 저절로 없어집니다.", "This is practice: the site, the account and the booking are made up, and nothing of it is kept in the store. It goes away by itself after ten minutes.";
    practice_none: "진행 중인 연습이 없습니다.", "No practice is under way.";
    practice_end: "연습 지우기", "Remove the practice";
    practice_again: "다시 연습하기", "Practise again";
    practice_full: "지금은 연습이 너무 많습니다. 조금 뒤에 다시 해 보세요.", "Too many practices are under way. Try again a little later.";

    plan_step_court: "1단계: 코트 고르기", "Step 1: the court";
    plan_step_day: "2단계: 날짜 고르기", "Step 2: the day";
    plan_step_time: "3단계: 회차 고르기", "Step 3: the rounds";
    plan_step_order: "4단계: 지망 순서와 신청 내용", "Step 4: the order, and the rest";
    plan_search: "코트 찾기", "Find a court";
    plan_search_hint: "이름의 일부나 코드를 쓰세요. 예: 체육공원2호, NYJ06/07/103. 그룹의 아무 코트나 원하면 체육공원2호/* 라고 쓰고 '이대로 고르기'를 누르세요.", "A part of the name, or a code, as in 체육공원2호 or NYJ06/07/103. For any court of a group write 체육공원2호/* and press \"Take it as it is\".";
    plan_find: "찾기", "Find";
    plan_use: "이대로 고르기", "Take it as it is";
    plan_top: "즐겨찾기와 최근에 쓴 코트", "Marked, and used last";
    plan_all_courts: "모든 코트", "All courts";
    plan_any_court: "아무 코트나", "any court";
    plan_star: "즐겨찾기에 추가", "Mark";
    plan_unstar: "즐겨찾기에서 빼기", "Take the mark away";
    plan_human_check: "사람 확인이 나오는 코트", "asks for a human check";
    plan_no_court: "찾은 코트가 없습니다. 코드를 알면 위에 쓰고 '이대로 고르기'를 누르세요.", "No court was found. If you know its code, write it above and take it as it is.";
    plan_menus_read: "사이트 메뉴를 읽은 날", "The site's menus were read on";
    plan_menus_unread: "아직 사이트의 메뉴를 읽지 않아 일부 코트만 보입니다.", "The site's menus were not read yet: only some courts are shown.";
    plan_read_menus: "사이트 메뉴 읽기", "Read the site's menus";
    plan_read_menus_hint: "한 번에 한 화면씩 천천히 읽어 1분쯤 걸릴 수 있습니다.", "It reads one page at a time, and may take a minute.";
    plan_other_account: "이 계정으로", "Use this account";
    plan_other_court: "다른 코트 고르기", "Choose another court";
    plan_other_day: "다른 날짜 고르기", "Choose another day";
    plan_previous: "이전 달", "Month before";
    plan_next: "다음 달", "Next month";
    plan_day_over: "지난 날짜입니다", "over";
    plan_own: "내 예약 있음", "a booking of yours";
    plan_full: "빈 회차 없음", "nothing free";
    plan_full_short: "마감", "full";
    plan_later_short: "예정", "later";
    plan_not_shown: "사이트에 표시 없음", "not shown by the site";
    plan_not_looked: "아직 확인하지 않음", "not looked at yet";
    plan_legend: "숫자는 빈 회차 수, '마감'은 빈 회차 없음, '예정'은 아직 접수 전, ★은 내 예약이 있는 날입니다.", "The number says how many rounds are free; full: none is; later: it has not opened yet; ★: a booking of yours.";
    plan_opens_by_rule: "이 달의 접수 시작 (도시의 규칙)", "This month opens (by the city's rule)";
    plan_no_rule: "이 코트의 접수 시작 규칙을 모릅니다. 공고된 시각을 나중에 입력하세요.", "No opening rule is known for this court: you will give the announced instant.";
    plan_looked_at: "사이트를 본 시각", "The site was looked at";
    plan_never_looked: "이 달은 아직 사이트에서 확인하지 않았습니다.", "Nobody has looked at this month on the site yet.";
    plan_look: "지금 사이트에서 확인", "Look at the site now";
    plan_look_hint: "로그인 없이 한 번만 읽습니다. 1분 안에 다시 읽지 않습니다.", "One page is read, without a login, and not again within a minute.";
    too_many_looks: "사이트를 너무 자주 확인했습니다. 잠시 뒤에 다시 해 보세요.", "The site was looked at too often. Wait a little, then try again.";
    plan_type_date: "날짜 직접 입력", "Type the date";
    plan_go_on: "다음", "Next";
    plan_rounds: "회차", "Rounds";
    plan_rounds_hint: "이어진 회차를 함께 고르면 한 번에 예약합니다. 떨어진 회차는 다음 지망이 됩니다.", "Adjacent rounds are booked as one. Others become further choices.";
    plan_no_rounds: "이 코트의 회차를 아직 모릅니다. 사이트에서 확인하거나 시간을 직접 입력하세요.", "The rounds of this court are not known yet: look at the site, or type the time.";
    plan_type_time: "시간 직접 입력", "Type the time";
    plan_no_time: "회차를 고르거나 시간을 입력하세요.", "Choose a round, or type a time.";
    plan_take_time: "이 시간으로", "Take this time";
    plan_order_hint: "위에서부터 차례로 신청합니다. 앞의 지망을 놓쳤을 때만 다음 지망을 신청하고, 하나만 예약합니다. 끌어서 옮기거나 버튼으로 순서를 바꾸세요.", "They are tried from the top. A choice is tried only if those before it are lost, and one is booked. Drag them, or use the buttons.";
    plan_up: "위로", "Up";
    plan_down: "아래로", "Down";
    plan_any: "같은 그룹의 아무 코트나 추가", "Add any court of the group";
    plan_other_time: "같은 코트의 다른 시간 추가", "Add another time of this court";
    plan_more: "다른 코트나 날짜 추가", "Add another court or day";
    plan_moved: "순서를 바꾸었습니다", "The order was changed";
    plan_confidence: "확실한 정도", "confidence";
    plan_by_rule: "규칙대로면", "By the rule";
    plan_keep_opening: "저장된 시각 그대로", "As it is stored";
    plan_keep_applicant: "저장된 신청 정보 그대로", "As it is stored";
    plan_events: "비체육 행사로 신청", "Apply for an event that is no sport";
    plan_limits: "이 계정의 한도", "The limits of this account";
    plan_repeat: "여러 날짜에 반복", "Repeat on several days";
    plan_repeat_hint: "같은 시간을 매주 토요일처럼 여러 날짜에 예약합니다. 날짜마다 예약이 하나씩 저장됩니다.", "Book the same on several days, as on every Saturday. Each day becomes a booking of its own.";
    plan_month: "달", "Month";
    plan_weekdays: "요일", "Weekdays";
    plan_fill: "이 요일로 고르기", "Choose these weekdays";
    plan_days: "날짜", "Days";
    plan_days_hint: "예약할 날짜를 고르세요. 하나씩 더하거나 뺄 수 있습니다.", "Choose the days. You can add and remove single ones.";
    plan_preview: "미리 보기", "Preview";
    plan_no_days: "날짜를 1개에서 31개까지 고르세요.", "Choose 1 to 31 days.";
    plan_all_or_none: "고른 날짜를 모두 저장하거나, 하나라도 안 되면 아무것도 저장하지 않습니다.", "All chosen days are stored, or none if one cannot be.";
    plan_store_all: "고른 날짜 모두 저장", "Store all chosen days";
    plan_back: "돌아가기", "Back";
    plan_stale: "보고 계신 사이에 예약이 바뀌었습니다. 바뀐 내용을 다시 열어 고치세요.", "it was changed meanwhile. Open it again, and change what is there now.";
    plan_open_again: "바뀐 내용 다시 열기", "Open it again";
    edit_booking: "예약 고치기", "Change the booking";

    list_person: "확인해 주세요", "Look at these";
    list_filter: "예약 거르기", "Filter";
    list_all: "모두", "all";
    list_state: "상태", "State";
    list_text: "메모, 코트, 날짜, 번호", "Note, court, date or number";
    list_apply: "거르기", "Apply";
    list_reset: "모두 보기", "Show all";
    list_none: "조건에 맞는 예약이 없습니다.", "No booking fits.";
    list_further: "다음 예약 보기", "Further bookings";
    clock_site: "사이트 시계 기준, 오차", "by the site's clock, give or take";
    clock_own: "이 컴퓨터의 시계 기준", "by this computer's clock";

    applicant_change: "신청 정보 고치기", "Change an applicant's data";
    applicant_add: "신청 정보 추가", "Add an applicant's data";
    discount: "할인 코드 (선택)", "Discount code (optional)";
    remove_sure: "삭제하면 되돌릴 수 없습니다.", "This cannot be undone.";
    account_change: "계정 고치기", "Change the account";
    keep_password: "비워 두면 지금 비밀번호를 그대로 씁니다.", "Left empty, the password stays.";

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

    /// How sure a rule of the dialects is, by its mark.
    pub(super) fn of_confidence(&self, mark: &str) -> &'static str {
        match mark {
            "?" => self.pick("짐작", "a guess"),
            "I" => self.pick("약한 추정", "weakly inferred"),
            "I+" => self.pick("추정", "inferred"),
            "S1" => self.pick("한 번 확인됨", "seen once"),
            _ => self.pick("확인됨", "seen"),
        }
    }

    /// A slot as the site shows it.
    pub(super) fn of_slot(&self, state: SlotState) -> &'static str {
        match state {
            SlotState::Free => self.pick("예약 가능", "free"),
            SlotState::Booked => self.pick("예약 완료", "booked"),
            SlotState::Closed => self.pick("마감", "closed"),
            SlotState::Unavailable => self.pick("예약 불가", "unavailable"),
            SlotState::Lottery => self.pick("추첨", "by lot"),
            _ => self.pick("표시 없음", "not shown"),
        }
    }

    /// How many rounds of a day are free, in a cell of the calendar.
    pub(super) fn free_short(&self, many: usize) -> String {
        if self.tag == "ko" { format!("빈 {many}") } else { format!("{many} free") }
    }

    /// The same for who hears it.
    pub(super) fn free_long(&self, many: usize) -> String {
        if self.tag == "ko" { format!("빈 회차 {many}개") } else { format!("{many} free") }
    }

    /// When a day opens.
    pub(super) fn opens_at(&self, at: SeoulTime) -> String {
        if self.tag == "ko" { format!("{at} 접수 시작") } else { format!("opens at {at}") }
    }

    /// How full a day of an account is.
    pub(super) fn plan_limit(&self, day: &str, many: usize, most: usize) -> String {
        if self.tag == "ko" {
            format!("{day}: 이 계정의 예약 {many}건 (하루 최대 {most}건)")
        } else {
            format!("{day}: {many} of at most {most} bookings of this account")
        }
    }

    /// How many others of an account wait for the same opening.
    pub(super) fn plan_same_opening(&self, many: usize) -> String {
        if self.tag == "ko" {
            format!(
                "같은 때에 접수가 시작되는 이 계정의 다른 예약 {many}건: 로그인 하나로 차례로 신청합니다."
            )
        } else {
            format!("{many} more of this account's bookings wait for the same opening and share its login.")
        }
    }

    /// A month: `2026년 12월`.
    pub(super) fn month(&self, month: Month) -> String {
        if self.tag == "ko" { format!("{}년 {}월", month.year(), month.month()) } else { month.to_string() }
    }
}
