//! Which exchange of a capture is which, told by what its pages and forms are made of and not by their addresses: a
//! dialect that is to be learnt cannot be used to find them.

use scraper::{ElementRef, Html, Selector};

use crate::capture::exchange::CaptureExchange;
use crate::html::charset::{Charset, FormFields};
use crate::html::controls::{Control, ControlKind, controls};
use crate::html::text::text_of;
use crate::html::{attr, parse};
use crate::pages::schedule::range_of;

/// The most elements of a kind that are looked at in one page.
const MAX_ELEMENTS: usize = 2_000;

/// The most controls of a form whose labels are looked for.
const MAX_LABELS: usize = 200;

/// An exchange with its page and its form.
pub(crate) struct SeenExchange<'f> {
    pub(crate) exchange: CaptureExchange<'f>,
    pub(crate) sent: Option<FormFields>,
    pub(crate) document: Option<Html>,
    pub(crate) forms: Vec<SeenForm>,
}

/// A form of a page.
pub(crate) struct SeenForm {
    pub(crate) id: String,
    pub(crate) controls: Vec<Control>,
    /// What the page says beside each control.
    pub(crate) labels: Vec<String>,
    /// The name of the field for a password.
    pub(crate) password: Option<String>,
    /// Boxes to tick in rows that show a time: the name, and the values.
    pub(crate) boxes: Option<(String, Vec<String>)>,
}

impl<'f> SeenExchange<'f> {
    pub(crate) fn new(exchange: CaptureExchange<'f>, charset: Charset) -> Self {
        let html = |entry: &&&crate::har::HarEntry| entry.media_type().is_none_or(|kind| kind == "text/html");
        let text = exchange.hops.last().filter(html).and_then(|entry| entry.body_text(charset));
        let document = text.and_then(|text| parse(&text));
        let forms = document.as_ref().map(forms_of).unwrap_or_default();
        let sent = exchange
            .first()
            .filter(|entry| entry.method == "POST")
            .and_then(|entry| entry.sent_fields(charset));
        Self { exchange, sent, document, forms }
    }

    pub(crate) fn nth(&self) -> usize {
        self.exchange.first().map_or(0, |entry| entry.nth)
    }

    /// The path that was asked for.
    pub(crate) fn path(&self) -> &str {
        self.exchange.first().map_or("", |entry| entry.url.path())
    }

    /// The path that it ended at.
    pub(crate) fn end(&self) -> &str {
        self.exchange.last().map_or("", |entry| entry.url.path())
    }

    pub(crate) fn boxes(&self) -> Option<&(String, Vec<String>)> {
        self.forms.iter().find_map(|form| form.boxes.as_ref())
    }
}

fn forms_of(document: &Html) -> Vec<SeenForm> {
    let Ok(form) = Selector::parse("form") else { return Vec::new() };
    document.select(&form).take(50).map(|form| seen_form(document, form)).collect()
}

fn seen_form(document: &Html, form: ElementRef<'_>) -> SeenForm {
    let controls = controls(form);
    let labels = controls.iter().take(MAX_LABELS).map(|control| label_of(document, control)).collect();
    // A form tag in a table holds nothing; what belongs to it stands behind it.
    let elements: Vec<ElementRef<'_>> = document
        .root_element()
        .descendent_elements()
        .skip_while(|element| element.id() != form.id())
        .filter(|element| element.value().name() == "input")
        .take(MAX_ELEMENTS)
        .collect();
    let belongs = |name: &str| controls.iter().any(|control| control.name == name);
    let password = elements.iter().find_map(|input| {
        let is_password = attr(*input, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("password"));
        let name = attr(*input, "name").filter(|name| is_password && !name.is_empty())?;
        belongs(name).then(|| name.to_owned())
    });
    let mut boxes: Option<(String, Vec<String>)> = None;
    for input in &elements {
        let ticks = attr(*input, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox"));
        let (Some(name), Some(value)) = (attr(*input, "name"), attr(*input, "value")) else { continue };
        let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let row = input.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "tr");
        let times = |row: ElementRef<'_>| row.child_elements().take(16).any(|cell| range_of(cell).is_some());
        if ticks && is_number && belongs(name) && row.is_some_and(times) {
            let (known, values) = boxes.get_or_insert_with(|| (name.to_owned(), Vec::new()));
            if known == name {
                values.push(value.to_owned());
            }
        }
    }
    let id = attr(form, "id").unwrap_or_default().to_owned();
    SeenForm { id, controls, labels, password, boxes }
}

