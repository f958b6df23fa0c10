# 도움말. 명령마다 help-<명령>, 자세한 설명은 help-<명령>-long, 인자는 arg-<명령>-<이름> 또는 arg-<이름>.
# 영어 도움말은 src/cli/의 설명이다.
help-heading-commands = 명령
help-heading-arguments = 인자
help-heading-options = 옵션
help-heading-global = 공통 옵션
help-heading-application = 신청서
help-heading-opening = 접수 시작
help-heading-journal = 기록 파일
help-heading-pace = 간격
help-heading-page = 페이지
help-heading-usage = 사용법
help-see-more = `--help`를 쓰면 예와 자세한 설명을 봅니다.
help-examples = 예:
help-exit-codes =
    종료 코드:
      0    예약됨 (book, demo), 다른 명령은 마침
      1    뜻밖의 실패, 또는 doctor가 본 것 가운데 실패가 있음
      2    입력이 잘못됨: 아무것도 보내지 않음
      3    놓침: 다른 사람이 먼저 예약함
      4    거절됨: 계정, 신청 내용, 한도 때문. 다시 해도 같음
      5    차단됨: 사이트가 접속을 막음
      6    사람이 필요함: 자동입력방지 문자, 접속 대기, 옮겨 간 사이트
      7    확인 필요: 신청을 보냈지만 결과를 알 수 없음
      8    네트워크: 사이트에 닿지 못했거나 시험 알림이 가지 않음
      9    그만둠: 끝까지 열리지 않았거나 붐볐거나 분명한 답이 없음
      10   예약 저장소나 그 키를 쓸 수 없음
      11   목록에 이미 우리 이름으로 예약되어 있음. 다른 지망은 신청하지 않음
      130  중단됨. 보낸 신청 없음
help-top-examples =
    예:
      사이트 없이 이 컴퓨터에서 예약 하나를 처음부터 끝까지 보기:
        rent-runner demo

      코트 하나를 두고 스무 명과 겨루기, 시계가 틀린 사이트:
        rent-runner demo --rivals 20 --latency 40ms
        rent-runner demo --skew -1.5s

      연습용 사이트를 켜고, 다른 터미널에서 예약하기:
        rent-runner site --opens-in 30s
        echo invented-1 | rent-runner book --base-url http://127.0.0.1:8099 \
            --account tester1 --password-stdin \
            --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \
            --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동

      접수 시작에 맞춰 예약하기. 둘째 지망까지, 프로그램이 죽어도 안전하게:
        rent-runner book … --opens-at '2026-11-26 10:00:00' --journal court.jsonl \
            --or 'NYJ06/07/103 2026-12-05 08:00-10:00'

      예약을 저장해 두기. 계정과 신청자 정보는 한 번만 입력합니다:
        rent-runner account add me --login tester1
        rent-runner applicant set club --club-name 가나다클럽 --head-count 4 \
            --event-name 테니스 --purpose 운동
        rent-runner add --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00
        rent-runner serve

      하루의 빈 시간을 표로, 한 달을 프로그램용으로:
        rent-runner slots --place NYJ06/07/103 --date 2026-12-05 --free
        rent-runner slots --place NYJ06/07/103 --month 2026-12 --json

    환경 변수:
      RENT_CONFIG       --config 대신, 설정 파일
      RENT_DATABASE, RENT_KEY_FILE, RENT_SITE, RENT_BASE_URL, RENT_TLS,
      RENT_EXTRA_CA, RENT_USER_AGENT, RENT_ROUTES, RENT_ON_BLOCK, RENT_RUNNER,
      RENT_MOST_AT_ONCE, RENT_LISTEN, RENT_LANGUAGE, RENT_LOG_FORMAT
                        같은 이름의 옵션 대신. `rent-runner settings example` 참고
      RENT_KEY          비밀번호를 잠그는 키: base64로 된 32바이트
      RENT_KEY_COMMAND  그 키를 내보내는 명령
      RENT_ACCOUNT      `book`의 --account 대신
      RENT_PASSWORD     비밀번호. --password-stdin이나 물음 대신
      RENT_PASSPHRASE   백업에 든 키의 암호문. 쓰는 법은 같음
      RUST_LOG          -v 대신, 로그의 거르개
      NO_COLOR          색을 쓰지 않음

    결과는 표준 출력으로, 나머지는 표준 오류로 나갑니다. 날짜와 시각은 모두 한국 시간(Asia/Seoul)입니다.
