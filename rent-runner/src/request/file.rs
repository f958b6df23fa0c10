//! Bookings as a file has them: TOML or JSON to drafts, with every mistake named, and back.

use std::collections::BTreeMap;
use std::fmt;

use namyangju_rent::{HeadCount, TimeRange, nfc};
use serde_json::{Map, Value, json};

use super::GIVE_UP_AFTER;
use super::draft::Draft;
use crate::cli::{ApplicationArgs, AskedPlace, Choice, Clear, Edit, Format, OpensAt, PolicyName};
use crate::say::{retold, say};
use crate::words::duration;

/// More than this is no file of bookings.
pub(crate) const MAX_ENTRIES: usize = 10_000;

/// The name of the list in a file.
const LIST: &str = "booking";

/// The keys of an entry, in the order in which they are written.
const KEYS: [&str; 22] = [
    "account",
    "place",
    "date",
    "time",
    "or",
    "events",
    "opens-at",
    "applicant",
    "club-name",
    "head-count",
    "event-name",
    "purpose",
    "tel",
    "mobile",
    "applicant-name",
    "discount",
    "give-up-after",
    "lead",
    "clock-offset",
    "policy",
    "most-requests",
    "note",
];

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The entry, counted from 1; `None` for the file as a whole.
    pub(crate) entry: Option<usize>,
    pub(crate) key: String,
    pub(crate) why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "{}", say!("mistake-booking", entry = entry))?;
        }
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.why)
    }
}

/// The language of a text, where its file's name does not tell.
pub(crate) fn format_of(text: &str) -> Format {
    let mut marks = without_mark(text).chars().filter(|c| !c.is_whitespace());
    match (marks.next(), marks.next()) {
        (Some('{'), _) | (Some('['), Some('{' | ']')) => Format::Json,
        _ => Format::Toml,
    }
}

/// The text without the byte order mark that Windows editors put before it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Reads a file, of which all texts are taken in composed form: a draft for each entry, or all mistakes there are.
pub(crate) fn read(text: &str, format: Format) -> Result<Vec<Draft>, Vec<Mistake>> {
    let text = &nfc(without_mark(text));
    let whole = |why: String| vec![Mistake { entry: None, key: String::new(), why }];
    let entries = match format {
        Format::Json => list(
            serde_json::from_str(text)
                .map_err(|error| whole(say!("mistake-json", line = error.line(), column = error.column())))?,
        ),
        Format::Toml => toml::from_str::<toml::Table>(text)
            .map_err(|error| {
                // The message alone: the error's own text quotes the line, and a name may stand on it.
                let at = error.span().map_or(0, |span| span.start);
                let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
                whole(say!("mistake-toml", line = line, why = error.message()))
            })
            .map(|table| list(plain(toml::Value::Table(table))))?,
    };
    let entries = entries.map_err(whole)?;
    if entries.len() > MAX_ENTRIES {
        return Err(whole(say!("mistake-many", most = MAX_ENTRIES)));
    }
    let mut drafts = Vec::new();
    let mut mistakes = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let entry_number = Some(index + 1);
        let mut reader = EntryReader { entry: entry_number, fields: Map::new(), mistakes: &mut mistakes };
        match entry {
            Value::Object(fields) => {
                reader.fields = fields;
                drafts.extend(reader.draft());
            }
            _ => reader.wrong("", say!("mistake-table")),
        }
    }
    if mistakes.is_empty() { Ok(drafts) } else { Err(mistakes) }
}

/// The entries of a document: a bare list, or the one list it has.
fn list(document: Value) -> Result<Vec<Value>, String> {
    match document {
        Value::Array(entries) => Ok(entries),
        Value::Object(mut fields) => {
            let entries = fields.remove(LIST);
            if !fields.is_empty() {
                return Err(say!("mistake-more"));
            }
            match entries {
                Some(Value::Array(entries)) => Ok(entries),
                Some(_) => Err(say!("mistake-no-list")),
                None => Err(say!("mistake-none")),
            }
        }
        _ => Err(say!("mistake-empty")),
    }
}

/// TOML as JSON has it; dates become texts.
fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(list) => list.into_iter().map(plain).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, plain(value))).collect(),
    }
}

/// Reads a booking that stands alone, by the keys of an entry: a draft, or all mistakes there are.
pub(crate) fn read_one(fields: Map<String, Value>) -> Result<Draft, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let draft = EntryReader { entry: None, fields, mistakes: &mut mistakes }.draft();
    draft.filter(|_| mistakes.is_empty()).ok_or(mistakes)
}

/// Reads what is to be changed of a booking, by the keys of an entry but `account`. What may be taken away is taken away by
/// null.
pub(crate) fn read_change(fields: Map<String, Value>) -> Result<Edit, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let edit = EntryReader { entry: None, fields, mistakes: &mut mistakes }.change();
    if mistakes.is_empty() { Ok(edit) } else { Err(mistakes) }
}

