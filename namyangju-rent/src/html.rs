//! What a reader of these pages needs of HTML: visible text, form controls as a browser would send
//! them, and pages that are nothing but a script.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Node};

use crate::{bounds, tokens};

/// A page longer than this is no mere script.
pub(crate) const LONGEST_SCRIPT_PAGE: usize = 16 * 1024;

/// The most bytes of one element's text that are read. Elements within each other share their text.
const LONGEST_TEXT: usize = 16 * 1024;

/// The page as a tree; `None` if reading it would take longer than an answer may: see [`bounds`].
pub(crate) fn parse(text: &str) -> Option<Html> {
    let mut document = tokens::parse(text)?;
    empty_templates(&mut document);
    Some(document)
}

/// What stands in a `<template>` is no part of the page until a script puts it there; the parser used
/// here takes it for one.
fn empty_templates(document: &mut Html) {
    let is_template = |node: &Node| node.as_element().is_some_and(|element| element.name() == "template");
    // Hardly any page has one, and a look at the values alone is quicker.
    if !document.tree.values().any(is_template) {
        return;
    }
    let templates = document.tree.nodes().filter(|node| is_template(node.value()));
    let inside = templates.flat_map(|node| node.descendants().skip(1)).map(|node| node.id());
    for id in inside.collect::<BTreeSet<_>>() {
        if let Some(mut node) = document.tree.get_mut(id) {
            *node.value() = Node::Comment(scraper::node::Comment { comment: "".into() });
        }
    }
}

/// Whether a visitor sees an element, as far as the page itself tells and not its style sheets.
pub(crate) fn is_shown(element: ElementRef<'_>) -> bool {
    !is_unseen(element.value())
        && element.ancestors().filter_map(ElementRef::wrap).all(|around| !is_unseen(around.value()))
}

/// The text of an element as a person reads it, blanks folded (non-breaking ones too). Of a very long
/// one it is the beginning.
pub(crate) fn text_of(element: ElementRef<'_>) -> String {
    visible_text(element, LONGEST_TEXT)
}

/// The text of a whole page as a person reads it, blanks folded.
pub(crate) fn text_of_page(document: &Html) -> String {
    visible_text(document.root_element(), usize::MAX)
}

fn visible_text(element: ElementRef<'_>, most: usize) -> String {
    let mut folded = Folded::default();
    for_each_piece(element, most, |piece| folded.push(piece, |c| is_blank(c) || c == LINE_BREAK));
    folded.text
}

/// The text of an element up to its first line break, blanks folded.
pub(crate) fn first_line_of(element: ElementRef<'_>) -> String {
    let mut raw = String::new();
    for_each_piece(element, LONGEST_TEXT, |piece| raw.push_str(piece));
    raw.split(LINE_BREAK).map(fold).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Stands for a line break in text on its way; a page's own is taken for one too.
const LINE_BREAK: char = '\u{1}';

/// Goes through the visible text, with a mark where the page breaks a line. The walk is over a list,
/// not the stack: pages are not to be trusted with our stack.
fn for_each_piece(element: ElementRef<'_>, most: usize, mut take: impl FnMut(&str)) {
    let mut left = most;
    let mut skip_below = None;
    for edge in element.traverse() {
        if left == 0 {
            return;
        }
        let piece = match edge {
            ego_tree::iter::Edge::Open(node) if skip_below.is_none() => match node.value() {
                Node::Text(text) => beginning(text, left),
                Node::Element(tag) if is_unseen(tag) => {
                    skip_below = Some(node.id());
                    continue;
                }
                Node::Element(tag) => match tag.name() {
                    "br" | "p" | "div" | "tr" | "li" => "\u{1}",
                    "td" | "th" => " ",
                    _ => continue,
                },
                _ => continue,
            },
            ego_tree::iter::Edge::Close(node) if skip_below == Some(node.id()) => {
                skip_below = None;
                continue;
            }
            _ => continue,
        };
        take(piece);
        left = left.saturating_sub(piece.len());
    }
}

/// As much of a text as fits into so many bytes.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// Whether no visitor sees an element, by its kind or by its own attributes.
fn is_unseen(tag: &scraper::node::Element) -> bool {
    let hides = |style: &str| {
        let blank = |c: &char| c.is_ascii_whitespace();
        let style: String = style.chars().filter(|c| !blank(c)).map(|c| c.to_ascii_lowercase()).collect();
        style.contains("display:none") || style.contains("visibility:hidden")
    };
    matches!(tag.name(), "script" | "style" | "noscript" | "template" | "title" | "head")
        || tag.attrs().any(|(name, value)| name == "hidden" || name == "style" && hides(value))
}

/// An attribute. The tree's own look-up makes an atom of the name first, which takes longer than a look at
/// the few there are.
pub(crate) fn attr<'a>(element: ElementRef<'a>, wanted: &str) -> Option<&'a str> {
    let mut attributes = element.value().attrs.iter();
    let found = attributes.find(|(name, _)| name.local.as_str() == wanted && name.ns.is_empty());
    found.map(|(_, value)| value.as_ref())
}

