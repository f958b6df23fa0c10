//! `docs/json.md` from the JSON Schemas that the program prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// What stands before it is written by hand, what stands after it is made.
pub(crate) const MARK: &str = "<!-- From here on the page is made from the types: \
                               `UPDATE=1 cargo test -p rent-runner --test cli json_page` -->";

/// The made part of the page.
pub(crate) fn page(schemas: &Map<String, Value>) -> String {
    let mut text = String::new();
    let mut types: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut told = Told::default();
    for schema in schemas.values() {
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            told.types.insert(name, definition);
        }
    }
    for (command, schema) in schemas {
        let title = if command == "errors" { "Errors".to_owned() } else { format!("`{command}`") };
        let _ = write!(text, "\n## {title}\n\n{}", described(schema));
        fields(&mut text, schema, &title, &mut told);
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            let known = types.insert(name, definition);
            assert!(known.is_none_or(|known| known == definition), "{name} has two meanings");
        }
    }
    text.push_str("\n## Types\n");
    for (name, definition) in types {
        let _ = write!(text, "\n### {name}\n\n{}", described(definition));
        fields(&mut text, definition, name, &mut told);
    }
    text
}

/// What the page has told, and what its types are.
#[derive(Default)]
struct Told<'s> {
    types: BTreeMap<&'s str, &'s Value>,
    /// Variants, and the heading below which they stand.
    variants: Vec<(&'s Value, String)>,
}

impl Told<'_> {
    /// The first sentence about the type of a field that has none of its own.
    fn of_its_type(&self, field: &Value) -> String {
        let path = [&field["$ref"], &field["items"]["$ref"], &field["anyOf"][0]["$ref"]];
        let name = path.iter().find_map(|path| path.as_str()?.rsplit('/').next());
        let text =
            name.and_then(|name| self.types.get(name)).map(|schema| meaning(schema)).unwrap_or_default();
        text.split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
    }
}

fn described(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    // Links and headings of the documentation of the source mean nothing here.
    let text = text.split("\n\n```").next().unwrap().replace("\n\n[`", "\n[`");
    let is_of_the_source = |line: &&str| !["[`", "#", "`Debug`"].iter().any(|start| line.starts_with(start));
    let lines = text.lines().filter(is_of_the_source);
    let text =
        lines.collect::<Vec<_>>().join("\n").replace("[`", "`").replace("`]", "`").replace("`None`", "null");
    format!("{}\n", text.trim())
}

/// The tables of an object and its variants, or what else a type is.
fn fields<'s>(text: &mut String, schema: &'s Value, name: &str, told: &mut Told<'s>) {
    if schema["properties"].is_object() {
        text.push('\n');
        text.push_str("| field | type | stability | meaning |\n| --- | --- | --- | --- |\n");
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let place = |name: &str| required.iter().position(|required| required == name);
        let mut all: Vec<(&String, &Value)> = schema["properties"].as_object().unwrap().iter().collect();
        // As they are defined; what may be left out comes last.
        all.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
        for (name, field) in all {
            let optional = if place(name).is_some() { "" } else { "; may be left out" };
            let stability = match field["x-stability"].as_str() {
                Some("wording") => "wording",
                _ => "stable",
            };
            let meaning = [meaning(field), told.of_its_type(field)].into_iter().find(|text| !text.is_empty());
            let meaning = meaning.unwrap_or_default();
            let _ =
                writeln!(text, "| `{name}` | {}{optional} | {stability} | {meaning} |", kind(name, field));
        }
    } else if schema["oneOf"].is_null() && schema["anyOf"].is_null() {
        let _ = writeln!(text, "\nIn JSON: {}.", kind("", schema));
    }
    for variants in [&schema["oneOf"], &schema["anyOf"]] {
        // Events and verdicts are part of several types.
        if let Some((_, place)) =
            told.variants.iter().find(|(known, _)| !known.is_null() && *known == variants)
        {
            let _ = writeln!(text, "\nThe further fields are those of [{place}](#{}).", place.to_lowercase());
            continue;
        }
        told.variants.push((variants, name.to_owned()));
        for variant in variants.as_array().into_iter().flatten() {
            match variant.get("$ref") {
                Some(_) => {
                    let _ = write!(text, "\n- {}", kind("", variant));
                }
                None if variant["const"].is_string() => {
                    let _ =
                        write!(text, "\n- `{}`: {}", variant["const"].as_str().unwrap(), meaning(variant));
                }
                None if variant["enum"].is_array() => {
                    let _ = write!(text, "\n- {}", kind("", variant));
                }
                None => {
                    let tag = variant["properties"].as_object().into_iter().flatten();
                    let tag = tag.filter_map(|(name, field)| Some((name, field["const"].as_str()?))).next();
                    let tag = tag.map(|(name, word)| format!("`{name}` is `{word}`")).unwrap_or_default();
                    let _ = write!(text, "\n**{tag}.** {}", described(variant));
                    fields(text, variant, name, told);
                }
            }
        }
    }
    if text.lines().last().is_some_and(|line| line.starts_with("- ")) {
        text.push('\n');
    }
}

fn meaning(field: &Value) -> String {
    let text = described(field);
    text.split("\n\n").next().unwrap().replace('\n', " ").replace('|', "\\|").trim().to_owned()
}

/// What kind of value a field has, with its unit.
fn kind(name: &str, schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        let name = path.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words =
            words.iter().map(|word| word.as_str().map_or("null".to_owned(), |word| format!("`{word}`")));
        return words.collect::<Vec<_>>().join(", ");
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        return kinds.iter().map(|schema| kind(name, schema)).collect::<Vec<_>>().join(" or ");
    }
    let one = |word: &str| match word {
        "array" => format!("list of {}", kind("", &schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of {}", kind("", &schema["additionalProperties"]))
        }
        "integer" if name.ends_with("_micros") => "integer, microseconds".to_owned(),
        "integer" if name.ends_with("bytes") => "integer, bytes".to_owned(),
        "integer" if schema["maximum"].is_u64() && schema["minimum"] != 0 => {
            format!("integer, {} to {}", schema["minimum"], schema["maximum"])
        }
        "string" => match schema["format"].as_str() {
            Some("date-time") => "string, RFC 3339 with +09:00".to_owned(),
            Some("date") => "string, YYYY-MM-DD".to_owned(),
            Some("time-with-units") => "string, numbers with units".to_owned(),
            Some(format) => format!("string, `{format}`"),
            None => "string".to_owned(),
        },
        word => word.to_owned(),
    };
    match &schema["type"] {
        Value::String(word) => one(word),
        Value::Array(words) => {
            words.iter().map(|word| one(word.as_str().unwrap())).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}
