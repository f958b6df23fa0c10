//! The reservation page: the slots of one day (protocol.md 5.3).

use std::fmt::Write as _;

use super::frame::View;
use super::letters::Challenge;
use super::schedule::grid;
use super::{escaped, hidden};
use crate::value::date::RentDate;
use crate::value::money::Won;
use crate::value::place::Place;
use crate::value::slot::{Purpose, TimeNo, TimeRange};

/// One slot of the day.
pub(crate) struct DaySlot {
    pub(crate) number: TimeNo,
    pub(crate) range: TimeRange,
    /// Whether it has a box to tick.
    pub(crate) free: bool,
}

/// What the day page is made of.
pub(crate) struct DayPageParts<'a> {
    pub(crate) place: &'a Place,
    pub(crate) date: RentDate,
    pub(crate) purpose: Purpose,
    pub(crate) slots: Vec<DaySlot>,
    pub(crate) price: Won,
    pub(crate) max_hours: u8,
    pub(crate) min_hours: u8,
    pub(crate) suffixes: bool,
    /// A human check that has not been passed, with the key of its hash.
    pub(crate) challenge: Option<(Challenge, String)>,
}

pub(crate) fn day_page(view: &View<'_>, page: &DayPageParts<'_>) -> String {
    let dialect = &view.site.dialect;
    let mut content = view.menus(page.place, &dialect.codes.view_calendar);
    content.push_str(&view.month_bar(page.place, &dialect.codes.view_calendar, Some(page.date)));
    let month = page.date.with_day(1);
    let days: Vec<(RentDate, ())> =
        (0..i32::from(month.days_in_month())).map(|n| (month.plus_days(n), ())).collect();
    content.push_str("<div class=\"calendar_box\">\n");
    content.push_str(&grid(view, "calendar_table", &days, page.suffixes, |(), _| String::new()));
    content.push_str("</div>\n");
    content.push_str(&view.purpose_switch(page.purpose));
    let _ = writeln!(
        content,
        "<form id=\"reservation_form\" name=\"reservation_form\" method=\"post\" action=\"{}\">",
        escaped(&view.to(&dialect.paths.form))
    );
    // The fields of the first POST stand before the boxes: document order is wire order (4.5, S2).
    for field in &dialect.day_post.fields {
        content.push_str(&hidden(&field.name, &field_value(view, page, &field.value)));
    }
    // Read by the page script, not posted: ids without names (5.3, S1).
    for (id, value) in [
        ("select_cnt", "0".to_owned()),
        ("reservation_stime", String::new()),
        ("reservation_etime", String::new()),
        ("max_rent_time", page.max_hours.to_string()),
        ("min_rent_time", page.min_hours.to_string()),
        ("basecd", String::new()),
        ("revcd", String::new()),
    ] {
        let _ = writeln!(content, "<input type=\"hidden\" id=\"{id}\" value=\"{value}\" />");
    }
    slot_table(&mut content, &dialect.day_post.slot_field, page);
    let check = page.challenge.as_ref().map_or(String::new(), |(challenge, key)| {
        format!(
            "<table><tbody><tr><td><div><div>{}</div></div></td></tr></tbody></table>",
            challenge.html(key)
        )
    });
    // The button is in the first entry of the form's third list (5.3, S1 at Cheonan).
    let _ = write!(
        content,
        "<ul class=\"rent_info\"><li>1회 사용료 {}원</li>\n<li>최대 {}시간까지 신청할 수 있습니다.</li>\n<li>{check}</li></ul>\n\
         <ul class=\"rent_button\"><li><input type=\"button\" id=\"btn_reservation\" class=\"button\" value=\"대관신청\" /></li></ul>\n</form>\n",
        page.price.with_comma(),
        page.max_hours,
    );
    view.page("대관신청", &content)
}

fn slot_table(content: &mut String, slot_field: &str, page: &DayPageParts<'_>) {
    // Names of the twins for the two purposes (5.3, S1).
    let (class, id, prefix) = match page.purpose {
        Purpose::Sports => ("select_check", "select", "sports"),
        Purpose::Events => ("select_check_events", "select_events", "events"),
    };
    content.push_str(
        "<ul class=\"rent_time\"><li><table class=\"rent_time_table\">\n\
         <thead><tr><th>선택</th><th>회차</th><th>시간</th><th>상태</th></tr></thead>\n<tbody>\n",
    );
    for (index, slot) in page.slots.iter().enumerate() {
        let n = index + 1;
        let (start, end) = (slot.range.start(), slot.range.end());
        let select = if slot.free {
            format!(
                "<input type=\"checkbox\" class=\"{class}\" id=\"{id}_{n}\" name=\"{}\" value=\"{}\" />",
                escaped(slot_field),
                slot.number
            )
        } else {
            String::new()
        };
        let _ = writeln!(
            content,
            "<tr><td>{select}</td><td>{n}회</td><td>{start} ~ {end}<input type=\"hidden\" id=\"{prefix}_stime_{n}\" value=\"{start}\" />\
             <input type=\"hidden\" id=\"{prefix}_etime_{n}\" value=\"{end}\" /></td><td>{}</td></tr>",
            if slot.free { "신청가능" } else { "-" },
        );
    }
    content.push_str("</tbody></table></li></ul>\n");
}

/// The value of a field of the first POST; the words are those of the dialect file.
fn field_value(view: &View<'_>, page: &DayPageParts<'_>, template: &str) -> String {
    let codes = &view.site.dialect.codes;
    match template {
        "{date}" => page.date.compact(),
        "{year}" => format!("{:04}", page.date.year()),
        "{month}" => format!("{:02}", page.date.month()),
        "{day}" => format!("{:02}", page.date.day()),
        "{comcd}" => page.place.centre.to_string(),
        "{partcd}" => page.place.group.to_string(),
        "{placecd}" => page.place.court.to_string(),
        "{is_list}" => codes.is_list.clone(),
        "{base}" => view.site.printed_base(),
        "{secure_base}" => view.site.printed_secure_base(),
        "{group}" => codes.purpose(page.purpose).to_owned(),
        plain => plain.to_owned(),
    }
}