help = 남양주시와 자매 도시의 공공 체육시설을 예약합니다.
help-long = 본인 계정으로, 희망 하나에 신청 하나를 보냅니다. 요청은 적게, 정해진 간격으로 보냅니다. 자동입력방지 문자는 사람에게 넘기고 스스로 풀지 않으며, 사이트가 막으면 멈춥니다. 사이트의 이용 약관을 지키세요.
help-help = 이 도움말이나 명령의 도움말을 보여 줍니다.
help-demo = 이 컴퓨터의 연습용 사이트에서 예약 하나를 보여 줍니다.
help-site = 이 컴퓨터에 연습용 사이트를 켭니다.
help-clock = 사이트의 시계를 잽니다.
help-book = 코트를 예약합니다. 지금, 또는 접수 시작에 맞춰.
help-slots = 코트의 시간과 예약 상태를 보여 줍니다.
help-places = 도시의 코트를 코드와 함께 보여 줍니다.
help-sites = 들어 있는 도시를 보여 줍니다.
help-account = 사이트의 계정을 저장하고 확인합니다.
help-account-add = 사이트의 계정을 등록합니다. 비밀번호는 암호화해 저장합니다.
help-account-list = 계정을 보여 줍니다.
help-account-check = 사이트에 한 번 로그인해 보고, 다음 예약을 위해 로그인을 보관합니다.
help-account-remove = 계정을 삭제합니다. 끝난 예약도 함께 지웁니다.
help-account-password = 사이트에서 비밀번호를 바꾼 뒤, 저장된 비밀번호를 바꿉니다.
help-account-rekey = 키를 바꾸고 모든 비밀을 새 키로 다시 잠급니다.
help-applicant = 신청서에 적는 내용을 저장합니다.
help-applicant-set = 신청자 정보를 저장하거나 일부를 바꿉니다.
help-applicant-list = 신청자 정보를 보여 줍니다. 이름과 전화번호는 가립니다.
help-applicant-show = 신청자 정보를 이름과 전화번호까지 보여 줍니다.
help-applicant-remove = 신청자 정보를 삭제합니다. 예약은 자기 사본을 씁니다.
help-add = 예약을 저장합니다. 접수가 시작되면 실행기가 신청합니다.
help-list = 저장된 예약을 보여 줍니다.
help-status = 예약, 실행기, 보내지 못한 알림, 열린 시각을 한눈에 봅니다.
help-show = 예약 하나를 진행 기록과 함께 보여 줍니다.
help-edit = 대기 중인 예약을 바꿉니다. 주지 않은 것은 그대로입니다.
help-cancel = 끝나지 않은 예약을 취소합니다.
help-retry = 성공하지 못한 예약을 다시 대기시킵니다.
help-import = 파일에 적힌 예약 여러 건을 저장합니다. 모두 되거나 모두 안 됩니다.
help-export = 예약을 `import`가 읽는 파일로 내보냅니다.
help-backup = 저장소 전체를 파일 하나에 씁니다.
help-restore = 백업 파일을 저장소에 넣습니다.
help-calendar = 예약된 시간을 iCalendar 파일로 씁니다.
help-serve = 저장된 예약을 때맞춰 신청하고, 페이지를 보여 줍니다.
help-run-due = 곧 접수가 시작되는 예약을 처리하고 끝납니다. cron에서 씁니다.
help-web = `serve`의 페이지에 사람을 들입니다.
help-web-link = 주인이 들어갈 일회용 주소를 만듭니다.
help-web-owner = 페이지의 주인을 정합니다.
help-settings = 설정과 그 출처를 보여 줍니다.
help-settings-show = 설정마다 값과 출처를 보여 줍니다. 비밀은 가립니다.
help-settings-path = 설정 파일의 경로를 보여 줍니다. 파일이 없어도 됩니다.
help-settings-example = 모든 키가 설명과 함께 적힌 설정 파일을 보여 줍니다.
help-notify = 알림 채널을 보고 시험합니다.
help-notify-add = 토큰을 저장소에 두는 채널을 추가합니다.
help-notify-add-kakao = 카카오톡 "나에게 보내기"를 추가합니다. 알림이 내 채팅방으로 옵니다.
help-notify-add-kakao-long = developers.kakao.com에서 앱을 한 번 만들고, 카카오 로그인을 켜고, 이 명령이 보여 주는 리다이렉트 URI를 등록하고, 동의항목 "카카오톡 메시지 전송"(talk_message)을 켜세요. 링크가 나오면 열어서 동의하고, 브라우저가 이동한 주소를 붙여 넣으세요. 그 페이지는 열리지 않아도 됩니다. 토큰은 저장소에 봉인되고 실행기가 갱신합니다.
arg-notify-add-kakao-rest_api_key = 내 앱의 REST API 키.
arg-notify-add-kakao-client_secret = 앱에 클라이언트 시크릿이 있습니다. RENT_KAKAO_SECRET에서 읽거나 물어봅니다.
arg-notify-add-kakao-name = 채널의 이름. 있는 이름이면 동의를 새로 받습니다.
arg-notify-add-kakao-on = 받을 알림의 종류. 기본은 모두.
arg-notify-add-kakao-link = 알림의 버튼이 여는 주소. 기본은 사이트. 그 도메인도 앱에 등록하세요.
arg-notify-add-kakao-redirect = 앱에 등록한 리다이렉트 URI.
arg-notify-add-kakao-print_link = 링크만 보여 주고 아무것도 묻지 않습니다.
arg-notify-add-kakao-code_stdin = 붙여 넣을 주소나 코드를 표준 입력의 첫 줄에서 읽습니다.
arg-notify-add-kakao-auth_base = 로그인을 보낼 다른 주소. 직접 만든 중계나 시험용.
arg-notify-add-kakao-api_base = 알림을 보낼 다른 주소.
help-notify-remove = notify add로 추가한 채널을 삭제하고 토큰을 지웁니다.
arg-notify-remove-name = 채널의 이름.
help-notify-list = 채널과, 비밀을 읽을 수 있는지를 보여 줍니다. 보내지는 않습니다.
help-notify-test = 시험 알림을 한 번 보내고, 채널마다 닿았는지 알려 줍니다.
help-doctor = 예약에 필요한 것이 갖추어졌는지 살펴봅니다.
help-completions = 셸의 자동 완성 스크립트를 보여 줍니다.
help-man = 모든 명령의 매뉴얼을 폴더에 씁니다.
help-schema = `--json`이 내보내는 것의 JSON 스키마를 명령별로 보여 줍니다.
arg-help = 도움말을 보여 줍니다 (`--help`는 자세히).
arg-version = 버전을 보여 줍니다.
arg-subcommand = 도움말을 볼 명령.
arg-config = 설정 파일. 기본은 $XDG_CONFIG_HOME이나 ~/.config의 rent-runner/settings.toml (있으면).
arg-database = 데이터베이스: 경로, 또는 postgres://USER@HOST/NAME. 비밀번호는 설정 파일이나 RENT_DATABASE에 쓰세요. 기본은 $XDG_DATA_HOME이나 ~/.local/share의 rent-runner/rent.db.
arg-key_file = 비밀번호를 잠그는 키의 파일. 기본은 $XDG_CONFIG_HOME이나 ~/.config의 rent-runner/key.
arg-tls = TLS 구현.
arg-extra_ca = 시스템의 인증서 말고 더 믿을 인증서의 PEM 파일.
arg-user_agent = 모든 요청의 User-Agent. 기본은 라이브러리의 이름과 버전.
arg-log_format = 표준 오류의 한 줄을 문장(human)이나 JSON(json)으로. 기본은 human. 단계별 로그(serve, run-due, -v)가 터미널로 나가지 않으면 json.
arg-language = 쓸 언어: `ko`나 `en`. 알림도 이 언어로 보냅니다. 기본은 RENT_LANGUAGE, 설정 파일, 로캘의 차례로 정하고, 모두 없으면 한국어.
arg-quiet = 오류, 경고, 로그만 표준 오류에 씁니다. 결과는 그대로 나옵니다.
arg-verbose = 요청을 표준 오류에 기록합니다. -vv는 더 자세히. 본문, 쿠키, 이름은 기록하지 않습니다.
arg-site = 도시: 들어 있는 이름(`rent-runner sites` 참고)이나 사이트 정의 파일의 경로. 기본은 RENT_SITE, 설정 파일, namyangju.
arg-base_url = 사이트의 다른 주소. 연습용 사이트에서 예약해 볼 때 씁니다. 기본은 RENT_BASE_URL이나 설정 파일.
arg-json = 표나 문장 대신 JSON으로 내보냅니다.
arg-account = 예약할 계정 (`account add`에서 붙인 이름). 하나뿐이면 그것.
arg-book-account = 사이트의 아이디.
arg-list-account = 이 계정의 예약만.
arg-calendar-account = 이 계정의 예약만.
arg-password_stdin = 표준 입력의 첫 줄에서 비밀번호를 읽습니다.
arg-passphrase_stdin = 표준 입력의 첫 줄에서 암호문을 읽습니다.
arg-opens_at = 사이트의 시계로 접수가 시작되는 시각. `2026-11-26 10:00:00`은 한국 시간이고, 시차를 적은 RFC 3339도 됩니다. `auto`는 도시의 규칙에 따른 시각(도시가 확인해 준 것은 아님), `now`는 이미 접수 중이라는 뜻.
arg-site-opens_at = 접수가 시작되는 시각 (한국 시간). 예: `2026-11-26 10:00:00`.
arg-journal = 진행 기록을 JSON 줄로 이 파일에 덧붙입니다. 신청하려는 뜻을 신청보다 먼저 디스크에 적습니다. 나만 읽을 수 있고, 비밀번호, 쿠키, 이름, 전화번호는 들어가지 않습니다.
arg-resume = 이 기록 파일의 예약을 이어 하고 계속 적습니다. 답을 못 받은 신청이 있으면 무엇이든 보내기 전에 목록을 읽습니다.
arg-book-dry_run = 신청서에서 멈추고, 보낼 내용을 이름과 전화번호를 가려 보여 줍니다.
arg-import-dry_run = 모두 살펴보기만 하고 저장하지 않습니다.
arg-place = 코트: `rent-runner places`에 나오는 코드나 이름. 한 코트만 맞으면 이름의 일부도 됩니다. `NYJ06/07/*`이나 그룹 이름과 `/*`는 그 그룹의 아무 코트. 여러 번 쓰면 앞의 것부터 신청합니다.
arg-date = 이용 날짜. 예: 2026-12-05.
arg-time = 이용 시간. 예: 06:00-08:00. 한 회차, 또는 이어진 여러 회차. 여러 번 쓰면 앞의 것부터 신청합니다.
arg-events = 체육이 아니라 비체육(행사) 목록에서 예약합니다.
arg-show-events = 저장된 진행 기록도 보여 줍니다.
arg-edit-events = 비체육(행사) 목록에서 예약할지.
arg-slots-events = 체육 대신 비체육 목록.
arg-or = 다음 지망. 예: `NYJ06/07/103 2026-12-05 08:00-10:00`. 앞의 지망을 놓쳤을 때 신청합니다. 여러 번 쓸 수 있고, 모든 지망 가운데 하나만 예약합니다.
arg-club_name = 신청하는 단체명.
arg-head_count = 사용인원, 1명에서 999명.
arg-event_name = 행사명. 예: 테니스.
arg-purpose = 사용목적. 예: 운동.
arg-tel = 전화번호. 기본은 신청서에 나오는 번호.
arg-mobile = 휴대전화 번호. 기본은 계정의 번호.
arg-applicant_name = 신청인 이름. 기본은 계정의 주인.
arg-discount = 할인 코드. 신청서에 있는 것은 `book --dry-run`으로 볼 수 있습니다.
arg-lead = 첫 요청을 계획보다 이만큼 먼저 보냅니다. 예: 5ms. 접수 시작 전에 닿은 요청은 거절되고, 다음은 0.5초 뒤입니다. 기본은 0.
arg-clock_offset = 사이트의 시계를 재지 않고 이 컴퓨터보다 이만큼 빠르다고 봅니다. 예: 0ms, +120ms, -1.5s.
arg-give_up_after = 접수 시작부터 이만큼 지나면 그만둡니다. --opens-at이 없으면 시작할 때부터. 기본은 5m.
arg-policy = 시도 사이의 간격: default나 original. 기본은 default.
arg-most_requests = 접수 시작 뒤에 보낼 요청의 최대 횟수. 모자라면 시도 사이가 벌어집니다.
arg-applicant = 이 이름으로 저장된 신청자 정보를 씁니다. 다른 옵션이 그 항목을 덮어씁니다. 하나뿐이면 그것.
arg-note = 나만 보는 메모. `list`와 `show`에 나오고, 사이트로는 보내지 않습니다.
arg-clear = 없애거나 기본값으로 되돌릴 것. 여러 번 쓸 수 있습니다.
arg-id = 예약 번호.
arg-ids = 예약 번호.
arg-personal = 신청인의 이름과 전화번호도 보여 줍니다. 키가 필요합니다.
arg-page = 이 시도가 받은 화면을 그대로 내보냅니다 (보관되어 있으면). 이름이 들어 있을 수 있습니다.
arg-round = --page의 차수. 기본은 그런 시도가 있는 마지막 차수.
arg-state = 이 상태의 예약만 (정확한 영어 낱말). 여러 번 쓸 수 있습니다.
arg-all = 모두 보여 줍니다.
arg-slots-all = 두 목록을 모두, 시간마다 두 줄로.
arg-places-all = 코트가 없는 센터와 그룹도 보여 줍니다.
arg-month = 한 달. 예: 2026-12. 기본은 이번 달.
arg-free = 예약가능한 시간만.
arg-known = 정의 파일에 있는 코트만. 사이트에 묻지 않습니다.
arg-centre = 이 센터만. 예: NYJ06. 요청이 줄어듭니다.
arg-show = 이 도시의 정의 파일을 TOML로 보여 줍니다.
arg-probes = 요청의 최대 횟수, 1에서 12. 더 재어도 나아지지 않으면 먼저 끝납니다.
arg-offline = 사이트에 묻지 않습니다.
arg-at = 페이지의 주소. 브라우저에서 보이는 대로.
arg-doctor-at = 계정의 사이트 말고 더 살펴볼 사이트.
arg-report = 알아낸 것을 문제 신고용 파일에도 씁니다. 개인 정보로 알려진 것은 빼지만, 남에게 주기 전에 읽어 보세요.
arg-booking = 이 예약의 진행 기록과 보관된 화면을 가려서 보고서에 넣습니다.
arg-file = 파일.
arg-import-file = 파일. `-`는 표준 입력.
arg-backup-file = 쓸 파일.
arg-restore-file = `backup`이 쓴 파일.
arg-with_key = 저장소의 키를 10자 이상의 암호문으로 잠가 함께 넣습니다. 암호문은 물어봅니다 (RENT_PASSPHRASE가 없으면).
arg-replace = 비어 있지 않은 저장소에 넣습니다. 안에 있던 것은 모두 없어집니다.
arg-format = 파일의 형식.
arg-with_applicant = 단체명, 이름, 전화번호도 넣습니다. 파일을 남에게 주지 마세요.
arg-output = 표준 출력 대신 이 파일에 씁니다. 통째로 바꾸거나 그대로 둡니다.
arg-name = 부를 이름.
arg-login = 사이트의 아이디.
arg-channel = 이 채널만. 기본은 모두.
arg-kind = 알림의 종류. 채널의 `on`에 없어도 보냅니다.
arg-no_web = 페이지를 열지 않습니다. --listen이 있으면 지표와 상태 확인은 됩니다.
arg-web = 페이지가 들을 주소와 포트.
arg-web_host = 페이지를 부르는 이름. 예: rent.example.org. 여러 번 쓸 수 있습니다. 주소와 `localhost`는 적지 않아도 됩니다.
arg-base_path = 프록시가 페이지를 두는 경로. 예: /rent. 기본은 맨 위.
arg-trusted_proxy = 페이지 앞의 프록시: 주소나 네트워크(10.0.0.0/8). 여러 번 쓸 수 있습니다. 이것이 보낸 X-Forwarded-만 믿습니다.
arg-tls_cert = 이 인증서로 페이지를 TLS로 내보냅니다. PEM 파일. 바뀌면 다시 읽습니다.
arg-tls_key = 인증서의 키. 이 사용자만 읽을 수 있는 PEM 파일.
arg-runner = `status`에 나오는 실행기의 이름. 기본은 RENT_RUNNER나 이 컴퓨터의 이름.
arg-most_at_once = 한 번에 맡을 예약의 최대 건수, 1에서 1000. 기본은 32.
arg-route = 사이트로 가는 경로: `direct`, `local:ADDRESS`, 또는 socks5://127.0.0.1:1080 같은 프록시. 여러 번 쓸 수 있습니다. 프록시의 비밀번호는 설정 파일이나 RENT_ROUTES에 쓰세요.
arg-on_block = 사이트가 막으면: `stop`이나 `next-route`. 기본은 stop.
arg-listen = 지표와 상태 확인을 내보낼 주소. 예: 127.0.0.1:9188.
arg-site-listen = 들을 주소. 포트가 0이면 빈 포트를 고릅니다.
arg-every = 두 번 사이의 시간.
arg-folder = 폴더. 없으면 만들고, 안의 문서는 바꿉니다.
arg-shell = 셸.
arg-dynamic = Tab을 누를 때마다 프로그램에 물어, 예약 번호와 계정, 신청자, 코트의 이름까지 완성합니다. 사이트에는 묻지 않습니다.
arg-opens_in = 접수 시작까지의 시간. 0은 이미 접수 중. 기본은 12s.
arg-site-opens_in = 접수 시작까지의 시간. 기본은 이미 접수 중.
arg-demo-site = 흉내 낼 도시: 들어 있는 이름이나 정의 파일의 경로.
arg-site-site = 흉내 낼 도시: 들어 있는 이름이나 정의 파일의 경로.
arg-taken = 다른 단체가 조금 먼저 예약합니다: 놓침 (3).
arg-expired_session = 접수 시작 직전에 모든 로그인이 풀립니다: 다시 로그인, 예약됨 (0).
arg-human_check = 신청서 앞에 자동입력방지 문자가 나옵니다: 사람이 필요 (6).
arg-waiting_room = 신청서 앞에 접속 대기(NetFUNNEL)가 나옵니다: 사람이 필요 (6).
arg-not_open = 예고된 시각에 열리지 않습니다: 그만둠 (9).
arg-busy = 접수가 시작되면 사이트가 붐빕니다: 그만둠 (9). 시간을 주면 그동안만: 늦게 예약됨 (0).
arg-lose_answer = 신청의 답이 오기 전에 연결이 끊깁니다: 다시 확인, 접수번호 없이 예약됨 (0).
arg-blocked = 사이트가 접속을 막습니다: 차단됨 (5).
arg-rivals = 같은 시간을 노리는 이만큼의 프로그램과 겨룹니다: 예약됨 (0)이나 놓침 (3).
arg-latency = 사이트까지의 왕복 시간.
arg-skew = 사이트의 시계를 이 컴퓨터보다 이만큼 빠르게 합니다. 예: 1500ms, -1.5s.
arg-cached_date = 사이트의 답에 적힌 날짜가 10초마다 바뀌는 캐시에서 나옵니다.
arg-stored = `serve`처럼 저장소와 실행기를 거쳐 예약합니다.
arg-beyond_loopback = 다른 컴퓨터에서 닿는 주소도 허락합니다. 누구나 로그인하고 예약할 수 있습니다.
arg-booked = 처음부터 예약되어 있는 시간의 비율, 0에서 1.
arg-server = 흉내 낼 웹 서버: apache나 nginx.
arg-script_time = 사이트가 화면마다 답하기 전에 걸리는 시간.
arg-keep_alive = 사이트가 쉬는 연결을 닫기까지의 시간. `off`는 답마다 닫음.
help-capture = 브라우저가 기록한 방문을 읽어, 사이트 정의를 확인하고 배웁니다.
help-capture-check = 기록된 방문을 프로그램이 알아보는지 확인합니다.
help-capture-dialect = 기록된 방문에 맞는 사이트 정의 파일을 씁니다.
help-web-token = 페이지의 API를 쓰는 프로그램의 토큰을 다룹니다.
help-web-token-add = 토큰을 만들어 한 번만 보여 줍니다.
help-web-token-list = 모든 사용자의 토큰을 비밀 없이 보여 줍니다.
help-web-token-remove = 토큰을 삭제합니다. 그것을 쓰던 프로그램은 바로 막힙니다.
arg-capture-check-file = HAR 파일. `-`는 표준 입력.
arg-capture-dialect-file = HAR 파일. `-`는 표준 입력.
arg-capture-check-site = 방문과 견줄 도시의 정의.
arg-site_file = 들어 있는 도시 대신 쓸 사이트 정의 파일.
arg-capture-dialect-output = 정의를 이 파일에 쓰고 다른 점을 보여 줍니다. 없으면 정의를 보여 줍니다.
arg-capture-dialect-name = 새 정의의 짧은 이름. 기본은 가장 가까운 것의 이름.
arg-unproven = 시험을 통과하지 못해도 씁니다. 손으로 고칠 때.
arg-scope = 토큰으로 할 수 있는 일: read, book, admin. 여러 번 쓸 수 있습니다.
arg-user = 토큰의 주인인 페이지 사용자. 기본은 페이지의 주인.
arg-days = 며칠 동안 쓸 수 있는지, 1에서 3650. 기본은 삭제할 때까지.
arg-web-token-remove-id = `web token list`에 나오는 토큰 번호.
arg-timeline = 언제 무엇을 요청했고 네트워크와 사이트가 얼마나 걸렸는지 그립니다: 그림(.svg), 페이지(.html), 또는 `-`로 글.
arg-har = 요청과 그 시각을 다른 도구가 읽는 HAR 파일로 씁니다. `-`는 표준 출력. 보내고 받은 내용은 들어 있지 않습니다.
