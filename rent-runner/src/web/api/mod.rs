//! The API, `/api/v1`: what the command line does, for programs.
//!
//! It calls the functions that the commands and the pages call, and answers with the documents that `--json` prints. The OpenAPI
//! document is made from the routes: an operation's scope, parameters, body and answer are the types of its handler, so that it
//! cannot say anything else than what is done.

mod about;
mod accounts;
mod applicants;
mod bookings;
mod caller;
mod input;
mod output;
pub(super) mod problem;
mod reference;
mod site;
mod streams;

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with, put_with};
use aide::generate::{in_context, reset_context};
use aide::openapi::{OpenApi, SecurityScheme};
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use schemars::generate::SchemaSettings;

use super::state::Web;

/// The path of the OpenAPI document.
const DOCUMENT: &str = "/api/v1/openapi.json";

/// The key of an operation's summary in Korean.
const KOREAN_SUMMARY: &str = "x-summary-ko";

/// An operation's group, name, and what it does, in English and in Korean.
fn said(
    group: &'static str,
    id: &'static str,
    english: &'static str,
    korean: &'static str,
) -> impl FnOnce(TransformOperation<'_>) -> TransformOperation<'_> {
    move |operation| {
        let mut operation = operation.id(id).tag(group).summary(english);
        operation.inner_mut().extensions.insert(KOREAN_SUMMARY.to_owned(), korean.into());
        operation
    }
}

fn operations() -> ApiRouter<Arc<Web>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/bookings",
            get_with(
                bookings::list,
                said(
                    "bookings",
                    "listBookings",
                    "List bookings in the order of their openings",
                    "예약 목록 (접수 시작 순서)",
                ),
            )
            .post_with(bookings::add, said("bookings", "addBooking", "Store a booking", "예약 저장")),
        )
        .api_route(
            "/api/v1/bookings/{id}",
            get_with(
                bookings::show,
                said("bookings", "showBooking", "Show everything about a booking", "예약 하나를 자세히 보기"),
            )
            .patch_with(
                bookings::edit,
                said("bookings", "editBooking", "Change a booking that waits", "대기 중인 예약 수정"),
            ),
        )
        .api_route(
            "/api/v1/bookings/{id}/cancel",
            post_with(
                bookings::cancel,
                said("bookings", "cancelBooking", "Cancel a booking, or ask its runner to", "예약 취소"),
            ),
        )
        .api_route(
            "/api/v1/bookings/{id}/retry",
            post_with(
                bookings::retry,
                said(
                    "bookings",
                    "retryBooking",
                    "Try a booking again that ended without success",
                    "실패한 예약 다시 시도",
                ),
            ),
        )
        .api_route(
            "/api/v1/bookings/{id}/events",
            get_with(
                bookings::events,
                said("bookings", "listEvents", "List the events of a booking", "예약의 진행 기록"),
            ),
        )
        .api_route(
            "/api/v1/bookings/{id}/stream",
            get_with(
                streams::one,
                said(
                    "bookings",
                    "streamBooking",
                    "Hear each event of a booking as it comes",
                    "예약의 진행을 실시간으로 받기",
                ),
            ),
        )
        .api_route(
            "/api/v1/stream",
            get_with(
                streams::all,
                said(
                    "bookings",
                    "streamBookings",
                    "Hear that something changed",
                    "바뀐 것이 있으면 바로 알림 받기",
                ),
            ),
        )
        .api_route(
            "/api/v1/accounts",
            get_with(accounts::list, said("accounts", "listAccounts", "List the accounts", "계정 목록"))
                .post_with(accounts::add, said("accounts", "addAccount", "Add an account", "계정 추가")),
        )
        .api_route(
            "/api/v1/accounts/{name}",
            delete_with(
                accounts::remove,
                said(
                    "accounts",
                    "removeAccount",
                    "Remove an account and its finished bookings",
                    "계정과 끝난 예약 삭제",
                ),
            ),
        )
        .api_route(
            "/api/v1/accounts/{name}/check",
            post_with(
                accounts::check,
                said("accounts", "checkAccount", "Log in once at the site", "사이트에 한 번 로그인해 보기"),
            ),
        )
        .api_route(
            "/api/v1/accounts/{name}/password",
            put_with(
                accounts::password,
                said(
                    "accounts",
                    "setAccountPassword",
                    "Replace an account's password",
                    "계정 비밀번호 바꾸기",
                ),
            ),
        )
        .api_route(
            "/api/v1/applicants",
            get_with(
                applicants::list,
                said(
                    "applicants",
                    "listApplicants",
                    "List the applicants' data, masked",
                    "신청 정보 목록 (이름과 번호는 가림)",
                ),
            )
            .post_with(
                applicants::add,
                said("applicants", "addApplicant", "Add an applicant's data", "신청 정보 추가"),
            ),
        )
        .api_route(
            "/api/v1/applicants/{name}",
            get_with(
                applicants::show,
                said(
                    "applicants",
                    "showApplicant",
                    "Show an applicant's data in full",
                    "신청 정보 전체 보기",
                ),
            )
            .patch_with(
                applicants::change,
                said("applicants", "changeApplicant", "Change an applicant's data", "신청 정보 수정"),
            )
            .delete_with(
                applicants::remove,
                said("applicants", "removeApplicant", "Remove an applicant's data", "신청 정보 삭제"),
            ),
        )
        .merge(around())
}