/// What the page says beside a control: its label, the head of its row, or the text before it.
fn label_of(document: &Html, control: &Control) -> String {
    let found = |name: &str, value: &str, tag: &str| {
        let mut all = document.root_element().descendent_elements().take(20_000);
        all.find(|element| {
            element.value().name() == tag && !value.is_empty() && attr(*element, name) == Some(value)
        })
    };
    let label = found("for", &control.id, "label").or_else(|| found("for", &control.name, "label"));
    if let Some(label) = label {
        return text_of(label);
    }
    let tags = ["input", "select", "textarea"];
    let element = tags
        .iter()
        .find_map(|tag| found("name", &control.name, tag).or_else(|| found("id", &control.id, tag)));
    let Some(element) = element else { return String::new() };
    let row = element.ancestors().filter_map(ElementRef::wrap).take(4).find(|e| e.value().name() == "tr");
    let head = row.and_then(|row| row.child_elements().find(|cell| cell.value().name() == "th"));
    if let Some(head) = head {
        return text_of(head);
    }
    let around = element.ancestors().filter_map(ElementRef::wrap).next();
    let before =
        around.into_iter().flat_map(|around| around.children()).take_while(|node| node.id() != element.id());
    let text: String =
        before.filter_map(|node| node.value().as_text().map(|text| text.to_string())).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The exchanges that a booking is made of, by their place in the list.
#[derive(Default)]
pub(crate) struct SeenBooking {
    pub(crate) login_page: Option<usize>,
    /// The login that worked, or the last one.
    pub(crate) login: Option<usize>,
    pub(crate) failed_logins: Vec<usize>,
    pub(crate) days: Vec<usize>,
    /// The form that was given.
    pub(crate) form: Option<usize>,
    pub(crate) refused_forms: Vec<usize>,
    pub(crate) submit: Option<usize>,
}

impl SeenBooking {
    pub(crate) fn find(all: &[SeenExchange<'_>], password_names: &[&str]) -> Self {
        let mut this = Self::default();
        let mut passwords: Vec<String> = password_names.iter().map(|name| (*name).to_owned()).collect();
        let mut boxes: Vec<&(String, Vec<String>)> = Vec::new();
        let mut logins = Vec::new();
        let mut form_posts = Vec::new();
        for (at, seen) in all.iter().enumerate() {
            if let Some(sent) = &seen.sent {
                let ticked = |(name, values): &&(String, Vec<String>)| {
                    sent.all(name).any(|v| values.iter().any(|k| k == v))
                };
                if passwords.iter().any(|name| sent.first(name).is_some_and(|value| !value.is_empty())) {
                    logins.push(at);
                } else if boxes.iter().any(ticked) && !this.is_filled(all, sent) {
                    form_posts.push(at);
                } else if this.is_filled(all, sent) {
                    this.submit = Some(at);
                }
            }
            for form in &seen.forms {
                passwords.extend(form.password.clone());
                if form.password.is_some() && seen.sent.is_none() {
                    this.login_page = Some(at);
                }
            }
            if let Some(found) = seen.boxes() {
                boxes.push(found);
                this.days.push(at);
            }
            // A form of texts to fill, behind a post: the applicant form.
            if seen.sent.is_some() && seen.boxes().is_none() && applicant_form(seen).is_some() {
                this.form = Some(at);
            }
        }
        // Posts of boxes that a later page shows are seen only now: a form from an old tab.
        let later = all.iter().enumerate().filter(|(at, seen)| {
            let Some(sent) = &seen.sent else { return false };
            let ticks = |(name, _): &&(String, Vec<String>)| sent.first(name).is_some();
            !logins.contains(at) && Some(*at) != this.submit && boxes.iter().any(ticks)
        });
        for (at, _) in later {
            if !form_posts.contains(&at) {
                form_posts.push(at);
            }
        }
        form_posts.sort_unstable();
        this.form = this.form.or_else(|| form_posts.last().copied());
        this.refused_forms = form_posts.into_iter().filter(|at| Some(*at) < this.form).collect();
        let before = |at: &usize| this.form.or(this.submit).is_none_or(|form| *at < form);
        this.login = logins.iter().copied().rfind(before).or_else(|| logins.last().copied());
        this.failed_logins = logins.into_iter().filter(|at| Some(*at) < this.login).collect();
        this
    }

    /// Whether a post is the form of the page before, filled.
    fn is_filled(&self, all: &[SeenExchange<'_>], sent: &FormFields) -> bool {
        let Some(form) = self.form.and_then(|at| all.get(at)).and_then(applicant_form) else { return false };
        let named = |name: &str| form.controls.iter().any(|control| control.name == name);
        let known = sent.iter().filter(|(name, _)| named(name)).count();
        known * 10 >= sent.len() * 6
    }
}

/// The form of a page that asks for texts, the one with the most.
pub(crate) fn applicant_form<'s>(seen: &'s SeenExchange<'_>) -> Option<&'s SeenForm> {
    let texts = |form: &SeenForm| {
        form.controls.iter().filter(|c| c.kind == ControlKind::Text && !c.name.is_empty()).count()
    };
    seen.forms
        .iter()
        .filter(|form| form.password.is_none() && texts(form) >= 3)
        .max_by_key(|form| texts(form))
}
