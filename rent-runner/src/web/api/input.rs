//! What a request gives: a body, parameters, headers. Every mistake is named with its field.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, RequestBody, SchemaObject};
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema, set_body};
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use namyangju_rent::nfc;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value};

use super::problem::{FieldProblem, Problem, ProblemKind};
use crate::store::{Creation, CreationKey};
use crate::web::doors::token;
use crate::web::state::Web;

/// The most bytes of a body: ours have a few hundred.
const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest key that a program may give a request.
const MAX_KEY: usize = 200;

/// The header with that key.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A JSON object, as `T` describes it.
#[derive(Debug)]
pub(super) struct ApiBody<T> {
    pub(super) fields: Map<String, Value>,
    /// The body as it came.
    raw: Vec<u8>,
    of: PhantomData<T>,
}

impl<T> ApiBody<T> {
    /// Its fields, one after another.
    pub(super) fn reader(self) -> FieldReader {
        FieldReader { fields: self.fields, mistakes: Vec::new() }
    }

    /// The fields as a file of bookings names them.
    pub(super) fn into_keys(self) -> Map<String, Value> {
        // What has the file's own form is no field of ours.
        let key =
            |field: String| if field.contains('-') { format!("-{field}") } else { field.replace('_', "-") };
        self.fields.into_iter().map(|(field, value)| (key(field), value)).collect()
    }
}

impl<T: Send> FromRequest<Arc<Web>> for ApiBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Web>) -> Result<Self, Problem> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), MAX_BODY)).await;
        let raw = match body {
            Ok(Ok(body)) => body.to_vec(),
            Ok(Err(_)) => {
                return Err(Problem::new(
                    ProblemKind::TooLarge,
                    format!("a body has {MAX_BODY} bytes at most"),
                ));
            }
            Err(_) => return Err(Problem::new(ProblemKind::BadRequest, "the body did not come in time")),
        };
        if raw.is_empty() {
            return Ok(Self { fields: Map::new(), raw, of: PhantomData });
        }
        if !["application/json", "application/merge-patch+json"].contains(&kind.as_str()) {
            return Err(Problem::new(ProblemKind::NotJson, "send `Content-Type: application/json`"));
        }
        let text = std::str::from_utf8(&raw)
            .map_err(|_| Problem::new(ProblemKind::BadRequest, "it is not UTF-8"))?;
        // The error of the reader could quote what it has read.
        let value = serde_json::from_str(&nfc(text)).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Problem::new(ProblemKind::BadRequest, format!("line {line}, column {column}: this is not JSON"))
        })?;
        match value {
            Value::Object(fields) => Ok(Self { fields, raw, of: PhantomData }),
            _ => Err(Problem::field("body", "write an object")),
        }
    }
}

impl<T: JsonSchema> OperationInput for ApiBody<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let json_schema = schema_of::<T>();
        let required =
            json_schema.get("required").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        let schema = SchemaObject { json_schema, example: None, external_docs: None };
        let content = MediaType { schema: Some(schema), ..MediaType::default() };
        let content = [("application/json".to_owned(), content)].into_iter().collect();
        set_body(ctx, operation, RequestBody { content, required, ..RequestBody::default() });
    }
}

/// The parameters behind `?`, as `T` describes them.
#[derive(Debug)]
pub(super) struct ApiQuery<T>(pub(super) FieldReader, pub(super) PhantomData<T>);

impl<T: Send> FromRequestParts<Arc<Web>> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let mut fields = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if fields.insert(name.to_string(), Value::String(nfc(&value))).is_some() {
                return Err(Problem::field(&name, "it is given twice"));
            }
        }
        Ok(Self(FieldReader { fields, mistakes: Vec::new() }, PhantomData))
    }
}

impl<T: JsonSchema> OperationInput for ApiQuery<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let parameters = parameters_from_schema(ctx, schema_of::<T>(), ParamLocation::Query);
        add_parameters(ctx, operation, parameters);
    }
}

/// Reads fields, and gathers what is wrong with them.
#[derive(Debug)]
pub(super) struct FieldReader {
    fields: Map<String, Value>,
    mistakes: Vec<FieldProblem>,
}

impl FieldReader {
    fn wrong(&mut self, field: &str, detail: impl Into<String>) {
        self.mistakes.push(FieldProblem { field: field.to_owned(), detail: detail.into() });
    }

    /// A text as it was typed: a password.
    pub(super) fn raw(&mut self, field: &str) -> Option<String> {
        match self.fields.remove(field)? {
            Value::Null => None,
            Value::String(text) if text.contains('\0') => {
                self.wrong(field, "it has a character that is none");
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.wrong(field, "write a text");
                None
            }
        }
    }