/// What is not a booking, or what it is made from.
fn around() -> ApiRouter<Arc<Web>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/sites",
            get_with(
                site::sites,
                said("site", "listSites", "List the built-in cities", "지원하는 도시 목록"),
            ),
        )
        .api_route(
            "/api/v1/places",
            get_with(
                site::places,
                said("site", "listPlaces", "List the courts that are known", "알려진 코트 목록"),
            ),
        )
        .api_route(
            "/api/v1/slots",
            get_with(
                site::slots,
                said("site", "listSlots", "Ask the site for the times of a court", "코트의 회차 조회"),
            ),
        )
        .api_route(
            "/api/v1/clock",
            get_with(
                site::clock,
                said("site", "measureClock", "Measure the site's clock", "사이트 시계 재기"),
            ),
        )
        .api_route(
            "/api/v1/status",
            get_with(
                about::status,
                said(
                    "program",
                    "showStatus",
                    "Show how the store and its runners stand",
                    "저장소와 실행기의 상태",
                ),
            ),
        )
        .api_route(
            "/api/v1/settings",
            get_with(
                about::settings,
                said("program", "showSettings", "Show the settings in force", "적용된 설정"),
            ),
        )
        .api_route(
            "/api/v1/channels",
            get_with(
                about::channels,
                said("program", "listChannels", "List the channels of messages", "알림 채널 목록"),
            ),
        )
        .api_route(
            "/api/v1/channels/{name}/test",
            post_with(
                about::test_channel,
                said("program", "testChannel", "Send a test message", "시험 알림 보내기"),
            ),
        )
        .api_route(
            "/api/v1/me",
            get_with(about::me, said("program", "showMe", "Tell who calls", "지금 로그인한 사람")),
        )
        .api_route(
            "/api/v1/tokens",
            get_with(about::tokens, said("program", "listTokens", "List your own tokens", "내 토큰 목록")),
        )
        .api_route(
            "/api/v1/tokens/{id}",
            delete_with(
                about::remove_token,
                said("program", "removeToken", "Remove one of your tokens", "토큰 삭제"),
            ),
        )
}

fn about_it(api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    let token = SecurityScheme::Http {
        scheme: "bearer".to_owned(),
        bearer_format: None,
        description: Some("A token of the page: `read`, `book` and `admin` are its scopes.".to_owned()),
        extensions: Default::default(),
    };
    let session = SecurityScheme::ApiKey {
        location: aide::openapi::ApiKeyLocation::Cookie,
        name: "rent_session".to_owned(),
        description: Some("The session of the page, for scripts of our own page.".to_owned()),
        extensions: Default::default(),
    };
    api.title("rent-runner")
        .version(env!("CARGO_PKG_VERSION"))
        .summary("Bookings of public tennis courts that wait for their day.")
        .security_scheme(caller::TOKEN, token)
        .security_scheme(caller::SESSION, session)
}

/// The operations, and the document that describes them.
fn described() -> (Router<Arc<Web>>, OpenApi) {
    reset_context();
    in_context(|context| {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let settings = settings.with(|settings| settings.definitions_path = "#/components/schemas/".into());
        context.schema = settings.into_generator();
    });
    let mut document = OpenApi::default();
    let router = operations().finish_api_with(&mut document, about_it);
    reset_context();
    (router, document)
}

/// The routes of the API, its document, and the page about it.
pub(super) fn routes() -> Router<Arc<Web>> {
    let (router, document) = described();
    let value = serde_json::to_value(&document).unwrap_or_default();
    let text: Arc<str> = value.to_string().into();
    let reference = Arc::new(reference::Reference::of(&value));
    router
        .route(DOCUMENT, get(async move || ([(CONTENT_TYPE, "application/json")], text.to_string())))
        .route("/api", get(async || axum::response::Redirect::permanent("/api/")))
        .route("/api/", get(async move |reader, signed_in| reference::show(&reference, &reader, signed_in)))
}
