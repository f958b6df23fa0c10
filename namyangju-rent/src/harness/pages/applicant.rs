//! The applicant form (protocol.md section 6).

use std::fmt::Write as _;

use super::frame::View;
use super::{escaped, hidden};
use crate::harness::account::Account;
use crate::harness::courts::Court;
use crate::site::dialect::{ApplicationField, FieldSource};
use crate::value::date::RentDate;
use crate::value::money::Won;
use crate::value::slot::{Purpose, TimeNo, TimeRange};

/// The type of hire, protocol.md 6 row 9 (S2).
const FORM_CHECK: &str = "1001";
/// The price item of a slot at Cheonan, protocol.md 6 row 2 (S2).
const SLOT_ITEM: &str = "I000626";
/// The code of no discount; the sites' own is unknown.
const NO_DISCOUNT: &str = "0";

/// What the applicant form is made of.
pub(crate) struct FormPageParts<'a> {
    pub(crate) court: &'a Court,
    pub(crate) date: RentDate,
    pub(crate) purpose: Purpose,
    pub(crate) slots: &'a [(TimeNo, TimeRange)],
    pub(crate) account: &'a Account,
    pub(crate) sale: Won,
}

/// `use_time_list` by the grammar of protocol.md 6.1 (S1).
pub(crate) fn time_list(court: &Court, date: RentDate, slots: &[(TimeNo, TimeRange)]) -> String {
    let day = date.compact();
    let entry = |(number, range): &(TimeNo, TimeRange)| {
        let (start, end) = (range.start().to_digits(), range.end().to_digits());
        format!("{};{number};{day};{day};{start};{end};", court.place.centre)
    };
    slots.iter().map(entry).collect::<Vec<_>>().join("|")
}

/// `use_item_list`; its grammar is unknown (protocol.md 6 row 29), this is the guess written there.
fn item_list(court: &Court) -> String {
    let entry = |(code, _, won): &(String, String, Won)| format!("{code};0;{won}");
    court.items.iter().map(entry).collect::<Vec<_>>().join("|")
}

pub(crate) fn applicant_form(view: &View<'_>, page: &FormPageParts<'_>) -> String {
    let dialect = &view.site.dialect;
    let mut content = view.menus(&page.court.place, &dialect.codes.view_calendar);
    let times: Vec<String> =
        page.slots.iter().map(|(_, range)| format!("{} ~ {}", range.start(), range.end())).collect();
    let _ = write!(
        content,
        "<h1>대관신청서</h1>\n<div class=\"rent_summary\"><p>{}</p><p>{}({})</p><p>{}</p></div>\n\
         <form id=\"reservation_form\" name=\"reservation_form\" method=\"post\" action=\"{}\">\n",
        escaped(&page.court.name),
        page.date,
        page.date.weekday_korean(),
        escaped(&times.join(", ")),
        escaped(&view.to(&dialect.paths.submit)),
    );
    // Document order is wire order: the dialect's fields one after the other (section 6, I+).
    for field in &dialect.application.fields {
        control(&mut content, view, page, field);
    }
    content.push_str(
        "<p><input type=\"checkbox\" id=\"agree_1\" value=\"Y\" /><label for=\"agree_1\">이용 약관에 동의합니다. (지어낸 약관)</label></p>\n\
         <p><button type=\"button\" id=\"btn_reservation\" class=\"button\">신청하기</button></p>\n</form>\n",
    );
    view.page("대관신청서", &content)
}

fn control(out: &mut String, view: &View<'_>, page: &FormPageParts<'_>, field: &ApplicationField) {
    let dialect = &view.site.dialect;
    let name = field.name.as_str();
    match field.from {
        FieldSource::Slots => {
            for (number, _) in page.slots {
                out.push_str(&hidden(name, &number.to_string()));
            }
        }
        FieldSource::Page => page_control(out, view, page, field),
        FieldSource::Discount => {
            let _ = write!(
                out,
                "<p>할인 <select name=\"{}\" class=\"discount\"><option value=\"{NO_DISCOUNT}\" title=\"0\">일반 (0%)</option>",
                escaped(name)
            );
            for discount in &dialect.application.discounts {
                let _ = write!(
                    out,
                    "<option value=\"{}\" title=\"{percent}\">등록단체 ({percent}%)</option>",
                    escaped(&discount.code),
                    percent = discount.percent,
                );
            }
            out.push_str("</select></p>\n");
        }
        FieldSource::Payment => {
            text(out, "결제금액", name, &page.sale.with_comma(), " readonly=\"readonly\"");
        }
        FieldSource::Applicant => text(out, "신청인", name, &page.account.name, ""),
        FieldSource::Club => text(out, "단체명", name, "", ""),
        FieldSource::Telephone => joined(out, "전화번호", field, "", &["", "02", "031", "041"]),
        FieldSource::Mobile => {
            joined(out, "휴대전화", field, &page.account.mobile, &["010", "011", "016", "019"]);
        }
        FieldSource::HeadCount => text(out, "사용인원", name, "", ""),
        FieldSource::Men => text(out, "남", name, "", ""),
        FieldSource::Women => text(out, "여", name, "", ""),
        FieldSource::EventName => text(out, "행사명", name, "", ""),
        FieldSource::Purpose => text(out, "사용목적", name, "", ""),
        FieldSource::TimeList => out.push_str(&hidden(name, &time_list(page.court, page.date, page.slots))),
    }
}

