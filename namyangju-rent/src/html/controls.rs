//! The controls of a form, with the names and values that a browser would send: the site takes no other form.
//!
//! What a browser does with a form inside a table, a list or a disabled part is not obvious, and the tests show it.

use scraper::{ElementRef, Html};

use crate::html::attr;
use crate::html::text::text_of;

/// A form control that has a name or an id.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) value: String,
    /// Whether a browser would send it as the page stands.
    pub(crate) sent: bool,
    pub(crate) kind: ControlKind,
    /// The values a person may choose from, with what the page says of them.
    pub(crate) options: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlKind {
    Hidden,
    Text,
    Choice,
    Tick,
}

/// The controls of a form in document order.
///
/// A form tag inside a table is closed by the parser at once, so its controls are outside it; a
/// browser still sends them with it. They are searched for after it, in the nearest element that has any.
pub(crate) fn controls(form: ElementRef<'_>) -> Vec<Control> {
    let named = |controls: &[Control]| controls.iter().any(|c| !c.name.is_empty());
    let inside = controls_of(form.descendent_elements());
    if named(&inside) || form.value().name() != "form" {
        return inside;
    }
    let stray = |e: &ElementRef<'_>| {
        is_control(*e)
            && attr(*e, "name").is_some_and(|name| !name.is_empty())
            && enclosing_form(*e).is_none()
    };
    // The nearest element around the form that has such a control after it.
    let around = form
        .ancestors()
        .filter_map(ElementRef::wrap)
        .find(|around| around.descendent_elements().skip_while(|e| e.id() != form.id()).any(|e| stray(&e)));
    let Some(around) = around else { return inside };
    let after = around.descendent_elements().skip_while(|e| e.id() != form.id());
    controls_of(after.filter(|e| is_control(*e) && enclosing_form(*e).is_none()))
}

fn is_control(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "input" | "select" | "textarea")
}

fn controls_of<'a>(elements: impl Iterator<Item = ElementRef<'a>>) -> Vec<Control> {
    let mut out = Vec::new();
    for element in elements.filter(|e| is_control(*e)) {
        let text = |name| attr(element, name).unwrap_or_default().to_owned();
        let (name, id) = (text("name"), text("id"));
        if name.is_empty() && id.is_empty() {
            continue;
        }
        let enabled = !name.is_empty() && !is_disabled(element);
        match element.value().name() {
            "select" => push_select(element, &name, &id, enabled, &mut out),
            "textarea" => {
                let value = element.text().collect();
                out.push(Control {
                    name,
                    id,
                    value,
                    sent: enabled,
                    kind: ControlKind::Text,
                    options: Vec::new(),
                });
            }
            _ => {
                let kind = match text("type").to_ascii_lowercase().as_str() {
                    "submit" | "button" | "image" | "reset" | "file" => continue,
                    "hidden" => ControlKind::Hidden,
                    "checkbox" | "radio" => ControlKind::Tick,
                    _ => ControlKind::Text,
                };
                let tick = kind == ControlKind::Tick;
                let value = match attr(element, "value") {
                    Some(value) => value.to_owned(),
                    None if tick => "on".to_owned(),
                    None => String::new(),
                };
                let sent = enabled && (!tick || attr(element, "checked").is_some());
                out.push(Control { name, id, value, sent, kind, options: Vec::new() });
            }
        }
    }
    out
}

fn push_select(element: ElementRef<'_>, name: &str, id: &str, enabled: bool, out: &mut Vec<Control>) {
    let mut options = Vec::new();
    let mut selected = Vec::new();
    let mut first_enabled = None;
    for option in element.descendent_elements().filter(|e| e.value().name() == "option") {
        let label = text_of(option);
        let value = attr(option, "value").map_or_else(|| label.clone(), str::to_owned);
        let usable = attr(option, "disabled").is_none();
        if usable && first_enabled.is_none() {
            first_enabled = Some(value.clone());
        }
        if usable && attr(option, "selected").is_some() {
            selected.push(value.clone());
        }
        if usable {
            options.push((value, label));
        }
    }
    let control = |value: String, sent: bool, options: Vec<(String, String)>| Control {
        name: name.to_owned(),
        id: id.to_owned(),
        value,
        sent,
        kind: ControlKind::Choice,
        options,
    };
    if attr(element, "multiple").is_some() {
        if selected.is_empty() {
            out.push(control(String::new(), false, options));
        } else {
            // The options once: they are the list's, and there may be many of them.
            let mut options = Some(options);
            let sent =
                selected.into_iter().map(|value| control(value, enabled, options.take().unwrap_or_default()));
            out.extend(sent);
        }
        return;
    }
    // Of several selected options a single-choice list keeps the last.
    match selected.pop().or(first_enabled) {
        Some(value) => out.push(control(value, enabled, options)),
        None => out.push(control(String::new(), false, options)),
    }
}

fn is_disabled(element: ElementRef<'_>) -> bool {
    attr(element, "disabled").is_some()
        || element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|ancestor| ancestor.value().name() == "fieldset" && attr(ancestor, "disabled").is_some())
}

/// The form that an element is inside of, or that was opened before it and closed by the parser at once.
pub(crate) fn form_of<'a>(document: &'a Html, element: ElementRef<'a>) -> Option<ElementRef<'a>> {
    enclosing_form(element).or_else(|| {
        let before = document.root_element().descendent_elements().take_while(|e| e.id() != element.id());
        before
            .filter(|e| e.value().name() == "form" && controls_of(e.descendent_elements()).is_empty())
            .last()
    })
}

fn enclosing_form(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    element.ancestors().filter_map(ElementRef::wrap).find(|ancestor| ancestor.value().name() == "form")
}

#[cfg(test)]
mod tests {
    use scraper::Selector;

    use super::*;

    fn sent(html: &str) -> Vec<(String, String)> {
        let document = Html::parse_document(html);
        let form = document.select(&Selector::parse("form").unwrap()).next().unwrap();
        controls(form).into_iter().filter(|c| c.sent).map(|c| (c.name, c.value)).collect()
    }

    #[test]
    fn controls_are_sent_as_a_browser_does() {
        let html = "<form><input type=hidden name=a value=1><input name=b><input type=checkbox name=c>\
            <input type=checkbox name=d checked><input type=radio name=e value=x checked><input name=f disabled value=9>\
            <fieldset disabled><input name=g value=9></fieldset><input type=submit name=h value=go><input id=i value=9>\
            <textarea name=j>\nzwei\nZeilen</textarea><select name=k><option value=1>one<option value=2 selected>two</select>\
            <select name=l><option>eins<option>zwei</select><select name=m multiple><option selected>p<option>q<option selected>r</select>\
            <select name=n></select></form>";
        let expected = [
            ("a", "1"),
            ("b", ""),
            ("d", "on"),
            ("e", "x"),
            ("j", "zwei\nZeilen"),
            ("k", "2"),
            ("l", "eins"),
            ("m", "p"),
            ("m", "r"),
        ];
        assert_eq!(sent(html), expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_form_tag_inside_a_table_keeps_its_controls() {
        let html =
            "<table><form id=f><tr><td><input name=a value=1></td></tr></form></table><input name=other>";
        assert_eq!(sent(html), [("a".to_owned(), "1".to_owned())]);
        let document = Html::parse_document(&format!("<form><input name=search></form>{html}"));
        let landmark = document.select(&Selector::parse("[name=a]").unwrap()).next().unwrap();
        assert_eq!(form_of(&document, landmark).and_then(|form| form.attr("id")), Some("f"));
    }
}
