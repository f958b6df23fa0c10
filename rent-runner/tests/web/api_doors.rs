//! What the API does not do: for whom it is not, and with what nobody gets through.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::{Program, furnish, later, operations};
use crate::world::{OWNER, World};

const MEMBER: &str = "회원하나";

/// A world with an owner, a member, and a program for each.
async fn two() -> (World, Program, Program) {
    let world = World::new();
    let mut owner = world.owner().await;
    world.member(&mut owner, MEMBER).await;
    let all = ["read", "book", "admin"];
    let (owner, member) = (Program::with(&world, OWNER, &all), Program::with(&world, MEMBER, &all));
    (world, owner, member)
}

/// A path of the document with something in its parameters.
fn filled(path: &str) -> String {
    path.replace("{id}", "1").replace("{name}", "club")
}

#[tokio::test]
async fn each_operation_asks_for_its_scope() {
    let world = World::new();
    world.owner().await;
    let scopes = ["read", "book", "admin"];
    let mut nobody = Program::without(&world);
    let operations = operations(&world).await;
    assert!(operations.len() > 25, "{}", operations.len());
    for missing in scopes {
        let others: Vec<&str> = scopes.into_iter().filter(|scope| *scope != missing).collect();
        let mut program = Program::with(&world, OWNER, &others);
        for (method, path, operation) in &operations {
            let needed = operation["security"][0]["token"][0].as_str().unwrap();
            let path = filled(path);
            assert_eq!(nobody.call(method, &path, None).await.problem(401)["type"], "/api/#unauthorized");
            if needed == missing {
                let refused = program.call(method, &path, None).await.problem(403);
                assert_eq!(refused["type"], "/api/#scope", "{method} {path}");
            } else if !path.ends_with("stream") {
                // With its scope it is answered, with whatever.
                let answer = program.call(method, &path, None).await;
                assert!(![401, 403].contains(&answer.status), "{method} {path}: {answer:?}");
                assert!(answer.status < 500 || answer.status == 502, "{method} {path}: {answer:?}");
            }
        }
    }
    for wrong in ["", "Bearer", "Bearer guessed", "Basic eDp5", "bearer rent_AAAA", "Bearer \u{ff}"] {
        let request = nobody.request("GET", "/me").header("authorization", wrong.as_bytes());
        let refused = nobody.send(request).await;
        refused.problem(401);
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    assert!(world.log().contains("sign-in failed"), "it is in the log, for programs that ban addresses");
}

#[tokio::test]
async fn a_member_has_own_things_and_the_owner_all() {
    let (world, mut owner, mut member) = two().await;
    furnish(&mut owner, &world, true).await;
    owner.ok("POST", "/bookings", Some(later("06:00-08:00"))).await;
    for (method, path) in [
        ("GET", "/bookings/1"),
        ("GET", "/bookings/1/events"),
        ("GET", "/bookings/1/stream"),
        ("PATCH", "/bookings/1"),
        ("POST", "/bookings/1/cancel"),
        ("POST", "/bookings/1/retry"),
        ("POST", "/accounts/me/check"),
        ("PUT", "/accounts/me/password"),
        ("DELETE", "/accounts/me"),
        ("GET", "/applicants/club"),
        ("PATCH", "/applicants/club"),
        ("DELETE", "/applicants/club"),
        ("DELETE", "/tokens/1"),
    ] {
        let body = match method {
            "PATCH" => Some(json!({ "head_count": 2 })),
            "PUT" => Some(json!({ "password": "invented" })),
            _ => None,
        };
        let refused = member.call_with(method, path, body, &[("if-match", "*")]).await;
        refused.problem(404);
        assert!(!refused.text.contains("tester1"), "{refused:?}");
    }
    for path in ["/settings", "/channels"] {
        assert_eq!(member.get(path).await.problem(403)["type"], "/api/#owner-only");
    }
    assert_eq!(member.ok("GET", "/bookings", None).await["bookings"], json!([]));
    assert_eq!(member.ok("GET", "/accounts", None).await["accounts"], json!([]));
    assert_eq!(member.ok("GET", "/applicants", None).await["applicants"], json!([]));
    assert_eq!(member.ok("GET", "/status", None).await["bookings"]["waiting"], 0);
    // Neither by name, nor because it is the only one there is.
    let foreign = member.call("POST", "/bookings", Some(later("08:00-10:00"))).await;
    assert_eq!(foreign.wrong_fields(), BTreeSet::from(["account".to_owned()]));
    assert!(!foreign.text.contains("me,") && !foreign.text.contains("`me`:"), "{foreign:?}");
    member.ok("POST", "/accounts", Some(json!({ "login": "tester2", "password": "invented-2" }))).await;
    let mut without = later("08:00-10:00");
    let fields = without.as_object_mut().unwrap();
    fields.remove("account");
    fields.remove("applicant");
    let foreign = member.call("POST", "/bookings", Some(without)).await;
    assert_eq!(foreign.wrong_fields(), BTreeSet::from(["club_name".to_owned()]), "{foreign:?}");
    let elsewhere =
        json!({ "login": "tester3", "password": "invented-3", "base_url": "http://127.0.0.1:1/" });
    assert!(member.call("POST", "/accounts", Some(elsewhere)).await.wrong_fields().contains("base_url"));

    let mut own = later("08:00-10:00");
    let fields = own.as_object_mut().unwrap();
    fields.remove("account");
    fields.remove("applicant");
    for (name, value) in [("club_name", "x"), ("event_name", "y"), ("purpose", "z")] {
        fields.insert(name.to_owned(), value.into());
    }
    fields.insert("head_count".to_owned(), 2.into());
    let own = member.ok("POST", "/bookings", Some(own)).await["booking"]["id"].as_i64().unwrap();
    assert_eq!(owner.get(&format!("/bookings/{own}")).await.status, 200);
    assert_eq!(owner.ok("GET", "/bookings", None).await["bookings"].as_array().unwrap().len(), 2);
    assert_eq!(member.ok("GET", "/bookings", None).await["bookings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_says_what_it_has_seen() {
    let world = World::new();
    world.owner().await;
    let mut all = Program::with(&world, OWNER, &["read", "book", "admin"]);
    furnish(&mut all, &world, true).await;
    let added = all.call("POST", "/bookings", Some(later("06:00-08:00"))).await;
    let note = || Some(json!({ "note": "mine" }));
    assert_eq!(all.call("PATCH", "/bookings/1", note()).await.problem(428)["type"], "/api/#needs-if-match");
    let lines = [("if-match", added.header("etag"))];
    let first = all.call_with("PATCH", "/bookings/1", note(), &lines).await;
    assert_eq!(first.status, 200, "{first:?}");
    all.call_with("PATCH", "/bookings/1", note(), &lines).await.problem(412);
    all.call_with("PATCH", "/bookings/1", note(), &[("if-match", "\"guessed\"")]).await.problem(412);
    let lines = [("if-match", first.header("etag"))];
    let nothing = all.call_with("PATCH", "/bookings/1", Some(json!({})), &lines).await;
    assert!(nothing.wrong_fields().contains("body"));
    for (field, value) in
        [("account", json!("me")), ("applicant", json!("nobody")), ("id", json!(2)), ("time", json!("x"))]
    {
        let wrong = all.call_with("PATCH", "/bookings/1", Some(json!({ (field): value })), &lines).await;
        assert!(wrong.wrong_fields().contains(field), "{field}");
    }
    let moved = json!({ "time": ["08:00-10:00", "10:00-12:00"], "opens_at": "2099-11-25 10:00:00" });
    let moved = all.call_with("PATCH", "/bookings/1", Some(moved), &lines).await;
    assert_eq!(moved.json()["booking"]["choices"].as_array().unwrap().len(), 2, "{moved:?}");
}

/// Every field of a body, and its schema with those of its parts.
fn properties(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let schema = match schema["$ref"].as_str() {
        Some(at) => document.pointer(at.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, field)| (name.clone(), field.clone()))
        .collect()
}

#[tokio::test]
async fn every_field_that_the_document_names_is_read_and_every_mistake_is_told_with_it() {
    let world = World::new();
    world.owner().await;
    let mut all = Program::with(&world, OWNER, &["read", "book", "admin"]);
    furnish(&mut all, &world, true).await;
    all.ok("POST", "/bookings", Some(later("06:00-08:00"))).await;
    let document = Program::without(&world).get("/openapi.json").await.json();
    let mut bodies = 0;
    for (method, path, operation) in operations(&world).await {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        bodies += 1;
        let path = if path.starts_with("/accounts/") { path.replace("{name}", "me") } else { filled(&path) };
        for (name, _) in properties(&document, schema) {
            for wrong in [json!({ "a": 1 }), json!([[]])] {
                let answer = all
                    .call_with(&method, &path, Some(json!({ (&name): wrong })), &[("if-match", "*")])
                    .await;
                assert!(answer.wrong_fields().contains(&name), "{method} {path} {name}: {answer:?}");
            }
        }
        let unknown = all.call_with(&method, &path, Some(json!({ "more": 1 })), &[("if-match", "*")]).await;
        assert!(unknown.wrong_fields().contains("more"), "{method} {path}: {unknown:?}");
        // What is hostile is refused, in the form of a problem.
        let deep = "[".repeat(20_000);
        let cases: [(&str, Vec<u8>, u16); 9] = [
            ("application/json", deep.clone().into_bytes(), 400),
            ("application/json", format!("{{\"place\":{deep}").into_bytes(), 400),
            ("application/json", b"{\"a\":".to_vec(), 400),
            ("application/json", b"\xff\xfe{}".to_vec(), 400),
            ("application/json", b"[]".to_vec(), 422),
            ("application/json", b"null".to_vec(), 422),
            ("text/plain", b"{}".to_vec(), 415),
            ("application/x-www-form-urlencoded", b"a=b".to_vec(), 415),
            ("application/json", vec![b' '; 70 * 1024], 413),
        ];
        for (kind, body, status) in cases {
            let request = all.request(&method, &path).header("content-type", kind).header("if-match", "*");
            let answer = all.send(request.body(body)).await;
            answer.problem(status);
        }
    }
    assert!(bodies >= 7, "{bodies}");
    // Long, invisible and hostile texts are refused or kept as what they are; none breaks anything.
    let texts = [
        "\0",
        "a\0b",
        &"x".repeat(10_000),
        "<script>alert(1)</script>",
        "\u{202e}evil",
        "\n",
        "'; DROP TABLE booking; --",
    ];
    for text in texts {
        for field in [
            "account",
            "applicant",
            "place",
            "date",
            "time",
            "opens_at",
            "note",
            "club_name",
            "tel",
            "or",
            "policy",
        ] {
            let mut booking = later("08:00-10:00");
            booking[field] = if field == "or" { json!([text]) } else { json!(text) };
            let answer = all.call("POST", "/bookings", Some(booking)).await;
            assert!([201, 409, 422, 429, 502].contains(&answer.status), "{field} {text:?}: {answer:?}");
            if answer.status != 201 {
                answer.problem(answer.status);
            }
        }
        for path in ["/applicants/", "/accounts/", "/channels/"] {
            let name: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let answer = all.call("DELETE", &format!("{path}{name}"), None).await;
            assert!([404, 405, 400].contains(&answer.status), "{path} {text:?}: {answer:?}");
            answer.problem(answer.status);
        }
    }
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/bookings/x", 400),
        ("GET", "/bookings/9223372036854775808", 400),
        ("GET", "/bookings/0", 404),
        ("GET", "/bookings/-1", 404),
        ("DELETE", "/bookings", 405),
        ("PUT", "/me", 405),
    ] {
        all.call(method, path, None).await.problem(status);
    }
    let host = all.request("GET", "/me").header("host", "evil.example");
    all.send(host).await.problem(421);
    // No secret in any answer.
    for path in ["/accounts", "/settings", "/status", "/tokens", "/bookings", "/applicants"] {
        let text = all.get(path).await.text;
        for secret in ["invented-1", "가나다클럽", "010-0000-0000", all.token()] {
            assert!(!text.contains(secret), "{path}");
        }
    }
}
