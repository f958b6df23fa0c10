//! What a `[[notify]]` table may say, and what is shown of it.

use super::{channel, config};
use crate::notify::{Channel, Notifier};

#[test]
fn every_kind_reads_and_shows_no_secret() {
    for (kind, more) in [
        ("webhook", "url = 'https://hooks.example/secret-1'"),
        ("slack", "url = 'https://hooks.example/services/secret-1'"),
        ("discord", "url-file = '/run/secret-1'"),
        ("telegram", "token = '123:secret-1'\nchat-id = -1009876"),
        ("telegram", "token-env = 'BOT'\nchat-id = '@secret-1'\napi-base = 'http://127.0.0.1:1'"),
        ("ntfy", "topic = 'secret-1'"),
        ("ntfy", "topic = 'secret-1'\nserver = 'https://ntfy.example'\ntoken = 'secret-1'"),
        ("apprise", "url = 'http://127.0.0.1:1/notify/secret-1'"),
        ("pushover", "token = 'secret-1'\nuser = 'secret-1'"),
        ("bark", "token = 'secret-1'\nserver = 'https://bark.example'"),
        (
            "email",
            "host = 'smtp.secret-1.example'\nuser = 'secret-1'\npassword = 'secret-1'\nfrom = 'secret-1@a.example'\n\
             to = ['secret-1@b.example', '홍길동 <c@secret-1.example>']",
        ),
        (
            "email",
            "host = 'localhost'\nport = 25\ntls = 'none'\nfrom = 'a@secret-1.example'\nto = 'b@secret-1.example'",
        ),
    ] {
        let read = channel(&format!("name = 'phone'\nkind = '{kind}'\n{more}")).expect(more);
        assert_eq!(read.summary().to_string(), format!("phone ({kind}): alarm, verdict, block"));
        let shown =
            format!("{read:?} {:?} {}", read.summary(), serde_json::to_string(&read.summary()).unwrap());
        assert!(!shown.contains("secret-1") && !shown.contains("1009876"), "{shown}");
        let in_place = !more.contains("-file") && !more.contains("-env") && !more.contains("none");
        assert_eq!(read.has_secret_in_place(), in_place, "{more}");
    }
}

#[test]
fn wrong_tables_say_why_and_repeat_no_secret() {
    let phone = "name = 'phone'\n";
    for (table, why) in [
        ("kind = 'webhook'\nurl = 'https://secret-1.example'", "missing field `name`"),
        ("name = ''\nkind = 'webhook'\nurl = 'https://secret-1.example'", "`name` is a short text"),
        ("kind = 'pager'", "unknown variant `pager`"),
        ("kind = 'webhook'", "`url` is not there"),
        ("kind = 'webhook'\nurl = 'http://secret-1.example/x'", "plain http"),
        ("kind = 'slack'\nurl = 'secret-1'", "`url` is no address"),
        ("kind = 'slack'\nurl = 5", "`url` is no address"),
        ("kind = 'slack'\nurl = true", "a text in quotes"),
        ("kind = 'slack'\nurl = ' '", "`url` is empty"),
        ("kind = 'slack'\nurl = 'https://secret-1.example'\nurl-env = 'X'", "only one can be given"),
        (
            "kind = 'slack'\nurl = 'https://secret-1.example'\ntopic = 'secret-1'",
            "`topic` is no setting of a channel",
        ),
        ("kind = 'slack'\nurl = 'https://secret-1.example'\nurll = 'secret-1'", "unknown field `urll`"),
        ("kind = 'slack'\nurl = 'https://secret-1.example'\non = []", "`on` is empty"),
        ("kind = 'slack'\nurl = 'https://secret-1.example'\non = ['all']", "unknown variant `all`"),
        ("kind = 'telegram'\ntoken = 'secret-1'", "`chat-id` is not there"),
        ("kind = 'telegram'\ntoken = 'secret-1/../x'\nchat-id = 5", "no bot token"),
        (
            "kind = 'telegram'\ntoken = 'secret-1'\nchat-id = 5\napi-base = 'http://secret-1.example'",
            "`api-base` is plain http",
        ),
        (
            "kind = 'telegram'\ntoken = 'secret-1'\nchat-id = 5\napi-base = 'https://u:secret-1@api.example'",
            "more than a server",
        ),
        ("kind = 'ntfy'", "`topic` is not there"),
        ("kind = 'apprise'", "`url` is not there"),
        ("kind = 'pushover'\ntoken = 'secret-1'", "`user` is not there"),
        ("kind = 'bark'", "`token` is not there"),
        ("kind = 'kakao'", "unknown variant `kakao`"),
        (
            "kind = 'email'\nhost = 'secret-1.example'\ntls = 'none'\nfrom = 'a@b.example'\nto = 'a@b.example'",
            "this machine only",
        ),
        (
            "kind = 'email'\nhost = 'h.example'\nfrom = 'secret-1'\nto = 'a@b.example'",
            "`from` is no mail address",
        ),
        ("kind = 'email'\nhost = 'h.example'\nfrom = 'a@b.example'\nto = []", "`to` is not there"),
        (
            "kind = 'email'\nhost = 'h.example'\nfrom = 'a@b.example'\nto = 'a@b.example'\nuser = 'secret-1'",
            "belong together",
        ),
        (
            "kind = 'email'\nhost = 'h/secret-1'\nfrom = 'a@b.example'\nto = 'a@b.example'",
            "name of a mail server",
        ),
        ("kind = 'email'\nhost = 'h.example'\nfrom = 'a@b.example'\nto = 5.5", "Addresses"),
    ] {
        let table = if table.contains("name = ") || why.contains("name`") {
            table.to_owned()
        } else {
            format!("{phone}{table}")
        };
        let error = channel(&table).expect_err(&table);
        assert!(error.contains(why), "{table}: {error}");
        assert!(!error.contains("secret-1"), "{table}: {error}");
    }
}

#[test]
fn a_channel_is_told_of_what_it_wants() {
    let some = channel("name = 'a'\nkind = 'ntfy'\ntopic = 'invented'\non = ['block', 'alarm']").unwrap();
    assert_eq!(some.summary().on, ["alarm", "block"]);
}

#[test]
fn two_channels_cannot_have_one_name() {
    let one = || channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap();
    let error = Notifier::new(&config(vec![one(), one()])).unwrap_err();
    assert!(error.to_string().contains("called phone"), "{error}");
}

#[test]
fn a_secret_elsewhere_is_looked_at_by_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    let table = format!("name = 'a'\nkind = 'webhook'\nurl-file = '{}'", path.display());
    let read: Channel = channel(&table).unwrap();
    assert!(read.check().unwrap_err().contains("cannot be read"));
    std::fs::write(&path, "http://secret-1.example\n").unwrap();
    let why = read.check().unwrap_err();
    assert!(why.contains("plain http") && !why.contains("secret-1"), "{why}");
    std::fs::write(&path, "https://secret-1.example\n").unwrap();
    assert_eq!(read.check(), Ok(()));
}

#[test]
fn the_example_of_the_settings_file_can_be_used() {
    let example = include_str!("../../config/example.toml");
    let (_, tables) = example.split_once("# [[notify]]\n").unwrap();
    let mut kinds = Vec::new();
    for table in tables.split("# [[notify]]\n") {
        let table: String = table.lines().map(|line| format!("{}\n", line.trim_start_matches('#'))).collect();
        kinds.push(channel(&table).expect(&table).summary().kind);
    }
    assert_eq!(kinds, ["webhook", "slack", "telegram", "pushover", "ntfy", "email"]);
}
