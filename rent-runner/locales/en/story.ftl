
# Days and numbers
day = { $weekday } { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
day-and-time = { $day } { $from }-{ $to }

# Events
event-alarm = ALARM, not ready yet: { $text }
event-foreseen = ALARM, foreseen: { $text }
event-logged-in = logged in
event-learned = the numbers of the slots are known: learned from { $from }, which is open
event-remembered = no open day shows the numbers of the slots: the stored ones are used
event-restored = the saved session still works, no login is needed
event-clock-read = { $clock } ({ $probes })
event-waiting = waiting for the opening at { $until }
event-armed = armed: the first request will be the { $step }
event-fired = the first request was sent { $late } after its planned instant
event-attempt = attempt { $number }
event-visited = { $step }: answered in { $took }
event-submitting = submission: sending the application
event-answered = { $step }: { $text }
event-resting = resting { $wait }
event-read-back = read back: the day list shows the time as { $state }
event-read-back-failed = read back: the day list could not be read
event-next-wish = that time is lost; trying choice { $number }
event-at-the-instant = { $event } at the instant
event-arrival = it arrives { $distance } ms { $side } the opening ({ $earliest } to { $latest } ms)
side-before = before
side-after = after

# The site's clock
clock-ahead = the site's clock is { $size } ahead of this machine's, ± { $error }
clock-behind = the site's clock is { $size } behind this machine's, ± { $error }
clock-cached-ahead = the site's dates come from a cache: its clock is at least { $size } ahead of this machine's
clock-cached-behind = the site's dates come from a cache: its clock is at most { $size } behind this machine's
clock-probes = { $probes }, { $path } there and back

# How it ended
opened-between = by the site's clock the day opened between { $after } and { $before }
opened-later = by the site's clock the day was not open at { $after }
report-choice = choice { $number }: { $report }
report = { $verdict } ({ $attempts }, { $requests }, { $took })
report-after-opening = { $verdict } ({ $attempts }, { $requests }, { $after } of them after the opening, { $took })
interrupted-unanswered = interrupted, { $verdict } ({ $requests })
interrupted = interrupted: no application is under way, nothing was reserved ({ $requests })

# Units
millis = { $number } ms
seconds = { $number }s

# Counts
count-request = { $number ->
    [one] { $number } request
   *[other] { $number } requests
}
count-attempt = { $number ->
    [one] { $number } attempt
   *[other] { $number } attempts
}
count-probe = { $number ->
    [one] { $number } probe
   *[other] { $number } probes
}
count-rival = { $number ->
    [one] { $number } rival
   *[other] { $number } rivals
}
count-second = { $number ->
    [one] { $number } second
   *[other] { $number } seconds
}
count-court = { $number ->
    [one] { $number } court
   *[other] { $number } courts
}
count-time = { $number ->
    [one] { $number } time
   *[other] { $number } times
}
count-page = { $number ->
    [one] { $number } page
   *[other] { $number } pages
}
count-booking = { $number ->
    [one] { $number } booking
   *[other] { $number } bookings
}
count-note = { $number ->
    [one] { $number } note
   *[other] { $number } notes
}
count-day = { $number ->
    [one] { $number } day
   *[other] { $number } days
}
count-account = { $number ->
    [one] { $number } account
   *[other] { $number } accounts
}
count-applicant = { $number ->
    [one] { $number } applicant
   *[other] { $number } applicants
}
count-row = { $number ->
    [one] { $number } row
   *[other] { $number } rows
}
count-choice = { $number ->
    [one] { $number } choice
   *[other] { $number } choices
}
count-try = { $number ->
    [one] { $number } try
   *[other] { $number } tries
}
countdown-clock-given = site clock { $offset } as given
countdown-clock-given-short = clock { $offset }
countdown-clock-cached = site clock behind a cache
countdown-clock-cached-short = clock cached
countdown-clock = site clock { $ahead } ± { $bar }
countdown-clock-short = clock { $ahead } ± { $bar }
countdown-clock-unread = site clock not read yet
countdown-clock-unread-short = clock unknown
countdown-not-logged-in = not logged in yet
countdown-logged-in = logged in
countdown-alarm = ALARM, see above
countdown-whole = opens in { $left }  |  { $clock }  |  { $session }  |  { $used } of { $all } requests
countdown-shorter = opens in { $left } | { $session } | { $shortly } | { $used }/{ $all } requests
countdown-short = opens in { $left } | { $session } | { $shortly }
countdown-shortest = opens in { $left } | { $session }
journal-holds-up = { $why }: no application is sent before it can be
journal-again = the journal can be written again
reserved-reading-back = reserved already: reading it back, then ending
countdown-days = { $days } d { $time }
count-minute = { $number ->
    [one] { $number } minute
   *[other] { $number } minutes
}
count-hour = { $number ->
    [one] { $number } hour
   *[other] { $number } hours
}
