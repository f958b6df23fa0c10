//! `notify`: a test message that arrives, and one that does not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use serde_json::Value;
use tempfile::TempDir;

use super::support::{Done, finish, nobody, runner, start};

/// Reads one POST, and gives its path, its body, and what the answer is written to.
fn read_post(listener: &TcpListener) -> (String, Vec<u8>, TcpStream) {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let (mut path, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim().split_once(' ') {
            Some(("POST", rest)) => path = rest.trim_end_matches(" HTTP/1.1").to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length:") => {
                length = value.parse().unwrap();
            }
            None => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (path, body, reader.into_inner())
}

/// Takes one request on loopback, answers 204 and gives its path and body.
fn hook() -> (String, JoinHandle<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (path, body, mut stream) = read_post(&listener);
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        (path, serde_json::from_slice(&body).unwrap())
    });
    (base, heard)
}

fn notify(settings: &str, words: &[&str]) -> Done {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, settings).unwrap();
    let path = path.to_str().unwrap();
    finish(start(runner(&[&["-vv", "--config", path, "notify"][..], words].concat()), ""))
}

#[test]
fn a_test_message_arrives_and_says_that_it_is_one() {
    let (base, heard) = hook();
    let settings =
        format!("[[notify]]\nname = 'hook'\nkind = 'webhook'\nurl = '{base}/secret-1'\non = ['block']\n");
    let done = notify(&settings, &["test", "--kind", "alarm"]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), "hook: arrived at the server\n"), "{done:?}");
    let (path, body) = heard.join().unwrap();
    assert_eq!((path.as_str(), &body["test"], &body["kind"]), ("/secret-1", &true.into(), &"alarm".into()));
    assert!(!done.err.contains("secret-1"), "{done:?}");
}

#[test]
fn each_channel_is_told_apart_and_a_failure_is_the_code() {
    let (base, heard) = hook();
    let settings = format!(
        "[[notify]]\nname = 'dead'\nkind = 'slack'\nurl = '{}/secret-1'\n\
         [[notify]]\nname = 'hook'\nkind = 'webhook'\nurl = '{base}/secret-2'\n",
        nobody()
    );
    let done = notify(&settings, &["test"]);
    assert_eq!(done.code, Some(8), "{done:?}");
    assert!(done.out.contains("dead: FAILED: no connection"), "{done:?}");
    assert!(done.out.contains("hook: arrived"), "{done:?}");
    heard.join().unwrap();
    for secret in ["secret-", "127.0.0.1"] {
        assert!(!done.out.contains(secret) && !done.err.contains(secret), "{secret} {done:?}");
    }

    let listed = notify(&settings, &["list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(listed.out.contains("slack") && listed.out.contains("alarm, verdict, block"), "{listed:?}");
    assert!(!listed.out.contains("secret-") && !listed.err.contains("secret-1"), "{listed:?}");

    let document = |words: &[&str]| -> Value { serde_json::from_str(&notify(&settings, words).out).unwrap() };
    let listed = document(&["list", "--json"]);
    assert_eq!(
        (&listed["channels"][0]["kind"], &listed["channels"][0]["error"]),
        (&"slack".into(), &Value::Null)
    );
    let tried = document(&["test", "--channel", "dead", "--json"]);
    assert_eq!(tried["channels"][0]["arrived"], false);
    assert!(!listed.to_string().contains("secret-") && !tried.to_string().contains("secret-"));

    let unknown = notify(&settings, &["test", "--channel", "pager"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("no channel called pager, only dead, hook"), "{unknown:?}");
}

#[test]
fn without_a_channel_it_says_where_one_is_added() {
    let done = notify("", &["test"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("add a [[notify]] table"), "{done:?}");
    assert_eq!(notify("", &["list"]).code, Some(0));
}

#[test]
fn a_secret_lies_beside_the_settings_file() {
    let folder = TempDir::new().unwrap();
    let (base, heard) = hook();
    std::fs::write(folder.path().join("url"), format!("{base}/secret-1\n")).unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, "[[notify]]\nname = 'hook'\nkind = 'webhook'\nurl-file = 'url'\n").unwrap();
    let done = finish(start(runner(&["--config", path.to_str().unwrap(), "notify", "test"]), ""));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(heard.join().unwrap().0, "/secret-1");
}

/// Answers requests on loopback with these bodies, in order, and gives what came: path and body of each.
fn kakao(answers: &'static [(u16, &'static str)]) -> (String, JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let mut heard = Vec::new();
        for (status, answer) in answers {
            let (path, body, mut stream) = read_post(&listener);
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
            heard.push((path, String::from_utf8(body).unwrap()));
        }
        heard
    });
    (base, heard)
}