/// Reads what is applied with, by the keys of an entry that are about it, and the name of the data.
pub(crate) fn read_application(
    fields: Map<String, Value>,
) -> Result<(Option<String>, ApplicationArgs), Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut reader = EntryReader { entry: None, fields, mistakes: &mut mistakes };
    let name = reader.text("name");
    let application = reader.application();
    reader.no_more();
    if mistakes.is_empty() { Ok((name, application)) } else { Err(mistakes) }
}

/// Reads one entry key by key.
struct EntryReader<'m> {
    entry: Option<usize>,
    fields: Map<String, Value>,
    mistakes: &'m mut Vec<Mistake>,
}

impl EntryReader<'_> {
    fn wrong(&mut self, key: &str, why: impl Into<String>) {
        self.mistakes.push(Mistake { entry: self.entry, key: key.to_owned(), why: why.into() });
    }

    fn draft(mut self) -> Option<Draft> {
        let before = self.mistakes.len();
        let places: Vec<AskedPlace> = self.several("place");
        let date = self.parsed("date");
        let times: Vec<TimeRange> = self.several("time");
        for (key, missing) in
            [("place", places.is_empty()), ("date", date.is_none()), ("time", times.is_empty())]
        {
            if missing && !self.mistakes.iter().skip(before).any(|mistake| mistake.key == key) {
                self.wrong(key, say!("mistake-missing"));
            }
        }
        let or: Vec<Choice> = self.list("or");
        let mut draft = Draft { account: self.text("account"), ..self.rest() };
        draft.events = self.truth("events").unwrap_or_default();
        self.no_more();
        let date = date?;
        for range in times {
            draft.choices.extend(places.iter().map(|place| Choice { place: place.clone(), date, range }));
        }
        draft.choices.extend(or);
        (self.mistakes.len() == before).then_some(draft)
    }

    fn change(mut self) -> Edit {
        let clear = [
            ("or", Clear::Or),
            ("clock-offset", Clear::ClockOffset),
            ("most-requests", Clear::MostRequests),
            ("note", Clear::Note),
        ];
        let clear = clear.into_iter().filter(|(key, _)| self.fields.get(*key) == Some(&Value::Null));
        let clear = clear.map(|(_, what)| what).collect();
        let Draft { applicant, application, opens_at, aim, note, .. } = self.rest();
        let edit = Edit {
            id: 0,
            place: self.several("place"),
            date: self.parsed("date"),
            time: self.several("time"),
            or: self.list("or"),
            events: self.truth("events"),
            applicant,
            application,
            opens_at,
            aim,
            note,
            clear,
            json: false,
        };
        self.no_more();
        edit
    }

    /// What an entry and a change have in common.
    fn rest(&mut self) -> Draft {
        let mut draft = Draft {
            applicant: self.text("applicant"),
            application: self.application(),
            opens_at: self.parsed("opens-at"),
            note: self.text("note"),
            ..Draft::default()
        };
        draft.aim.give_up_after = self.read("give-up-after", duration::parse);
        draft.aim.lead = self.read("lead", duration::parse);
        draft.aim.clock_offset = self.read("clock-offset", duration::parse_offset);
        draft.aim.policy = self.read("policy", |text| match text {
            "default" => Ok(PolicyName::Default),
            "original" => Ok(PolicyName::Original),
            _ => Err(say!("write-policy")),
        });
        draft.aim.most_requests = self.read("most-requests", |text| match text.parse() {
            Ok(0) | Err(_) => Err(say!("write-from-one")),
            Ok(number) => Ok(number),
        });
        draft
    }

    fn application(&mut self) -> ApplicationArgs {
        ApplicationArgs {
            club_name: self.text("club-name"),
            head_count: self
                .hidden("head-count", &say!("write-head-count"), |text| text.parse::<HeadCount>().ok()),
            event_name: self.text("event-name"),
            purpose: self.text("purpose"),
            tel: self.text("tel"),
            mobile: self.text("mobile"),
            applicant_name: self.text("applicant-name"),
            discount: self.text("discount"),
        }
    }

    /// Whatever has not been read is a mistake.
    fn no_more(&mut self) {
        let unknown: Vec<String> = self.fields.keys().cloned().collect();
        for key in unknown {
            self.wrong(&key, say!("mistake-key", keys = KEYS.join(", ")));
        }
    }

    /// A text, or a number as it is written.
    fn text(&mut self, key: &str) -> Option<String> {
        match self.fields.remove(key)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.wrong(key, say!("write-text"));
                None
            }
        }
    }

    fn read<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match read(self.text(key)?.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(key, why);
                None
            }
        }
    }

    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<T> {
        self.read(key, |text| text.parse::<T>().map_err(|error| retold(&error.to_string())))
    }

    /// One value, or a list of them.
    fn several<T: std::str::FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Vec<T> {
        let Some(Value::Array(list)) = self.fields.get(key) else {
            return self.parsed(key).into_iter().collect();
        };
        let texts: Vec<Value> = list.clone();
        self.fields.remove(key);
        let mut values = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let parsed = match text.as_str() {
                Some(text) => text.parse::<T>().map_err(|error| retold(&error.to_string())),
                None => Err(say!("write-text")),
            };
            match parsed {
                Ok(value) => values.push(value),
                Err(why) => self.wrong(key, say!("mistake-number", number = index + 1, why = why)),
            }
        }
        values
    }

    /// A value that no message repeats.
    fn hidden<T>(&mut self, key: &str, why: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.read(key, |text| read(text).ok_or_else(|| why.to_owned()))
    }

    fn truth(&mut self, key: &str) -> Option<bool> {
        match self.fields.remove(key) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(truth)) => Some(truth),
            Some(_) => {
                self.wrong(key, say!("write-truth"));
                None
            }
        }
    }

    fn list(&mut self, key: &str) -> Vec<Choice> {
        let texts = match self.fields.remove(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.wrong(key, say!("write-choices"));
                return Vec::new();
            }
        };
        let mut choices = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let parsed = text.as_str().ok_or_else(|| say!("write-text")).and_then(str::parse);
            match parsed {
                Ok(choice) => choices.push(choice),
                Err(why) => self.wrong(key, say!("mistake-number", number = index + 1, why = why)),
            }
        }
        choices
    }
}