/// The controls whose content the server makes; names as in protocol.md section 6.
fn page_control(out: &mut String, view: &View<'_>, page: &FormPageParts<'_>, field: &ApplicationField) {
    let dialect = &view.site.dialect;
    let (name, items) = (field.name.as_str(), &page.court.items);
    match name {
        "item_cd_list[]" => {
            for _ in page.slots {
                let _ = writeln!(
                    out,
                    "<select name=\"{name}\"><option value=\"{SLOT_ITEM}\">기본 사용료</option></select>"
                );
            }
        }
        "item_idx_not_list[]" => {
            for (code, title, _) in items {
                let _ = write!(out, "<span>{}</span>", escaped(title));
                out.push_str(&hidden(name, code));
            }
        }
        // One each, as captured, whatever the number of items (rows 4 and 5, S2).
        "facility_count[]" => array_input(out, name, "0"),
        "time_select[]" => array_input(out, name, &page.slots.len().to_string()),
        "facility_amt[]" => items.iter().for_each(|(_, _, won)| array_input(out, name, &won.with_comma())),
        "facility_sale_amt[]" => {
            items.iter().for_each(|(_, _, won)| array_input(out, name, &won.to_string()))
        }
        _ => {
            let place = &page.court.place;
            // A name may be any; what the field falls back to says what it is.
            let value = match (name, field.fallback.as_deref().unwrap_or_default()) {
                ("formcheck", _) => FORM_CHECK.to_owned(),
                ("URL", _) | (_, "{base}") => view.site.printed_base(),
                ("SSL", _) | (_, "{secure_base}") => view.site.printed_secure_base(),
                ("comcd", _) | (_, "{comcd}") => place.centre.to_string(),
                ("part_cd", _) | (_, "{partcd}") => place.group.to_string(),
                ("place_cd", _) | (_, "{placecd}") => place.court.to_string(),
                ("sale_amt", _) => page.sale.to_string(),
                ("team_seq", _) => page.account.team.to_string(),
                ("receipt_date", _) | (_, "{date}") => page.date.compact(),
                ("select_group", _) | (_, "{group}") => dialect.codes.purpose(page.purpose).to_owned(),
                ("use_item_list", _) => item_list(page.court),
                (_, plain) => plain.to_owned(),
            };
            out.push_str(&hidden(name, &value));
        }
    }
}

fn array_input(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(
        out,
        "<input type=\"text\" name=\"{}\" value=\"{}\" readonly=\"readonly\" size=\"8\" />",
        escaped(name),
        escaped(value)
    );
}

fn text(out: &mut String, label: &str, name: &str, value: &str, more: &str) {
    let name = escaped(name);
    let _ = writeln!(
        out,
        "<p><label for=\"{name}\">{label}</label> <input type=\"text\" id=\"{name}\" name=\"{name}\" value=\"{}\"{more} /></p>",
        escaped(value)
    );
}

/// A number in parts. The parts have ids only, so that a browser sends none of them (section 6, S2);
/// the page script joins them into the hidden field.
fn joined(out: &mut String, label: &str, field: &ApplicationField, value: &str, firsts: &[&str]) {
    let mut values = value.split('-');
    let _ = write!(out, "<p class=\"joined\">{label} ");
    for (index, id) in field.parts.iter().enumerate() {
        let part = values.next().unwrap_or_default();
        let id = escaped(id);
        if index == 0 {
            let _ = write!(out, "<select id=\"{id}\" class=\"part\">");
            for first in firsts {
                let selected = if *first == part { " selected=\"selected\"" } else { "" };
                let _ = write!(out, "<option value=\"{first}\"{selected}>{first}</option>");
            }
            out.push_str("</select>");
        } else {
            let _ = write!(
                out,
                "-<input type=\"text\" id=\"{id}\" class=\"part\" maxlength=\"4\" value=\"{}\" />",
                escaped(part)
            );
        }
    }
    let whole =
        if value.is_empty() { "-".repeat(field.parts.len().saturating_sub(1)) } else { value.to_owned() };
    let _ = writeln!(
        out,
        "<input type=\"hidden\" class=\"whole\" id=\"{name}\" name=\"{name}\" value=\"{}\" /></p>",
        escaped(&whole),
        name = escaped(&field.name),
    );
}
