//! Which field of a form is which, when its name is not the one that is known: by what was sent in it, by what the page says
//! beside it, and by its neighbours.

use super::seen::SeenForm;
use crate::html::charset::FormFields;
use crate::html::controls::{Control, ControlKind};
use crate::pages::time_list::TimeList;
use crate::site::dialect::{ApplicationField, FieldSource};

/// The least evidence for which a name is taken for another one.
const MIN_SCORE: u32 = 4;

/// A field as it went over the wire, with what its page says of it.
pub(crate) struct SeenField {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
    pub(crate) kind: Option<ControlKind>,
    /// What the page had in it before it was filled.
    pub(crate) before: Option<String>,
    pub(crate) label: String,
    /// Whether a person chooses from a list.
    pub(crate) choices: bool,
}

/// The fields of a post in their order, each name once.
pub(crate) fn seen_fields(sent: &FormFields, form: Option<&SeenForm>) -> Vec<SeenField> {
    let mut out: Vec<SeenField> = Vec::new();
    for (name, value) in sent.iter() {
        if let Some(known) = out.iter_mut().find(|field| field.name == name) {
            known.values.push(value.to_owned());
            continue;
        }
        let bare = name.strip_suffix("[]").unwrap_or(name);
        let control: Option<(usize, &Control)> = form.and_then(|form| {
            let mut all = form.controls.iter().enumerate();
            all.find(|(_, c)| c.name == name || c.name.is_empty() && c.id == bare)
        });
        let label = control.and_then(|(at, _)| form?.labels.get(at)).cloned().unwrap_or_default();
        out.push(SeenField {
            name: name.to_owned(),
            values: vec![value.to_owned()],
            kind: control.map(|(_, c)| c.kind),
            before: control.map(|(_, c)| c.value.clone()),
            label,
            choices: control.is_some_and(|(_, c)| !c.options.is_empty()),
        });
    }
    out
}

/// What the values of a booking are, for fields that echo them: `{date}` and its value.
pub(crate) type KnownValues = Vec<(String, String)>;

/// For each seen field, the known field that it is.
pub(crate) fn assign(
    seen: &[SeenField],
    known: &[ApplicationField],
    slots: &[String],
    values: &KnownValues,
) -> Vec<Option<usize>> {
    let of_name = |field: &SeenField| known.iter().position(|k| k.name == field.name);
    let mut found: Vec<Option<usize>> = seen.iter().map(of_name).collect();
    loop {
        let mut best: Option<(u32, usize, usize)> = None;
        for (at, field) in
            seen.iter().enumerate().filter(|(at, _)| found.get(*at).is_some_and(Option::is_none))
        {
            for (to, candidate) in known.iter().enumerate().filter(|(to, _)| !found.contains(&Some(*to))) {
                let score = evidence(field, candidate, slots, values);
                // Nothing of its own: neighbours alone prove nothing.
                let score = if score == 0 { 0 } else { score + beside(&found, at, to) };
                if score >= MIN_SCORE && best.is_none_or(|(most, ..)| score > most) {
                    best = Some((score, at, to));
                }
            }
        }
        let Some((_, at, to)) = best else { return found };
        if let Some(place) = found.get_mut(at) {
            *place = Some(to);
        }
    }
}

/// Whether the neighbours of a field are the neighbours of the known one.
fn beside(found: &[Option<usize>], at: usize, to: usize) -> u32 {
    let is = |place: Option<usize>, expected: Option<usize>| {
        place.and_then(|place| found.get(place)).copied().flatten().is_some_and(|f| Some(f) == expected)
    };
    2 * u32::from(is(at.checked_sub(1), to.checked_sub(1)))
        + 2 * u32::from(is(at.checked_add(1), to.checked_add(1)))
}

fn evidence(field: &SeenField, known: &ApplicationField, slots: &[String], values: &KnownValues) -> u32 {
    let value = field.values.first().map(String::as_str).unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| field.label.contains(word));
    let number = !value.is_empty() && value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit());
    let typed = field.kind == Some(ControlKind::Text) && !value.is_empty();
    let empty_before = field.before.as_deref().is_none_or(str::is_empty);
    let hidden = field.kind == Some(ControlKind::Hidden);
    let points =
        |own: bool, own_points: u32, label: &[&str]| u32::from(own) * own_points + u32::from(says(label)) * 6;
    match known.from {
        FieldSource::Slots => {
            10 * u32::from(
                !slots.is_empty()
                    && field.values.iter().all(|v| slots.contains(v))
                    && field.values.len() == slots.len(),
            )
        }
        FieldSource::TimeList => 10 * u32::from(value.contains(';') && value.parse::<TimeList>().is_ok()),
        FieldSource::Payment => points(value.contains(',') && !field.choices, 4, &["결제", "납부"]),
        FieldSource::Discount => points(field.choices && !hidden, 3, &["할인", "감면"]),
        FieldSource::Applicant => points(typed && !empty_before && !number, 3, &["신청인", "신청자", "성명"]),
        FieldSource::Club => points(typed && empty_before && !number, 2, &["단체"]),
        FieldSource::EventName => points(typed && empty_before && !number, 2, &["행사"]),
        FieldSource::Purpose => points(typed && empty_before && !number, 2, &["목적", "사유"]),
        FieldSource::HeadCount => points(typed && number && empty_before, 4, &["인원"]),
        FieldSource::Men => points(value.is_empty() && field.kind == Some(ControlKind::Text), 1, &["남"]),
        FieldSource::Women => points(value.is_empty() && field.kind == Some(ControlKind::Text), 1, &["여"]),
        FieldSource::Telephone => {
            points(is_phone(value) && !value.starts_with("01"), 4, &["전화"]) * u32::from(!says(&["휴대"]))
        }
        FieldSource::Mobile => points(is_phone(value) && value.starts_with("01"), 6, &["휴대"]),
        FieldSource::Page => match known.fallback.as_deref() {
            Some(template) if template.starts_with('{') => {
                let is = values.iter().any(|(t, v)| t == template && v == value && !v.is_empty());
                u32::from(is) * if value.len() > 3 { 8 } else { 5 }
            }
            // Nothing but its place says which of the others it is.
            _ => u32::from(hidden),
        },
    }
}

/// Digits in parts, or the parts of a number that nobody gave.
fn is_phone(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    parts.len() == 3 && parts.iter().all(|part| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()))
}
