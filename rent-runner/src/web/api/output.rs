//! How the API answers: a document, what was created, the rest of a list, the tag of what was seen.

use std::marker::PhantomData;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Described, SchemaObject, StatusCode as Code};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, LINK, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::{Problem, ProblemKind};
use crate::store::{CreationKey, KeptCreation};
use crate::web::doors::token;

/// A document, as `T` describes it, with the status `N`.
#[derive(Debug)]
pub(super) struct Answer<T, const N: u16 = 200> {
    response: Response,
    of: PhantomData<T>,
}

/// What was created.
pub(super) type Made<T> = Answer<T, 201>;

impl<T, const N: u16> Answer<T, N> {
    /// A document. It is written at once, so that it may borrow what the handler has read.
    pub(super) fn json(document: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self::text(serde_json::to_string(document).map_err(anyhow::Error::from)?))
    }

    /// One that was written before.
    pub(super) fn text(text: String) -> Self {
        let status = StatusCode::from_u16(N).unwrap_or(StatusCode::OK);
        let response = (status, [(CONTENT_TYPE, "application/json")], text).into_response();
        Self { response, of: PhantomData }
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.headers_mut().insert(name, value);
        }
        self
    }

    /// With the tag that a change has to show.
    pub(super) fn tagged(self, tag: &str) -> Self {
        self.with(ETAG, tag)
    }

    /// With the address of what was made.
    pub(super) fn at(self, path: &str) -> Self {
        self.with(LOCATION, path)
    }

    /// With the address of the rest of a list, if there is one.
    pub(super) fn followed_by(self, next: Option<String>) -> Self {
        match next {
            Some(next) => self.with(LINK, &format!("<{next}>; rel=\"next\"")),
            None => self,
        }
    }

    /// That this answer was given before.
    pub(super) fn replayed(self) -> Self {
        self.with(HeaderName::from_static("idempotency-replayed"), "true")
    }
}

impl<T, const N: u16> IntoResponse for Answer<T, N> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: JsonSchema, const N: u16> OperationOutput for Answer<T, N> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let json_schema = ctx.schema.subschema_for::<T>();
        let resolved = ctx.resolve_schema(&json_schema);
        let description = resolved.get("description").and_then(|text| text.as_str()).unwrap_or("The answer.");
        let description = description.to_owned();
        let schema = SchemaObject { json_schema, example: None, external_docs: None };
        let content = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(Described {
            description,
            content: [("application/json".to_owned(), content)].into_iter().collect(),
            ..Described::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let described = Self::operation_response(ctx, operation);
        described.map(|described| (Some(Code::Code(N)), described)).into_iter().collect()
    }
}

/// It is done, and there is nothing to say of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoneAnswer;

impl IntoResponse for DoneAnswer {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl OperationOutput for DoneAnswer {
    type Inner = ();

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Described> {
        Some(Described { description: "It is done.".to_owned(), ..Described::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let described = Self::operation_response(ctx, operation);
        described.map(|described| (Some(Code::Code(204)), described)).into_iter().collect()
    }
}

/// The tag of something, by what changes with it.
pub(super) fn tag(of: &str) -> String {
    format!("\"{}\"", token::hex(&token::hash(of)).get(..16).unwrap_or_default())
}

/// Where the rest of a list begins, as it stands in an address: nobody is to read it.
pub(super) fn cursor(first: i64, second: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{first}.{second}"))
}

/// The same back.
pub(super) fn read_cursor(text: &str) -> Result<(i64, i64), Problem> {
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (first, second) = plain.split_once('.')?;
        Some((first.parse().ok()?, second.parse().ok()?))
    };
    read().ok_or_else(|| Problem::field("cursor", "take it from the `Link` of the answer before"))
}

/// What was created under a key before, if the body is the same.
pub(super) fn same_body(kept: KeptCreation, key: &CreationKey) -> Result<KeptCreation, Problem> {
    if kept.body == key.body {
        return Ok(kept);
    }
    let why = "this key was used within a day for another body: give another key";
    Err(Problem::new(ProblemKind::KeyReused, why))
}
