
# Days and numbers
day = { $month }월 { $day }일({ $weekday })
day-and-time = { $day } { $from }~{ $to }

# Events
event-alarm = 경고, 아직 준비되지 않았습니다: { $text }
event-foreseen = 경고, 미리 알아낸 점: { $text }
event-logged-in = 로그인했습니다
event-learned = 회차 번호를 알아냈습니다. 이미 열린 { $from }의 목록에서 읽었습니다
event-remembered = 열린 날이 없어 저장해 둔 회차 번호를 씁니다
event-restored = 저장해 둔 로그인이 살아 있어 다시 로그인하지 않습니다
event-clock-read = { $clock } ({ $probes })
event-waiting = 접수 시작을 기다립니다: { $until }
event-armed = 준비를 마쳤습니다. 첫 요청은 { $step }입니다
event-fired = 첫 요청을 계획보다 { $late } 뒤에 보냈습니다
event-attempt = { $number }번째 시도
event-visited = { $step }: { $took } 만에 답이 왔습니다
event-submitting = 신청: 신청서를 보냅니다
event-answered = { $step }: { $text }
event-resting = { $wait } 쉽니다
event-read-back = 다시 확인: 목록에 이 시간이 { RO($state) } 나옵니다
event-read-back-failed = 다시 확인: 목록을 읽지 못했습니다
event-next-wish = 그 시간은 놓쳤습니다. { $number }지망을 신청합니다
event-at-the-instant = { $event } (정각에)
event-arrival = 접수 시작 { $distance } ms { $side }에 닿습니다 ({ $earliest }~{ $latest } ms)
side-before = 전
side-after = 뒤

# The site's clock
clock-ahead = 사이트의 시계가 이 컴퓨터보다 { $size } 빠릅니다 (± { $error })
clock-behind = 사이트의 시계가 이 컴퓨터보다 { $size } 느립니다 (± { $error })
clock-cached-ahead = 사이트가 날짜를 캐시에서 내보냅니다. 사이트의 시계는 이 컴퓨터보다 적어도 { $size } 빠릅니다
clock-cached-behind = 사이트가 날짜를 캐시에서 내보냅니다. 사이트의 시계는 이 컴퓨터보다 많아야 { $size } 느립니다
clock-probes = { $probes }, 왕복 { $path }

# How it ended
opened-between = 사이트의 시계로 { $after }에서 { $before } 사이에 접수가 열렸습니다
opened-later = 사이트의 시계로 { $after }에는 아직 접수가 열리지 않았습니다
report-choice = { $number }지망: { $report }
report = { $verdict } ({ $attempts }, { $requests }, { $took })
report-after-opening = { $verdict } ({ $attempts }, { $requests }, 그중 접수 시작 뒤 { $after }회, { $took })
interrupted-unanswered = 중단했습니다. { $verdict } ({ $requests })
interrupted = 중단했습니다. 보낸 신청이 없고, 예약된 것도 없습니다 ({ $requests })

# Units
millis = { $number } ms
seconds = { $number }초

# Counts
count-request = 요청 { $number }회
count-attempt = 시도 { $number }회
count-probe = 측정 { $number }회
count-rival = 경쟁자 { $number }명
count-second = { $number }초
count-court = 코트 { $number }곳
count-time = 시간대 { $number }개
count-page = 문서 { $number }쪽
count-booking = 예약 { $number }건
count-note = 알림 { $number }개
count-day = { $number }일
count-account = 계정 { $number }개
count-applicant = 신청 정보 { $number }개
count-row = { $number }행
count-choice = { $number }지망
count-try = { $number }번 시도
countdown-clock-given = 시계 차이 { $offset } (직접 입력)
countdown-clock-given-short = 시계 { $offset }
countdown-clock-cached = 시계는 캐시된 날짜로
countdown-clock-cached-short = 시계 캐시
countdown-clock = 시계 차이 { $ahead } ± { $bar }
countdown-clock-short = 시계 { $ahead } ± { $bar }
countdown-clock-unread = 시계를 아직 재지 않음
countdown-clock-unread-short = 시계 모름
countdown-not-logged-in = 아직 로그인 안 됨
countdown-logged-in = 로그인됨
countdown-alarm = 경고, 위를 보세요
countdown-whole = 접수 시작까지 { $left }  |  { $clock }  |  { $session }  |  요청 { $used }/{ $all }
countdown-shorter = 접수까지 { $left } | { $session } | { $shortly } | 요청 { $used }/{ $all }
countdown-short = 접수까지 { $left } | { $session } | { $shortly }
countdown-shortest = 접수까지 { $left } | { $session }
journal-holds-up = { $why }. 기록할 수 있을 때까지 신청을 보내지 않습니다
journal-again = 기록 파일에 다시 쓸 수 있습니다
reserved-reading-back = 이미 예약되었습니다. 다시 확인한 뒤 끝냅니다
countdown-days = { $days }일 { $time }
count-minute = { $number }분
count-hour = { $number }시간
