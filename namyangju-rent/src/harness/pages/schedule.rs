//! The schedule page: month calendar (view 1) and day list (view 2) (protocol.md 5.1 and 5.2).

use std::fmt::Write as _;

use super::escaped;
use super::frame::View;
use crate::value::date::RentDate;
use crate::value::place::Place;
use crate::value::slot::{Purpose, SlotState, TimeRange};

/// One slot as the day list shows it.
pub(crate) struct SlotLine {
    pub(crate) range: TimeRange,
    pub(crate) state: SlotState,
    pub(crate) event: String,
    pub(crate) group: String,
}

/// One month of a place.
pub(crate) struct MonthPageParts<'a> {
    pub(crate) place: &'a Place,
    pub(crate) days: Vec<(RentDate, Vec<SlotLine>)>,
    pub(crate) suffixes: bool,
}

impl MonthPageParts<'_> {
    fn first_free(&self) -> Option<RentDate> {
        let free = |slots: &[SlotLine]| slots.iter().any(|slot| slot.state == SlotState::Free);
        self.days.iter().find(|(_, slots)| free(slots)).map(|(date, _)| *date)
    }

    fn around(&self, view: &View<'_>, number: &str, inner: &str) -> String {
        let mut content = view.menus(self.place, number);
        content.push_str(&view.month_bar(self.place, number, self.first_free()));
        content.push_str(inner);
        view.page("대관현황", &content)
    }
}

/// The alt text that the dialect has for a state.
fn alt_of<'a>(view: &'a View<'_>, state: SlotState) -> Option<&'a str> {
    view.site.dialect.slot_states.iter().find(|(_, s)| **s == state).map(|(alt, _)| alt.as_str())
}

/// A status image, in a link if the slot can be applied for.
fn status(view: &View<'_>, state: SlotState, link: Option<&str>) -> String {
    let Some(alt) = alt_of(view, state) else { return String::new() };
    let file = if state == SlotState::Free { "able" } else { "disable" };
    let image = format!(
        "<img src=\"{}\" alt=\"{}\" />",
        escaped(&view.file(&format!("/images/rent/{file}.gif"))),
        escaped(alt)
    );
    match link {
        Some(link) if state == SlotState::Free => {
            let class = if view.logged_in { "btn_rent" } else { "btn_rent_login" };
            format!("<a class=\"{class}\" href=\"{}\">{image}</a>", escaped(link))
        }
        _ => image,
    }
}

const WEEKDAYS: [&str; 7] = ["일", "월", "화", "수", "목", "금", "토"];

/// The month grid: one `td` a day with three `span.blind` (protocol.md 5.1, S1); blank cells have them
/// too (I+).
pub(crate) fn calendar_page(view: &View<'_>, month: &MonthPageParts<'_>) -> String {
    let grid = grid(view, "rent_calendar", &month.days, month.suffixes, |slots, date| {
        let free = slots.iter().any(|slot| slot.state == SlotState::Free);
        let booked = !slots.is_empty() && slots.iter().all(|slot| slot.state == SlotState::Booked);
        let link = view.day(month.place, date, Purpose::Sports);
        match (free, booked) {
            (true, _) => status(view, SlotState::Free, Some(&link)),
            (false, true) => status(view, SlotState::Booked, None),
            (false, false) => String::new(),
        }
    });
    month.around(view, &view.site.dialect.codes.view_calendar, &grid)
}

/// The same template as the small calendar of the day page (protocol.md 5.1, I+).
pub(super) fn grid<T>(
    _view: &View<'_>,
    class: &str,
    days: &[(RentDate, T)],
    suffixes: bool,
    mark: impl Fn(&T, RentDate) -> String,
) -> String {
    let suffix = |text: &'static str| if suffixes { text } else { "" };
    let spans = |date: RentDate, day: Option<i8>| {
        let day = day.map_or(String::new(), |day| format!("{day}{}", suffix("일")));
        format!(
            "<span class=\"blind\">{}{}</span><span class=\"blind\">{}{}</span><span class=\"blind\">{day}</span>",
            date.year(),
            suffix("년"),
            date.month(),
            suffix("월"),
        )
    };
    let mut html = format!("<table class=\"{class}\"><caption class=\"blind\">달력</caption>\n<thead><tr>");
    for weekday in WEEKDAYS {
        let _ = write!(html, "<th scope=\"col\">{weekday}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n<tr>");
    let column_of = |date: RentDate| WEEKDAYS.iter().position(|w| *w == date.weekday_korean()).unwrap_or(0);
    if let Some((first, _)) = days.first() {
        for _ in 0..column_of(*first) {
            let _ = write!(html, "<td>{}&nbsp;</td>", spans(*first, None));
        }
    }
    for (date, content) in days {
        let column = column_of(*date);
        if column == 0 && date.day() > 1 {
            html.push_str("</tr>\n<tr>");
        }
        let class = match column {
            0 => " class=\"week_holiday\"",
            6 => " class=\"week_saturday\"",
            _ => "",
        };
        let _ = write!(
            html,
            "<td{class}>{}<em>{}</em>{}</td>",
            spans(*date, Some(date.day())),
            date.day(),
            mark(content, *date)
        );
    }
    if let Some((last, _)) = days.last() {
        for _ in column_of(*last)..6 {
            let _ = write!(html, "<td>{}&nbsp;</td>", spans(*last, None));
        }
    }
    html.push_str("</tr>\n</tbody></table>\n");
    html
}

/// The list of the whole month, once for each purpose (protocol.md 5.2, S3 and S1).
pub(crate) fn day_list_page(view: &View<'_>, month: &MonthPageParts<'_>) -> String {
    let mut inner = view.purpose_switch(Purpose::Sports);
    inner.push_str("<div class=\"rent_daylist\">\n");
    for (purpose, class, style) in [
        (Purpose::Sports, "rent_daylist_table_sports", ""),
        (Purpose::Events, "rent_daylist_table_events", " style=\"display:none\""),
    ] {
        let _ = write!(
            inner,
            "<table class=\"{class}\"{style}>\n<thead><tr><th>일자</th><th>회차</th><th>시간</th><th>행사명</th><th>단체명</th><th>상태</th></tr></thead>\n<tbody>\n"
        );
        for (date, slots) in &month.days {
            let link = view.day(month.place, *date, purpose);
            for (index, slot) in slots.iter().enumerate() {
                inner.push_str("<tr>");
                if index == 0 {
                    let _ = write!(
                        inner,
                        "<td rowspan=\"{}\">{date}({})</td>",
                        slots.len(),
                        date.weekday_korean()
                    );
                }
                let _ = writeln!(
                    inner,
                    "<td>{}회</td><td>{} ~ {}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    index + 1,
                    slot.range.start(),
                    slot.range.end(),
                    escaped(&slot.event),
                    escaped(&slot.group),
                    status(view, slot.state, Some(&link)),
                );
            }
        }
        inner.push_str("</tbody>\n</table>\n");
    }
    inner.push_str("</div>\n");
    month.around(view, &view.site.dialect.codes.view_day_list, &inner)
}