    /// A text without blanks around it.
    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        Some(self.raw(field)?.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A text that has to be there.
    pub(super) fn needed(&mut self, field: &str) -> String {
        let is_wrong = |mistakes: &[FieldProblem]| mistakes.iter().any(|mistake| mistake.field == field);
        match self.text(field) {
            Some(text) => text,
            None => {
                if !is_wrong(&self.mistakes) {
                    self.wrong(field, "it is missing");
                }
                String::new()
            }
        }
    }

    /// A password, which has to be there.
    pub(super) fn secret(&mut self, field: &str) -> String {
        let before = self.mistakes.len();
        match self.raw(field).filter(|text| !text.is_empty()) {
            Some(text) => text,
            None => {
                if self.mistakes.len() == before {
                    self.wrong(field, "it is missing");
                }
                String::new()
            }
        }
    }

    /// A value that its type parses from a text or a number.
    pub(super) fn parsed<V: std::str::FromStr<Err: std::fmt::Display>>(&mut self, field: &str) -> Option<V> {
        if let Some(Value::Number(number)) = self.fields.get(field) {
            let text = number.to_string();
            self.fields.insert(field.to_owned(), Value::String(text));
        }
        match self.text(field)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(field, error.to_string());
                None
            }
        }
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, field: &str, least: u32, most: u32) -> Option<u32> {
        let number: u32 = self.parsed(field)?;
        if (least..=most).contains(&number) {
            return Some(number);
        }
        self.wrong(field, format!("write a number from {least} to {most}"));
        None
    }

    /// Whether something is wanted; it is not, where it is not said.
    pub(super) fn truth(&mut self, field: &str) -> bool {
        match self.fields.get(field) {
            Some(Value::Bool(truth)) => {
                let truth = *truth;
                self.fields.remove(field);
                truth
            }
            _ => match self.text(field).as_deref() {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => {
                    self.wrong(field, "write true or false");
                    false
                }
            },
        }
    }

    /// Refuses what was wrong, and what has not been read.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<String> = self.fields.keys().cloned().collect();
        for field in unknown {
            self.wrong(&field, "there is no such field here");
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(Problem::invalid(self.mistakes)) }
    }
}

/// What may be given: an answer has every field, and a request may leave some out.
fn schema_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}

/// Adds a header to the description of an operation.
fn header(ctx: &mut GenContext, operation: &mut Operation, name: &str, required: bool, schema: Schema) {
    let needed: Vec<&str> = if required { vec![name] } else { Vec::new() };
    let all = json_schema!({ "type": "object", "properties": { (name): schema }, "required": needed });
    let parameters = parameters_from_schema(ctx, all, ParamLocation::Header);
    add_parameters(ctx, operation, parameters);
}

/// The key under which a program creates something.
#[derive(Clone, Debug)]
pub(super) struct GivenKey {
    key: Option<String>,
    path: String,
}

impl GivenKey {
    /// Who creates something by this request.
    pub(super) fn creation<T>(&self, user: i64, body: &ApiBody<T>) -> Creation {
        let key = self.key.as_ref().map(|key| CreationKey {
            key: token::hash(&format!("{key}\0{}", self.path)),
            // With the key, so that nobody who reads the store can try passwords on it.
            body: token::hash(&format!("{key}\0{}", String::from_utf8_lossy(&body.raw))),
        });
        Creation { user, key }
    }
}

impl FromRequestParts<Arc<Web>> for GivenKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Problem> {
        let path = parts.uri.path().to_owned();
        let Some(line) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(Self { key: None, path }) };
        let key = line.to_str().ok().map(|key| key.trim().to_owned());
        match key.filter(|key| (1..=MAX_KEY).contains(&key.len())) {
            Some(key) => Ok(Self { key: Some(key), path }),
            None => {
                let why = format!("write 1 to {MAX_KEY} visible ASCII characters");
                Err(Problem::field("Idempotency-Key", why))
            }
        }
    }
}

impl OperationInput for GivenKey {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_KEY,
            "pattern": "^[!-~]+$",
            "description": "A text of your own, such as a UUID. For a day the same request with the same key gets the same answer, and nothing is created twice."
        });
        header(ctx, operation, "Idempotency-Key", false, schema);
    }
}

/// What a change has seen: the `ETag` of an answer.
#[derive(Clone, Debug)]
pub(super) struct Seen(String);

impl Seen {
    /// Whether it is this tag; `*` is any.
    pub(super) fn is(&self, tag: &str) -> bool {
        self.0.split(',').any(|given| [tag, "*"].contains(&given.trim()))
    }
}

/// Whether a text is a tag as it stands in a header.
fn is_tag(text: &str) -> bool {
    let text = text.trim();
    let inner = text.trim_start_matches("W/").strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    text == "*" || inner.is_some_and(|inner| !inner.is_empty() && !inner.contains('"'))
}

impl FromRequestParts<Arc<Web>> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Problem> {
        let line = parts.headers.get(IF_MATCH).and_then(|line| line.to_str().ok()).map(str::trim);
        match line.filter(|line| !line.is_empty()) {
            Some(line) if line.split(',').all(is_tag) => Ok(Self(line.to_owned())),
            Some(_) => Err(Problem::field("If-Match", "write an ETag with its quotation marks")),
            None => {
                let why = "send `If-Match` with the ETag of what you have seen";
                Err(Problem::new(ProblemKind::NeedsIfMatch, why))
            }
        }
    }
}

impl OperationInput for Seen {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = json_schema!({
            "type": "string",
            "pattern": "^(\\*|\"[!#-~]+\")$",
            "description": "The ETag of what is to be changed, as its GET gave it. If somebody has changed it since, nothing happens."
        });
        header(ctx, operation, "If-Match", true, schema);
    }
}