#[test]
fn kakao_is_added_by_a_pasted_address_listed_tried_and_removed() {
    let (base, heard) = kakao(&[
        (400, r#"{"error":"invalid_grant","error_description":"secret-words","error_code":"KOE320"}"#),
        (
            200,
            r#"{"access_token":"secret-access","expires_in":21599,"refresh_token":"secret-refresh","refresh_token_expires_in":5183999}"#,
        ),
        (200, r#"{"result_code":0}"#),
    ]);
    let folder = TempDir::new().unwrap();
    let (database, key) = (folder.path().join("rent.db"), folder.path().join("key"));
    let store = ["--database", database.to_str().unwrap(), "--key-file", key.to_str().unwrap()];
    let run = |words: &[&str], stdin: &str| {
        let done = finish(start(runner(&[&["-vv"][..], &store[..], &["notify"][..], words].concat()), stdin));
        assert!(!done.out.contains("secret-") && !done.err.contains("secret-"), "{done:?}");
        done
    };
    let add = ["add", "kakao", "--rest-api-key", "invented-key", "--auth-base", &base, "--api-base", &base];
    let link = run(&[&add[..], &["--print-link"][..]].concat(), "");
    assert_eq!(link.code, Some(0), "{link:?}");
    assert!(link.out.contains("/oauth/authorize?response_type=code&client_id=invented-key"), "{link:?}");

    let missing = run(&add, "");
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.err.contains("--code-stdin") && missing.err.contains("https://localhost/rent-runner"));
    let add = [&add[..], &["--code-stdin"][..]].concat();
    let nothing = run(&add, "https://localhost/rent-runner?state=1\n");
    assert!(nothing.code == Some(2) && nothing.err.contains("there is no code in it"), "{nothing:?}");
    let used = run(&add, "https://localhost/rent-runner?code=secret-code-1\n");
    assert!(used.code == Some(8) && used.err.contains("each is good once"), "{used:?}");

    let added = run(&add, "https://localhost/rent-runner?code=secret-code-2\n");
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.err.contains("The channel kakao is added"), "{added:?}");
    let listed = run(&["list"], "");
    assert!(listed.out.contains("renewed by itself"), "{listed:?}");
    let listed: Value = serde_json::from_str(&run(&["list", "--json"], "").out).unwrap();
    assert_eq!(
        (&listed["channels"][0]["kind"], &listed["channels"][0]["error"]),
        (&"kakao".into(), &Value::Null)
    );
    let tried = run(&["test"], "");
    assert_eq!((tried.code, tried.out.as_str()), (Some(0), "kakao: arrived at the server\n"), "{tried:?}");
    let heard = heard.join().unwrap();
    assert!(heard[1].0 == "/oauth/token" && heard[1].1.contains("code=secret-code-2"), "{heard:?}");
    assert!(heard[2].0 == "/v2/api/talk/memo/default/send" && heard[2].1.starts_with("template_object="));
    let kept = std::fs::read(&database).unwrap();
    assert!(!kept.windows(7).any(|part| part == b"secret-"), "the store holds a token in the clear");

    assert_eq!(run(&["remove", "kakao"], "").code, Some(0));
    let gone = run(&["remove", "kakao"], "");
    assert!(gone.code == Some(2) && gone.err.contains("no channel `kakao`"), "{gone:?}");
}
