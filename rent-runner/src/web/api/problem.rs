//! Why a request of the API was not answered: one form for all (RFC 9457).

use std::borrow::Cow;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Described, SchemaObject, StatusCode as Code};
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use namyangju_rent::Error;
use schemars::JsonSchema;
use serde::Serialize;

use crate::bad_input::BadInput;
use crate::request::file::Mistake;
use crate::store::StoreError;
use crate::vault::VaultError;
use crate::web::state::TARGET;

/// The kind of content that a problem has.
const PROBLEM_JSON: &str = "application/problem+json";

/// The most bytes of an answer that is made into a problem: ours are a line of text.
const MAX_TEXT: usize = 16 * 1024;

/// Why a request was not answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// What kind of problem it is: a place in the page about the API. Programs decide by this, or by the status.
    #[serde(rename = "type")]
    kind: String,
    /// The same in a few words.
    title: Cow<'static, str>,
    /// The status of the answer.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// What is wrong with single fields of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// What is wrong with a field.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FieldProblem {
    /// Its name, or that of a parameter or a header.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) detail: String,
}

/// The kinds of problems: the word of each, its status, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProblemKind {
    BadRequest,
    Unauthorized,
    Scope,
    OwnerOnly,
    Foreign,
    NotFound,
    Method,
    Conflict,
    Changed,
    TooLarge,
    NotJson,
    Invalid,
    KeyReused,
    NeedsIfMatch,
    TooMany,
    Failed,
    Site,
    Store,
}

impl ProblemKind {
    pub(super) const ALL: [Self; 18] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Scope,
        Self::OwnerOnly,
        Self::Foreign,
        Self::NotFound,
        Self::Method,
        Self::Conflict,
        Self::Changed,
        Self::TooLarge,
        Self::NotJson,
        Self::Invalid,
        Self::KeyReused,
        Self::NeedsIfMatch,
        Self::TooMany,
        Self::Failed,
        Self::Site,
        Self::Store,
    ];

    /// The word, the status and the title.
    pub(super) fn described(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadRequest => ("bad-request", StatusCode::BAD_REQUEST, "the request cannot be read"),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED, "nobody is signed in"),
            Self::Scope => ("scope", StatusCode::FORBIDDEN, "the token is not for this"),
            Self::OwnerOnly => ("owner-only", StatusCode::FORBIDDEN, "this is the owner's"),
            Self::Foreign => {
                ("foreign", StatusCode::FORBIDDEN, "the request may come from another site's page")
            }
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "there is no such thing"),
            Self::Method => {
                ("method", StatusCode::METHOD_NOT_ALLOWED, "the address does not take this method")
            }
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "it contradicts what is stored"),
            Self::Changed => ("changed", StatusCode::PRECONDITION_FAILED, "it was changed meanwhile"),
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::NotJson => ("not-json", StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is not JSON"),
            Self::Invalid => ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "a value cannot be used"),
            Self::KeyReused => (
                "key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "the Idempotency-Key was used for another body",
            ),
            Self::NeedsIfMatch => (
                "needs-if-match",
                StatusCode::PRECONDITION_REQUIRED,
                "the change does not say what it changes",
            ),
            Self::TooMany => ("too-many", StatusCode::TOO_MANY_REQUESTS, "there were too many requests"),
            Self::Failed => ("failed", StatusCode::INTERNAL_SERVER_ERROR, "something failed"),
            Self::Site => ("site", StatusCode::BAD_GATEWAY, "the reservation site did not do it"),
            Self::Store => ("store", StatusCode::SERVICE_UNAVAILABLE, "the store cannot be used"),
        }
    }

    fn of_status(status: StatusCode) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.described().1 == status)
    }
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let (word, status, title) = kind.described();
        Self {
            kind: format!("/api/#{word}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// What is wrong with single fields.
    pub(super) fn invalid(errors: Vec<FieldProblem>) -> Self {
        let named: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        let detail = format!("these cannot be used: {}", named.join(", "));
        Self { errors, ..Self::new(ProblemKind::Invalid, detail) }
    }

    /// What is wrong with one.
    pub(super) fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem { field: field.to_owned(), detail: detail.into() }])
    }

    /// What is not there, or is another user's.
    pub(super) fn missing(what: &str) -> Self {
        Self::new(ProblemKind::NotFound, format!("there is no such {what}"))
    }

    /// An error whose field is known by its key in a file of bookings; none if the message names it.
    pub(super) fn at(key: &str, error: anyhow::Error) -> Self {
        let key = key.split(", ").next().unwrap_or_default();
        match error.downcast::<BadInput>() {
            Ok(BadInput(why)) => {
                let named = why.split_whitespace().find_map(|word| word.strip_prefix("--"));
                let field = if key.is_empty() { named.unwrap_or("body") } else { key };
                let field = field.trim_end_matches(|c: char| !c.is_alphanumeric());
                Self::field(&field.replace('-', "_"), as_fields(&why))
            }
            Err(error) => error.into(),
        }
    }
}

