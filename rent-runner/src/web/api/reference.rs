//! The page about the API, made from the OpenAPI document.

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::problem::ProblemKind;
use super::{DOCUMENT, KOREAN_SUMMARY, caller};
use crate::web::answer::html;
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};

/// A parameter or a field.
#[derive(Clone, Debug)]
struct FieldLine {
    name: String,
    kind: String,
    required: bool,
    text: String,
}

/// An operation.
#[derive(Clone, Debug)]
struct OperationEntry {
    id: String,
    method: String,
    path: String,
    english: String,
    korean: String,
    scope: String,
    parameters: Vec<FieldLine>,
    fields: Vec<FieldLine>,
    /// The status and the type of the answer.
    answer: String,
}

/// A kind of problem.
#[derive(Clone, Copy, Debug)]
struct ProblemLine {
    word: &'static str,
    status: u16,
    title: &'static str,
}

/// What the page shows, but for its language.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    operations: Vec<OperationEntry>,
    problems: Vec<ProblemLine>,
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage<'r> {
    frame: Frame,
    operations: &'r [OperationEntry],
    problems: &'r [ProblemLine],
    document: &'static str,
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Follows a reference into the document.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|at| document.pointer(at.trim_start_matches('#')));
    target.unwrap_or(schema)
}

fn kind(schema: &Value) -> String {
    let of_type = |value: &Value| match value {
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let words = words.iter().filter_map(Value::as_str).filter(|word| *word != "null");
            words.collect::<Vec<_>>().join(" | ")
        }
        _ => String::new(),
    };
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    match schema.get("type") {
        Some(word) => of_type(word),
        None => "string | array".to_owned(),
    }
}

/// The fields of an object, with those of its parts.
fn fields(document: &Value, schema: &Value) -> Vec<FieldLine> {
    let schema = resolved(document, schema);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let own = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    own.map(|(name, field)| FieldLine {
        name: name.clone(),
        kind: kind(field),
        required: required.contains(&name.as_str()),
        text: text(field, "description"),
    })
    .collect()
}

fn entry(document: &Value, path: &str, method: &str, operation: &Value) -> OperationEntry {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let parameters = parameters.map(|parameter| FieldLine {
        name: text(parameter, "name"),
        kind: format!("{}, {}", text(parameter, "in"), kind(parameter.get("schema").unwrap_or(&Value::Null))),
        required: parameter.get("required").and_then(Value::as_bool).unwrap_or_default(),
        text: text(parameter, "description"),
    });
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    let answers = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    let answers = answers.filter(|(status, _)| status.starts_with('2')).map(|(status, answer)| {
        let schema = answer.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
        let name = schema.and_then(|at| at.rsplit('/').next()).unwrap_or_default();
        format!("{status} {name}").trim().to_owned()
    });
    OperationEntry {
        id: text(operation, "operationId"),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        english: text(operation, "summary"),
        korean: text(operation, KOREAN_SUMMARY),
        scope: operation
            .pointer(&format!("/security/0/{}/0", caller::TOKEN))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        parameters: parameters.collect(),
        fields: body.map(|schema| fields(document, schema)).unwrap_or_default(),
        answer: answers.collect::<Vec<_>>().join(", "),
    }
}

impl Reference {
    /// By the document.
    pub(super) fn of(document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let item = item.as_object().into_iter().flatten();
            item.map(move |(method, operation)| entry(document, path, method, operation))
        });
        let problems = ProblemKind::ALL.map(|kind| {
            let (word, status, title) = kind.described();
            ProblemLine { word, status: status.as_u16(), title }
        });
        Self { operations: operations.collect(), problems: problems.to_vec() }
    }
}

/// The page.
pub(super) fn show(reference: &Reference, reader: &Reader, signed_in: Option<SignedIn>) -> Response {
    let mut frame = reader.frame(reader.words.api, signed_in.as_ref());
    "/api/".clone_into(&mut frame.path);
    html(&ApiPage {
        frame,
        operations: &reference.operations,
        problems: &reference.problems,
        document: DOCUMENT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::to_value(super::super::described().1).unwrap()
    }

    #[test]
    fn every_operation_says_what_it_does_and_which_scope_it_needs() {
        let reference = Reference::of(&document());
        assert!(reference.operations.len() > 25, "{}", reference.operations.len());
        for operation in &reference.operations {
            let OperationEntry { id, english, korean, scope, answer, .. } = operation;
            assert!(![id, english, korean, answer].iter().any(|text| text.is_empty()), "{operation:?}");
            assert!(["read", "book", "admin"].contains(&scope.as_str()), "{operation:?}");
            // Looking never needs the scope that books.
            assert!(operation.method != "GET" || scope != "book", "{operation:?}");
        }
        let mut ids: Vec<_> = reference.operations.iter().map(|operation| &operation.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), reference.operations.len());
    }

    #[test]
    fn the_fields_of_a_new_booking_are_told() {
        let reference = Reference::of(&document());
        let add = reference.operations.iter().find(|operation| operation.id == "addBooking").unwrap();
        let names: Vec<_> = add.fields.iter().map(|field| field.name.as_str()).collect();
        for name in ["place", "date", "time", "or", "club_name", "give_up_after", "opens_at"] {
            assert!(names.contains(&name), "{names:?}");
        }
        let required: Vec<_> =
            add.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
        assert_eq!(required, ["date", "place", "time"]);
        assert_eq!(add.answer, "201 AddDocument");
    }
}