/// Writes drafts as a file that [`read`] takes.
pub(crate) fn write(drafts: &[Draft], format: Format) -> Result<String, serde_json::Error> {
    let entries: Vec<BTreeMap<usize, Value>> = drafts.iter().map(fields).collect();
    let named = |entry: &BTreeMap<usize, Value>| -> Map<String, Value> {
        entry.iter().filter_map(|(at, value)| Some(((*KEYS.get(*at)?).to_owned(), value.clone()))).collect()
    };
    match format {
        Format::Json => {
            let entries: Vec<Value> = entries.iter().map(|entry| Value::Object(named(entry))).collect();
            serde_json::to_string_pretty(&json!({ LIST: entries }))
        }
        Format::Toml => {
            let mut text = String::new();
            for entry in &entries {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str("[[booking]]\n");
                for (at, value) in entry {
                    let key = KEYS.get(*at).copied().unwrap_or_default();
                    text.push_str(&format!("{key} = {}\n", toml_value(value)?));
                }
            }
            Ok(text)
        }
    }
}

/// A text, number, truth or list in TOML: as in JSON, but that TOML wants the character DEL escaped.
fn toml_value(value: &Value) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(value)?.replace('\u{7f}', "\\u007f"))
}

/// What is said of a draft, by the place of its key.
fn fields(draft: &Draft) -> BTreeMap<usize, Value> {
    let mut fields = BTreeMap::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let (Some(at), Some(value)) = (KEYS.iter().position(|known| *known == key), value) {
            fields.insert(at, value);
        }
    };
    let text = |value: &Option<String>| value.clone().map(Value::String);
    put("account", text(&draft.account));
    put("applicant", text(&draft.applicant));
    let mut choices = draft.choices.iter();
    if let Some(first) = choices.next() {
        put("place", Some(json!(first.place.to_string())));
        put("date", Some(json!(first.date)));
        put("time", Some(json!(first.range)));
    }
    let or: Vec<Value> = choices.map(|choice| choice.to_string().into()).collect();
    put("or", (!or.is_empty()).then_some(Value::Array(or)));
    put("events", draft.events.then_some(true.into()));
    put(
        "opens-at",
        draft.opens_at.map(|opens| match opens {
            OpensAt::Instant(at) => json!(at),
            OpensAt::Auto => "auto".into(),
            OpensAt::Now => "now".into(),
        }),
    );
    let application = &draft.application;
    put("club-name", text(&application.club_name));
    put("head-count", application.head_count.map(|count| count.get().into()));
    put("event-name", text(&application.event_name));
    put("purpose", text(&application.purpose));
    put("tel", text(&application.tel));
    put("mobile", text(&application.mobile));
    put("applicant-name", text(&application.applicant_name));
    put("discount", text(&application.discount));
    let aim = &draft.aim;
    let give_up_after = aim.give_up_after.filter(|time| *time != GIVE_UP_AFTER);
    put("give-up-after", give_up_after.map(|time| duration::text(time).into()));
    put("lead", aim.lead.filter(|lead| !lead.is_zero()).map(|lead| duration::text(lead).into()));
    put("clock-offset", aim.clock_offset.map(|offset| duration::offset_text(offset).into()));
    put("policy", aim.policy.filter(|pace| *pace == PolicyName::Original).map(|_| "original".into()));
    put("most-requests", aim.most_requests.map(Value::from));
    put("note", text(&draft.note));
    fields
}