/// Runs of blanks become one blank; none are left at the ends.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), blank: false };
    folded.push(text, is_blank);
    folded.text
}

/// Text of which the blanks are folded.
#[derive(Default)]
struct Folded {
    text: String,
    /// Whether a blank comes before the next word.
    blank: bool,
}

impl Folded {
    fn push(&mut self, piece: &str, is_blank: impl Fn(char) -> bool) {
        for (before, word) in piece.split(is_blank).enumerate() {
            self.blank |= before > 0;
            if word.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.blank) && !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{a0}' || c == '\u{200b}'
}

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
/// A form tag inside a table is closed by the parser at once, so its controls stand outside it; a
/// browser still counts them to it. They are looked for after it, in the nearest element that has any.
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

/// The form that an element stands in, or that was opened before it and closed by the parser at once.
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

/// What a page that shows nothing and only runs a script does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ScriptPage {
    /// The texts of its alerts.
    pub(crate) alerts: Vec<String>,
    /// Where it sends the visitor: as written, relative or absolute.
    pub(crate) target: Option<String>,
    /// Whether that was a `<meta http-equiv="refresh">`.
    pub(crate) meta: bool,
}

/// Reads a page that consists of a script, or of a meta refresh; `None` for every page that shows
/// something.
pub(crate) fn script_page(text: &str) -> Option<ScriptPage> {
    if text.len() > LONGEST_SCRIPT_PAGE {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let script = lower.contains("<script") && (lower.contains("location") || lower.contains("alert"));
    let meta = lower.contains("http-equiv") && lower.contains("refresh");
    // Most short pages show something at once; they are not parsed twice.
    if !script && !meta || bounds::surely_show_text(text) {
        return None;
    }
    let document = parse(text)?;
    if !text_of(document.root_element()).is_empty() || !controls(document.root_element()).is_empty() {
        return None;
    }
    let mut page = ScriptPage::default();
    for node in document.tree.nodes() {
        let Some(element) = ElementRef::wrap(node) else { continue };
        match element.value().name() {
            "script" => {
                let code: String = element.text().collect();
                page.alerts.extend(calls(&code, "alert"));
                page.target = page.target.take().or_else(|| location(&code));
            }
            "meta" if attr(element, "http-equiv").is_some_and(|v| v.eq_ignore_ascii_case("refresh")) => {
                let target = attr(element, "content").and_then(refresh_target);
                if page.target.is_none() && target.is_some() {
                    (page.target, page.meta) = (target, true);
                }
            }
            _ => {}
        }
    }
    Some(page)
}

/// The address in the value of a `Refresh` header or its meta twin: `0;url=/rent/message`.
pub(crate) fn refresh_target(value: &str) -> Option<String> {
    let at = value.to_ascii_lowercase().find("url")?;
    let rest = value.get(at + 3..)?.trim_start().strip_prefix('=')?.trim();
    let target = rest.trim_matches(['"', '\'']).trim();
    (!target.is_empty()).then(|| target.to_owned())
}

/// The first texts given to calls of `function`.
fn calls(code: &str, function: &str) -> Vec<String> {
    code.match_indices(function)
        .filter_map(|(at, _)| {
            let rest = code.get(at + function.len()..)?.trim_start().strip_prefix('(')?;
            quoted(rest.trim_start())
        })
        .collect()
}

/// The address a script assigns to `location`.
fn location(code: &str) -> Option<String> {
    code.match_indices("location").find_map(|(at, word)| {
        let rest = code.get(at + word.len()..)?.trim_start();
        let rest = match rest.strip_prefix('.') {
            Some(member) => {
                let member = member.trim_start();
                match ["replace", "assign"].iter().find_map(|call| member.strip_prefix(call)) {
                    Some(call) => return quoted(call.trim_start().strip_prefix('(')?.trim_start()),
                    None => member.strip_prefix("href")?.trim_start(),
                }
            }
            None => rest,
        };
        quoted(rest.strip_prefix('=')?.trim_start())
    })
}

/// The text of a JavaScript string literal at the beginning of `code`.
fn quoted(code: &str) -> Option<String> {
    let mut chars = code.chars();
    let quote = chars.next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let mut out = String::new();
    loop {
        match chars.next()? {
            c if c == quote => return Some(out),
            '\\' => match chars.next()? {
                'n' | 'r' | 't' => out.push(' '),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    out.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use scraper::Selector;

    const TOKENS: [&str; 36] = [
        "<html>",
        "<head>",
        "</head>",
        "<body>",
        "<title>",
        "</title>",
        "<script>",
        "</script>",
        "</script x>",
        "<style>",
        "</style>",
        "<noscript>",
        "</noscript>",
        "<template>",
        "</template>",
        "<div hidden>",
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<a>",
        "<b style='display:none'>",
        "</b>",
        "<frameset>",
        "<table>",
        "<select>",
        "<svg>",
        "<!--",
        "-->",
        "<!x>",
        "&nbsp;",
        " ",
        "x",
        "가",
        "</",
        "<br/>",
    ];

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

    #[test]
    fn pages_that_are_only_a_script_are_read() {
        let page = script_page("<html><head><script>alert('로그인 하세요');\nlocation.replace(\"/rent/member/login\");</script></head></html>").unwrap();
        assert_eq!(page.alerts, ["로그인 하세요"]);
        assert_eq!(page.target.as_deref(), Some("/rent/member/login"));
        for code in [
            "window.location.href = '/a'",
            "top.location='/a'",
            "document.location.assign( `/a` )",
            "location.href=\"\\/a\"",
        ] {
            let page = script_page(&format!("<script>{code};</script>")).unwrap();
            assert_eq!(page.target.as_deref(), Some("/a"), "{code}");
        }
        let back = script_page("<script>alert('no');history.back();</script>").unwrap();
        assert_eq!((back.alerts, back.target), (vec!["no".to_owned()], None));
        let meta = script_page("<meta http-equiv=Refresh content=\"0; URL='/a'\">").unwrap();
        assert_eq!((meta.target.as_deref(), meta.meta), (Some("/a"), true));
    }

    #[test]
    fn pages_that_show_something_are_no_script_pages() {
        assert_eq!(script_page("<script>function f(){location.href='/a'}</script><p>Hello</p>"), None);
        assert_eq!(script_page("<form><input name=a></form><script>location.replace('/a')</script>"), None);
        assert_eq!(script_page(""), None);
        assert_eq!(script_page(&format!("<script>location='/a'//{}</script>", "x".repeat(20_000))), None);
    }

    #[test]
    fn text_that_is_surely_shown_is_found_without_a_parser() {
        let head = "<!doctype html><html><head><meta charset=euc-kr><title>t</title><script>s</script>";
        for body in ["<body><div id=tnb><ul><li class=x>가", "x<p>", "<p>&nbsp;</p>가<br>"] {
            assert!(bounds::surely_show_text(&format!("{head}</head>{body}<p>")), "{body}");
        }
        for body in [
            "",
            "<p>&nbsp;</p>",
            "<div hidden>x</div>",
            "<div STYLE='display:none'>x</div>",
            "<!-- x -->",
            "<noscript>x</noscript>",
            "<template>x</template>",
            "<script>s</script x>y",
            "<script>s</script x='>y'>",
            "<script><!--<script></script>x",
            "<svg><title>x</title></svg>",
            "<script>never closed",
        ] {
            assert!(!bounds::surely_show_text(&format!("{head}{body}<p>")), "{body}");
        }
    }

    #[test]
    fn text_folds_blanks_and_skips_scripts() {
        let document = Html::parse_document("<p>a&nbsp; b<script>c</script><br>d</p><style>e</style>");
        assert_eq!(text_of(document.root_element()), "a b d");
        assert_eq!(first_line_of(document.root_element()), "a b");
    }

    proptest! {
        #[test]
        fn text_is_only_said_to_be_shown_where_it_is(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..12)) {
            let page: String = tokens.concat();
            if bounds::surely_show_text(&page) {
                let document = parse(&page);
                prop_assert!(document.is_none_or(|document| !text_of_page(&document).is_empty()), "{}", page);
            }
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "(<|>|/|script|location|alert|=|\\(|'|\"|meta|http-equiv|refresh|\\\\|u00|form|input|select| |가|[ -~]){0,60}") {
            script_page(&text);
            refresh_target(&text);
            let document = Html::parse_document(&text);
            controls(document.root_element());
            text_of(document.root_element());
        }
    }
}
