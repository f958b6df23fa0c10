//! What `--json` prints is what `docs/json.md` says: same fields, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::json_page::{MARK, page};
use super::shop::{Shop, add};
use super::support::{PLACE, TIME, book, date, finish, lines, nobody, run, runner, stand_in, start};

fn schemas() -> Map<String, Value> {
    let done = run(&["schema"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    serde_json::from_str(&done.out).unwrap()
}

/// A document against the part of JSON Schema that the program uses.
struct Validator<'s> {
    root: &'s Value,
}

impl Validator<'_> {
    /// Checks a value and everything in it; a field that no schema names is a mistake.
    fn check(&self, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
        let named = self.evaluate(schema, value, path)?;
        let Some(fields) = value.as_object() else { return Ok(()) };
        match fields.keys().find(|name| !named.contains(*name)) {
            Some(name) => Err(format!("{path}.{name} is not described")),
            None => Ok(()),
        }
    }

    /// Gives the fields that the schema names.
    fn evaluate(&self, schema: &Value, value: &Value, path: &str) -> Result<BTreeSet<String>, String> {
        let mut named = BTreeSet::new();
        if let Some(at) = schema["$ref"].as_str() {
            let target = if at == "#" { Some(self.root) } else { self.root.pointer(&at[1..]) };
            named.extend(self.evaluate(target.ok_or(format!("{at} leads nowhere"))?, value, path)?);
        }
        let wrong = |what: &str| Err(format!("{path} is {value}, not {what}"));
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
            _ => Vec::new(),
        };
        let is = |kind: &&str| match *kind {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("type {other}"),
        };
        if !kinds.is_empty() && !kinds.iter().any(is) {
            return wrong(&kinds.join(" or "));
        }
        if schema.get("const").is_some_and(|word| word != value) {
            return wrong(&schema["const"].to_string());
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            return wrong(&schema["enum"].to_string());
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{path}[{index}]"))?;
        }
        if let Some(fields) = value.as_object() {
            for name in schema["required"].as_array().into_iter().flatten() {
                if !fields.contains_key(name.as_str().unwrap()) {
                    return Err(format!("{path} lacks {name}"));
                }
            }
            for (name, field) in fields {
                let of_all = schema.get("additionalProperties").filter(|of_all| of_all.is_object());
                if let Some(schema) = schema["properties"].get(name).or(of_all) {
                    self.check(schema, field, &format!("{path}.{name}"))?;
                    named.insert(name.clone());
                }
            }
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            named.extend(self.evaluate(part, value, path)?);
        }
        for variants in [&schema["oneOf"], &schema["anyOf"]] {
            let Some(variants) = variants.as_array() else { continue };
            let all: Vec<_> = variants.iter().map(|variant| self.evaluate(variant, value, path)).collect();
            let mut fitting = all.iter().filter_map(|result| result.as_ref().ok()).peekable();
            if fitting.peek().is_none() {
                return Err(format!("{path} fits no variant: {value} {all:?}"));
            }
            // Of several that fit, the one that names most of what is there.
            let fields = value.as_object().cloned().unwrap_or_default();
            let best = fitting.max_by_key(|names| fields.keys().filter(|name| names.contains(*name)).count());
            named.extend(best.unwrap().iter().cloned());
        }
        if schema == &Value::Bool(true) {
            named.extend(value.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        Ok(named)
    }
}

/// Documents of real runs, each with the name of its schema.
fn real() -> Vec<(&'static str, Value)> {
    let server = stand_in(|settings| settings.listed_names = Default::default());
    let (url, day) = (server.base_url(), date().to_string());
    let shop = Shop::new().furnish(&url);
    let settings = shop.folder.path().join("settings.toml");
    fs::write(&settings, "[[notify]]\nname = 'a'\nkind = 'slack'\nurl-file = 'nowhere'\n").unwrap();
    let settings = settings.to_str().unwrap().to_owned();
    let other = format!("{PLACE} {day} 10:00-12:00");
    let mut all = Vec::new();
    let mut of = |name, value: Value| all.push((name, value));
    let document = |out: &str| serde_json::from_str::<Value>(out).unwrap();
    of("add", shop.json(&add(&["--opens-at", "now", "--note", "a note", "--clock-offset", "+1ms"])));
    let refused = add(&["--opens-at", "now", "--time", "09:00-11:00", "--most-requests", "9"]);
    of("add", shop.json(&refused));
    lines(&shop.run(&["run-due", "--json"])).into_iter().for_each(|line| of("run-due", line));
    of("add", shop.json(&add(&["--time", "08:00-10:00", "--or", &other])));
    of("edit", shop.json(&["edit", "3", "--note", "later"]));
    of("cancel", document(&shop.run(&["cancel", "3", "9", "--json"]).out));
    of("retry", shop.json(&["retry", "3"]));
    of("list", shop.json(&["list"]));
    for id in ["1", "2", "3"] {
        of("show", shop.json(&["show", id]));
        of("show", shop.json(&["show", id, "--events", "--personal"]));
    }
    of("status", shop.json(&["status"]));
    of("web link", shop.json(&["web", "link"]));
    shop.run_with(&["web", "owner", "시험주인", "--password-stdin"], "invented-owner-1\n");
    of("web token add", shop.json(&["web", "token", "add", "phone", "--scope", "read", "--days", "9"]));
    of("web token list", shop.json(&["web", "token", "list"]));
    of("web token remove", shop.json(&["web", "token", "remove", "1"]));
    of("account list", shop.json(&["account", "list"]));
    of("applicant list", shop.json(&["applicant", "list"]));
    of("applicant show", shop.json(&["applicant", "show", "club"]));
    let file = shop.folder.path().join("more.toml");
    let more = format!("[[booking]]\nplace = \"{PLACE}\"\ndate = \"{day}\"\ntime = \"14:00-16:00\"\n");
    fs::write(&file, more).unwrap();
    let file = file.to_str().unwrap();
    of("import", shop.json(&["import", file, "--dry-run"]));
    of("import", shop.json(&["import", file]));
    of("settings show", shop.json(&["--config", &settings, "settings", "show"]));
    of("notify list", shop.json(&["--config", &settings, "notify", "list"]));
    of("notify test", document(&shop.run(&["--config", &settings, "notify", "test", "--json"]).out));
    of("doctor", document(&shop.run(&["doctor", "--offline", "--json"]).out));
    of("sites", shop.json(&["sites"]));
    let visit = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/captures/cheonan-not-open-first.har");
    of("capture check", document(&run(&["capture", "check", visit, "--json"]).out));
    of("capture dialect", document(&run(&["capture", "dialect", visit, "--json"]).out));
    of("places", shop.json(&["places", "--known"]));
    of("places", shop.json(&["places", "--centre", "NYJ06", "--base-url", &url, "--all"]));
    of("slots", shop.json(&["slots", "--base-url", &url, "--place", PLACE, "--date", &day]));
    lines(&run(&["clock", "--base-url", &url, "--probes", "2", "--json"]))
        .into_iter()
        .for_each(|line| of("clock", line));
    let dry = run(&book(&url, &["--dry-run", "--time", "16:00-18:00", "--json"]));
    lines(&dry).into_iter().for_each(|line| of("book --dry-run", line));
    let booked = run(&book(&url, &["--time", "16:00-18:00", "--json"]));
    lines(&booked).into_iter().for_each(|line| of("book", line));
    for more in [&["--opens-in", "0"][..], &["--opens-in", "0", "--taken"], &["--opens-in", "1s", "--stored"]]
    {
        let done = run(&[&["demo", "--json"], more].concat());
        lines(&done).into_iter().for_each(|line| of("demo", line));
    }
    of("errors", document(&shop.run(&["show", "99", "--json"]).out));
    all
}

#[test]
fn every_document_is_described_field_by_field() {
    let schemas = schemas();
    let real = real();
    let mut wrong = BTreeSet::new();
    for (name, value) in &real {
        let root = &schemas[*name];
        if let Err(error) = (Validator { root }).check(root, value, "") {
            wrong.insert(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let seen: BTreeSet<&str> = real.iter().map(|(name, _)| *name).collect();
    let unseen: Vec<&String> = schemas.keys().filter(|name| !seen.contains(name.as_str())).collect();
    assert!(unseen.is_empty(), "no run printed {unseen:?}");
}

#[test]
fn a_field_that_is_not_described_or_missing_is_found() {
    let schemas = schemas();
    let root = &schemas["cancel"];
    let check = |value: Value| Validator { root }.check(root, &value, "");
    let entry = json!({ "id": 1, "state": "cancelled", "cancel_asked": false });
    assert_eq!(check(json!({ "bookings": [entry], "failed": [] })), Ok(()));
    assert!(check(json!({ "bookings": [], "failed": [], "more": 1 })).is_err());
    assert!(check(json!({ "bookings": [{ "id": 1, "state": "cancelled" }], "failed": [] })).is_err());
    assert!(
        check(json!({ "bookings": [{ "id": "1", "state": "x", "cancel_asked": false }], "failed": [] }))
            .is_err()
    );
}

#[test]
fn every_command_with_json_has_a_schema() {
    let schemas = schemas();
    let help = |words: &[&str]| run(&[words, &["--help"]].concat()).out;
    let names = |help: &str| -> Vec<String> {
        let list =
            help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap().to_owned();
        let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        lines
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .filter(|name| name != "help")
            .collect()
    };
    let (mut found, mut groups) = (0, vec![Vec::<String>::new()]);
    while let Some(group) = groups.pop() {
        let words: Vec<&str> = group.iter().map(String::as_str).collect();
        let text = help(&words);
        let inner = names(&text);
        if inner.is_empty() && text.contains("--json") {
            assert!(schemas.contains_key(&words.join(" ")), "{words:?}");
            found += 1;
        }
        groups.extend(inner.into_iter().map(|name| [&group[..], &[name]].concat()));
    }
    assert_eq!(found, schemas.len() - 2, "all but the dry run and the errors are commands");
}

#[test]
fn the_page_says_what_the_types_say_json_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/json.md");
    let text = fs::read_to_string(&path).unwrap();
    let by_hand = text.split(MARK).next().unwrap();
    let made = format!("{by_hand}{MARK}\n{}", page(&schemas()));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, made).unwrap();
    } else {
        assert!(text == made, "docs/json.md is behind the types: run with UPDATE=1");
    }
}

#[test]
fn an_error_is_a_document_where_json_was_asked_for() {
    let shop = Shop::new().furnish(&nobody());
    let nowhere = shop.folder.path().to_str().unwrap().to_owned();
    let day = date().to_string();
    let book = book("nowhere", &["--json"]);
    let book: Vec<&str> = book.iter().map(String::as_str).collect();
    let away = nobody();
    let cases: [(&[&str], u8, &str, &str); 9] = [
        (&["show", "99", "--json"], 2, "bad-input", "99"),
        (&["show", "abc", "--json"], 2, "bad-input", "the number of a booking"),
        (&["list", "--jsom", "--json"], 2, "bad-input", "--jsom"),
        (&["list", "--account", "you", "--json"], 2, "bad-input", "you"),
        (&["retry", "99", "--json"], 2, "bad-input", "99"),
        (&["slots", "--base-url", &away, "--place", PLACE, "--date", &day, "--json"], 8, "network", ""),
        (&["clock", "--base-url", &away, "--json"], 8, "network", ""),
        (&["--database", &nowhere, "status", "--json"], 10, "store", &nowhere),
        (&book, 2, "bad-input", "nowhere"),
    ];
    for (arguments, code, kind, said) in cases {
        let done = shop.run(arguments);
        assert_eq!(done.code, Some(code.into()), "{arguments:?} {done:?}");
        let document: Value =
            serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{arguments:?} {done:?}"));
        assert_eq!(
            (&document["error"]["code"], &document["error"]["kind"]),
            (&code.into(), &kind.into()),
            "{done:?}"
        );
        assert!(document["error"]["message"].as_str().unwrap().contains(said), "{done:?}");
        assert!(done.err.lines().any(|line| line.starts_with("error: ")), "{done:?}");
    }
    // Without --json nothing but the sentence, and a value that looks like the flag is none.
    assert_eq!(shop.run(&["show", "99"]).out, "");
    assert_eq!(shop.run(&["show", "--", "--json"]).out, "");
}

#[test]
fn a_time_that_is_taken_is_an_error_of_the_dry_run() {
    let server = stand_in(|_| {});
    let (range, place) = (TIME.parse().unwrap(), PLACE.parse().unwrap());
    server.with(|site| site.take(&place, date(), range, "빠른클럽"));
    let mut command = runner(&book(&server.base_url(), &["--dry-run", "--json"]));
    command.env("RENT_PASSWORD", "invented-1");
    let done = finish(start(command, "invented-1\n"));
    assert_eq!(done.code, Some(3), "{done:?}");
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["error"]["kind"], "lost", "{document}");
}
