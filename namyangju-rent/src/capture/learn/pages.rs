//! What the pages of a capture show: selectors, states of slots, the place.

use scraper::{ElementRef, Selector};

use super::Learner;
use super::draft::{FindingKind, quoted, remark};
use super::seen::{SeenExchange, applicant_form};
use crate::html::attr;
use crate::html::selector::FastSelector;
use crate::html::text::{fold, text_of};
use crate::site::dialect::FieldSource;
use crate::value::place::Place;
use crate::value::slot::SlotState;

impl Learner<'_> {
    /// Whether each selector finds something on the page that it is for; where it does not, another one that does.
    pub(super) fn markers(&mut self) {
        let markers = self.known.dialect.markers.clone();
        let day = self.booking.days.last().and_then(|at| self.all.get(*at));
        let form = self.at(self.booking.form);
        let page = self.at(self.booking.login_page);
        let months: Vec<&SeenExchange<'_>> = self.all.iter().filter(|seen| seen.sent.is_none()).collect();
        let on = |seen: Option<&SeenExchange<'_>>, selector: &FastSelector| {
            let seen = seen?;
            selector.select(seen.document.as_ref()?).next().map(|_| seen.nth())
        };
        let of_form = |seen: Option<&SeenExchange<'_>>, is: &dyn Fn(&super::seen::SeenForm) -> bool| {
            let form = seen?.forms.iter().find(|form| is(form))?;
            (!form.id.is_empty()).then(|| format!("form#{}", form.id))
        };
        let application =
            self.site.dialect.application.fields.iter().find(|f| f.from == FieldSource::Applicant);
        let application = application.map(|field| format!("input[name={}]", field.name));
        let boxes =
            day.and_then(SeenExchange::boxes).map(|(name, _)| format!("input[type=checkbox][name='{name}']"));
        let with_boxes = |form: &super::seen::SeenForm| form.boxes.is_some();
        let with_password = |form: &super::seen::SeenForm| form.password.is_some();
        let checks: [(&str, &FastSelector, Option<&SeenExchange<'_>>, Option<String>); 8] = [
            ("login_form", &markers.login_form, page, of_form(page, &with_password)),
            ("day_form", &markers.day_form, day, of_form(day, &with_boxes)),
            ("slot_box_sports", &markers.slot_box_sports, day, boxes),
            ("max_hours", &markers.max_hours, day, None),
            ("min_hours", &markers.min_hours, day, None),
            (
                "application",
                &markers.application,
                form.filter(|form| applicant_form(form).is_some()),
                application,
            ),
            ("sale_amount", &markers.sale_amount, form, None),
            ("facilities_link", &markers.facilities_link, months.first().copied(), None),
        ];
        for (key, selector, seen, other) in checks {
            let path = format!("markers.{key}");
            if let Some(nth) = on(seen, selector) {
                self.draft.confirm(&path, key, nth);
            } else if let (Some(seen), Some(other)) = (seen, other)
                && let Ok(selector) = FastSelector::try_from(other.clone())
                && on(Some(seen), &selector).is_some()
            {
                self.draft.change(&path, quoted(&other), &other, "another selector", seen.nth());
            }
        }
        let anywhere: [(&str, &FastSelector); 9] = [
            ("header_links", &markers.header_links),
            ("centres", &markers.centres),
            ("groups", &markers.groups),
            ("courts", &markers.courts),
            ("month_previous", &markers.month_previous),
            ("month_next", &markers.month_next),
            ("calendar", &markers.calendar),
            ("day_list_sports", &markers.day_list_sports),
            ("day_list_events", &markers.day_list_events),
        ];
        for (key, selector) in anywhere {
            if let Some(nth) = months.iter().find_map(|seen| on(Some(seen), selector)) {
                self.draft.confirm(&format!("markers.{key}"), key, nth);
            }
        }
        let calendar = months.iter().find_map(|seen| on(Some(seen), &markers.calendar));
        if let Some(nth) = calendar {
            self.draft.confirm("markers.calendar_label", "calendar_label", nth);
        }
    }

    /// The words of the images that show how slots stand.
    pub(super) fn states(&mut self) {
        let (Ok(cells), known) = (Selector::parse("td"), self.known.dialect.slot_states.clone()) else {
            return;
        };
        let mut seen_words: Vec<(String, Option<SlotState>, usize)> = Vec::new();
        let lists = &self.known.dialect.markers;
        for seen in self.all {
            let Some(document) = &seen.document else { continue };
            let tables = lists.day_list_sports.select(document).chain(lists.day_list_events.select(document));
            for image in tables
                .flat_map(|table| table.descendent_elements())
                .filter(|e| e.value().name() == "img")
                .take(1_000)
            {
                let alt = fold(attr(image, "alt").unwrap_or_default());
                if alt.is_empty() || seen_words.iter().any(|(word, means, _)| *word == alt && means.is_some())
                {
                    continue;
                }
                let linked = image.ancestors().filter_map(ElementRef::wrap).take(3).any(|e| {
                    e.value().name() == "a"
                        && attr(e, "href").is_some_and(|to| !to.is_empty() && !to.starts_with('#'))
                });
                let row = image.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "tr");
                // Event and club stand in the two cells before the state.
                let filled = row.is_some_and(|row| {
                    let texts: Vec<String> = row.select(&cells).take(10).map(text_of).collect();
                    texts.len() >= 5 && texts.iter().rev().skip(1).take(2).all(|text| !text.is_empty())
                });
                let means = known.get(&alt).copied().or(match (linked, filled) {
                    (true, false) => Some(SlotState::Free),
                    (false, true) => Some(SlotState::Booked),
                    _ => None,
                });
                seen_words.retain(|(word, ..)| *word != alt);
                seen_words.push((alt, means, seen.nth()));
            }
        }
        for (word, means, nth) in seen_words {
            let key = format!("slot_states.{}", quoted(&word));
            match (means, known.get(&word)) {
                (_, Some(_)) => self.draft.confirm(&key, &word, nth),
                (Some(state), None) => {
                    let name = if state == SlotState::Free { "free" } else { "booked" };
                    self.draft.add_line(
                        "slot_states",
                        format!("{} = {}   # seen in capture", quoted(&word), quoted(name)),
                    );
                    let text = format!("slots with the word `{word}` are {name}");
                    self.draft.find("slot_states", FindingKind::Added, &word, None, Some(nth), text);
                }
                (None, None) => {
                    self.draft.add_line(
                        "slot_states",
                        format!("# seen in capture: {} is \"free\", \"booked\", \"closed\", \"unavailable\" or \"lottery\"?", quoted(&remark(&word))),
                    );
                    let text = format!("what the word `{word}` says of a slot is not known");
                    self.draft.find("slot_states", FindingKind::Ambiguous, &word, None, Some(nth), text);
                }
            }
        }
    }

    /// The place of the booking, if the dialect does not have it.
    pub(super) fn place(&mut self) {
        let value = |key: &str| self.values.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        let codes = [value("{comcd}"), value("{partcd}"), value("{placecd}")];
        let [Some(centre), Some(group), Some(court)] = codes else { return };
        let Ok(place) = format!("{centre}/{group}/{court}").parse::<Place>() else { return };
        let nth = self.booking.days.last().and_then(|at| self.all.get(*at)).map_or(0, SeenExchange::nth);
        if self.known.known_places().iter().any(|known| known.place == place) {
            return;
        }
        self.draft.table(format!(
            "[[places]]   # seen in capture\nplace = {}\nname = \"(name not known)\"\nconfidence = \"S1\"",
            quoted(&place.to_string())
        ));
        let text = format!("the place {place} was visited");
        self.draft.find("places", FindingKind::Added, &place.to_string(), None, Some(nth), text);
    }
}
