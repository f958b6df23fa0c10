//! A timeline as a page of its own: the picture, what it shows in sentences, and all requests as a table.

use std::fmt::Write as _;

use super::Timeline;
use super::svg::{Look, STYLE, escaped, picture};

/// The page; it needs nothing else.
pub(crate) fn page(timeline: &Timeline) -> String {
    let labels = timeline.labels;
    let title = escaped(&format!("{} — {}", timeline.title, timeline.verdict));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n:root {{ color-scheme: light dark; }}\n\
         body {{ margin: 1rem auto; max-width: 60rem; padding: 0 .75rem; font: 1rem/1.6 system-ui, sans-serif; }}\n\
         .scroll {{ overflow-x: auto; }}\n\
         table {{ border-collapse: collapse; }}\nth, td {{ text-align: left; padding: .3rem .75rem .3rem 0; \
         border-bottom: 1px solid; white-space: nowrap; }}\n\
         svg {{ max-width: 100%; height: auto; }}\n.tl-n {{ display: none; }}\n\
         @media (max-width: 40rem) {{ .tl-w {{ display: none; }} .tl-n {{ display: inline; }} }}\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n",
        labels.tag
    );
    if !timeline.signs.is_empty() {
        let _ = writeln!(out, "<h2>{}</h2>\n<ul>", labels.why);
        timeline.signs.iter().for_each(|sign| out.push_str(&format!("<li>{}</li>\n", escaped(sign))));
        out.push_str("</ul>\n");
    }
    let _ = writeln!(out, "{}\n{}", picture(timeline, Look::Wide), picture(timeline, Look::Narrow));
    let _ = writeln!(
        out,
        "<h2 id=\"all\">{}</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"all\">\n<table>",
        labels.all
    );
    let head: String = timeline.heads().iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let _ = writeln!(out, "<thead><tr>{head}</tr></thead>\n<tbody>");
    for row in timeline.table() {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody>\n</table>\n</div>\n</main>\n</body>\n</html>\n");
    out
}