/// A sentence that names flags of the command line, for somebody who has fields.
fn as_fields(sentence: &str) -> String {
    let word = |word: &str| match word.strip_prefix("--") {
        Some(flag) => flag.replace('-', "_"),
        None => word.to_owned(),
    };
    sentence.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

impl From<Vec<Mistake>> for Problem {
    fn from(mistakes: Vec<Mistake>) -> Self {
        let field = |mistake: Mistake| {
            let field =
                if mistake.key.is_empty() { "body".to_owned() } else { mistake.key.replace('-', "_") };
            FieldProblem { field, detail: as_fields(&mistake.why) }
        };
        Self::invalid(mistakes.into_iter().map(field).collect())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            // Its words name what else there is, and that may be another user's.
            StoreError::NotFound(_) => Self::new(ProblemKind::NotFound, "it is not there any more"),
            StoreError::Conflict(why) => Self::new(ProblemKind::Conflict, why),
            StoreError::Unreadable(booking) => Self::new(ProblemKind::Store, booking.to_string()),
            error => {
                tracing::error!(target: TARGET, %error, "the store failed a request of the API");
                Self::new(ProblemKind::Store, "the store does not answer: try again later")
            }
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        if let Some(BadInput(why)) = error.downcast_ref() {
            return Self::new(ProblemKind::Invalid, as_fields(why));
        }
        if error.chain().any(|cause| cause.is::<Error>()) {
            return Self::new(ProblemKind::Site, format!("{error:#}"));
        }
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) => {
                tracing::error!(target: TARGET, error = format!("{error:#}"), "a request of the API failed");
                let kind = if error.is::<VaultError>() { ProblemKind::Store } else { ProblemKind::Failed };
                Self::new(kind, "the reason is in the log of the program")
            }
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("20"));
        }
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let json_schema = ctx.schema.subschema_for::<Self>();
        let schema = SchemaObject { json_schema, example: None, external_docs: None };
        let content = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(Described {
            description: "Why the request was not answered.".to_owned(),
            content: [(PROBLEM_JSON.to_owned(), content)].into_iter().collect(),
            ..Described::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        Self::operation_response(ctx, operation).map(|response| (None, response)).into_iter().collect()
    }
}

/// Gives every refusal below `/api/v1` the form of a problem, also those of the doors before it.
pub(in crate::web) async fn shape(request: Request, next: Next) -> Response {
    let is_ours = request.uri().path().starts_with("/api/v1");
    let response = next.run(request).await;
    let status = response.status();
    let is_problem =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == PROBLEM_JSON.as_bytes());
    if !is_ours || is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (head, body) = response.into_parts();
    let text = to_bytes(body, MAX_TEXT).await.unwrap_or_default();
    let is_text = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
    let text = String::from_utf8_lossy(if is_text { &text } else { b"" }).trim().to_owned();
    let kind = ProblemKind::of_status(status).unwrap_or(ProblemKind::BadRequest);
    let mut problem = Problem::new(kind, text);
    problem.status = status.as_u16();
    if problem.detail.is_empty() {
        problem.detail = problem.title.clone().into_owned();
    }
    if status == StatusCode::FORBIDDEN {
        // By a door: a foreign page, or a server that nobody owns yet.
        problem = Problem::new(ProblemKind::Foreign, problem.detail);
    }
    let mut response = problem.into_response();
    keep(&head.headers, response.headers_mut());
    response
}

/// What an answer keeps of the one that it stands for.
fn keep(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
    to.remove(CONTENT_LENGTH);
}
