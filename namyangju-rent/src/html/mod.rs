//! What a reader of these pages needs of HTML: the page as a tree, visible text ([`text`]), form controls as a browser
//! would send them ([`controls`]), and pages that are nothing but a script ([`script`]).

pub(crate) mod bounds;
pub(crate) mod charset;
pub(crate) mod controls;
pub(crate) mod script;
pub(crate) mod selector;
pub(crate) mod tags;
pub(crate) mod text;
pub(crate) mod tree;

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Node};

/// The page as a tree; `None` if reading it would take longer than an answer may: see [`bounds`].
pub(crate) fn parse(text: &str) -> Option<Html> {
    let mut document = tree::parse(text)?;
    empty_templates(&mut document);
    Some(document)
}

/// The content of a `<template>` is not part of the page until a script puts it there, but the parser used
/// here adds it to the tree.
fn empty_templates(document: &mut Html) {
    let is_template = |node: &Node| node.as_element().is_some_and(|element| element.name() == "template");
    // Hardly any page has one, and comparing the values alone is quicker.
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

/// An attribute. The tree's own look-up makes an atom of the name first, which takes longer than comparing
/// the few attributes of an element.
pub(crate) fn attr<'a>(element: ElementRef<'a>, wanted: &str) -> Option<&'a str> {
    let mut attributes = element.value().attrs.iter();
    let found = attributes.find(|(name, _)| name.local.as_str() == wanted && name.ns.is_empty());
    found.map(|(_, value)| value.as_ref())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::controls::controls;
    use super::script::{refresh_target, script_page};
    use super::text::{text_of, text_of_page};
    use super::*;

    const TOKENS: [&str; 38] = [
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
        "<link rel=stylesheet>",
        "<link hidden />",
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

    #[test]
    fn text_that_is_surely_shown_is_found_without_a_parser() {
        let head = "<!doctype html><html><head><meta charset=euc-kr><title>t</title><script>s</script>";
        for body in ["<body><div id=tnb><ul><li class=x>가", "x<p>", "<p>&nbsp;</p>가<br>"] {
            assert!(bounds::surely_show_text(&format!("{head}</head>{body}<p>")), "{body}");
        }
        // An empty element hides nothing, and nearly every page has a style sheet.
        for part in [
            "<link rel='stylesheet' href='/a.css' />",
            "<meta name=x content='hidden'>",
            "<img style='float:left'>",
        ] {
            assert!(bounds::surely_show_text(&format!("{head}{part}</head><p>가")), "{part}");
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
