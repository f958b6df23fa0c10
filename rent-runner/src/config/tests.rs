//! Where settings come from, what is wrong with them, and what is never shown.

use std::collections::HashMap;

use super::*;
use crate::exit;

/// Settings from a file's text, some variables and some flags.
fn resolve(text: Option<&str>, variables: &[(&str, &str)], mut flags: Flags) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = text {
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        flags.config = Some(path);
    }
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    Config::resolve(&flags, &|name| variables.get(name).map(OsString::from))
}

fn error(text: &str) -> String {
    let error = resolve(Some(text), &[], Flags::default()).unwrap_err();
    assert_eq!(exit::failure_code(&error), exit::BAD_INPUT, "{error:#}");
    format!("{error:#}")
}

#[test]
fn flags_come_before_variables_before_the_file_before_defaults() {
    let home = [("HOME", "/home/tester1")];
    let plain = resolve(None, &home, Flags::default()).unwrap();
    assert_eq!(plain.database, "/home/tester1/.local/share/rent-runner/rent.db");
    assert_eq!(plain.key, KeySource::File("/home/tester1/.config/rent-runner/key".into()));
    assert_eq!((plain.site.as_str(), plain.most_at_once, plain.listen), ("namyangju", 32, None));
    assert_eq!(*plain.sources.of("site"), Source::Default);

    let text = "\nsite = \"gimpo\"\nmost-at-once = 3\nlisten = \"127.0.0.1:1\"\nlanguage = \"english\"";
    let file = resolve(Some(text), &home, Flags::default()).unwrap();
    assert_eq!((file.site.as_str(), file.most_at_once), ("gimpo", 3));
    assert_eq!(file.language, Language::English);
    let path = file.file.clone().unwrap();
    assert_eq!(*file.sources.of("most-at-once"), Source::File { path, line: 3 });

    let variables = [("RENT_SITE", "seongnam"), ("RENT_MOST_AT_ONCE", "4"), ("RENT_LANGUAGE", "")];
    let variable = resolve(Some(text), &variables, Flags::default()).unwrap();
    assert_eq!((variable.site.as_str(), variable.most_at_once), ("seongnam", 4));
    assert_eq!(*variable.sources.of("site"), Source::Environment("RENT_SITE"));
    assert_eq!(variable.language, Language::English, "an empty variable is none");

    let flags = Flags { site: Some("cheonan".into()), most_at_once: Some(5), ..Flags::default() };
    let flag = resolve(Some(text), &variables, flags).unwrap();
    assert_eq!((flag.site.as_str(), flag.most_at_once), ("cheonan", 5));
    assert_eq!(*flag.sources.of("site"), Source::Flag("--site"));
}

#[test]
fn folders_follow_the_base_directories() {
    let variables =
        [("HOME", "/home/tester1"), ("XDG_DATA_HOME", "/data"), ("XDG_CONFIG_HOME", "relative/is/ignored")];
    let config = resolve(None, &variables, Flags::default()).unwrap();
    assert_eq!(config.database, "/data/rent-runner/rent.db");
    assert_eq!(config.key, KeySource::File("/home/tester1/.config/rent-runner/key".into()));
    let homeless = resolve(None, &[], Flags::default()).unwrap();
    assert_eq!((homeless.database.as_str(), homeless.key), ("", KeySource::File(PathBuf::new())));
}

#[test]
fn paths_of_the_file_lie_beside_it() {
    let text =
        "database = \"rent.db\"\nkey-file = \"keys/key\"\nextra-ca = \"/etc/ca.pem\"\nsite = \"my.toml\"";
    let config = resolve(Some(text), &[], Flags::default()).unwrap();
    let folder = config.file.as_ref().unwrap().parent().unwrap().to_owned();
    assert_eq!(config.database, folder.join("rent.db").display().to_string());
    assert_eq!(config.key, KeySource::File(folder.join("keys/key")));
    assert_eq!(config.extra_ca, Some("/etc/ca.pem".into()));
    assert_eq!(config.site, folder.join("my.toml").display().to_string());
    let address = resolve(Some("database = \"postgres://rent@db/rent\""), &[], Flags::default()).unwrap();
    assert_eq!(address.database, "postgres://rent@db/rent");
}

#[test]
fn a_key_comes_from_one_place() {
    let key =
        |variables: &[(&str, &str)]| resolve(None, variables, Flags::default()).map(|config| config.key);
    assert_eq!(key(&[("RENT_KEY", "x")]).unwrap(), KeySource::Environment);
    assert_eq!(key(&[("RENT_KEY_COMMAND", "cat k")]).unwrap(), KeySource::Command("cat k".into()));
    assert_eq!(key(&[("RENT_KEY_FILE", "/k")]).unwrap(), KeySource::File("/k".into()));
    let both = key(&[("RENT_KEY", "hunter22"), ("RENT_KEY_FILE", "/k")]).unwrap_err().to_string();
    assert!(both.contains("RENT_KEY and RENT_KEY_FILE") && !both.contains("hunter22"), "{both}");
    assert!(error("key-file = \"k\"\nkey-command = \"cat k\"").contains("line 2: `key-command`"));
    let flags = Flags { key_file: Some("/f".into()), ..Flags::default() };
    let flag = resolve(Some("key-command = \"cat k\""), &[("RENT_KEY", "x")], flags).unwrap();
    assert_eq!(flag.key, KeySource::File("/f".into()));
}

#[test]
fn an_address_of_the_file_is_of_the_site_of_the_file() {
    let text = "base-url = \"http://127.0.0.1:1\"";
    let config = resolve(Some(text), &[], Flags::default()).unwrap();
    assert_eq!(config.base_url.as_deref(), Some("http://127.0.0.1:1"));
    let other = resolve(Some(text), &[("RENT_SITE", "cheonan")], Flags::default()).unwrap();
    assert_eq!((other.base_url, other.sources.of("base-url")), (None, &Source::Default));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_never_quoted() {
    for (text, said) in [
        (
            "\n\ncolour = \"hunter22\"",
            "line 3: there is no setting `colour`: the settings are database, key-file",
        ),
        ("database = hunter22", "line 1: "),
        ("site = \"a\"\ndatabase = \"postgres://u:hunter22@h/d", "line 2: "),
        ("routes = \"http://u:hunter22@proxy:1\"", "line 1: `routes`: write a list"),
        ("routes = [1]", "line 1: `routes` is a list of something else than texts"),
        ("\nroutes = [\"direct\", \"ftp://u:hunter22@proxy\"]", "line 2: `routes`: route 2: not a route"),
        ("tls = \"hunter22\"", "line 1: `tls`: write `rustls`"),
        ("on-block = \"hunter22\"", "`on-block`: write `stop` or `next-route`"),
        ("most-at-once = 0", "`most-at-once`: write a number from 1 to 1000"),
        ("most-at-once = 1.5", "`most-at-once` is a fraction"),
        ("most-at-once = [\"1\"]", "`most-at-once`: write one value, not a list"),
        ("listen = \"9464\"", "`listen`: write an address and a port"),
        ("language = \"french\"", "`language`: write `korean` or `english`"),
        ("log-format = true", "`log-format` is true or false"),
        ("user-agent = \"가\"", "`user-agent`: no header value"),
        ("runner = \"\"", "`runner`: write a name of 1 to 64"),
        ("notify = \"hunter22\"", "line 1: write each channel as a table that begins with [[notify]]"),
        ("[[notify]]\nname = [\"hunter22\"]", "line 2: [[notify]] 1: "),
        ("site = 1\nsite = 2", "line 2: duplicate key"),
    ] {
        let error = error(text);
        assert!(error.contains(said), "{text}: {error}");
        assert!(error.contains("settings.toml") && !error.contains("hunter22"), "{text}: {error}");
    }
    let variables = [("RENT_ROUTES", "direct,http://u:hunter22@proxy:0")];
    let error = resolve(None, &variables, Flags::default()).unwrap_err().to_string();
    assert!(
        error.contains("RENT_ROUTES: route 2: the proxy's port") && !error.contains("hunter22"),
        "{error}"
    );
}

#[test]
fn advice_on_tls_names_what_is_built_in() {
    assert_eq!(error("tls = \"hunter22\"").contains("native"), cfg!(feature = "native-tls"));
}

#[test]
fn a_file_that_was_asked_for_has_to_be_there() {
    let flags = Flags { config: Some("/nowhere/settings.toml".into()), ..Flags::default() };
    let error = Config::resolve(&flags, &|_| None).unwrap_err();
    assert_eq!(exit::failure_code(&error), exit::BAD_INPUT);
    assert!(error.to_string().starts_with("the settings file /nowhere/settings.toml cannot be read"));
    let nowhere = |name: &str| (name == "HOME").then(|| "/nowhere".into());
    assert!(Config::resolve(&Flags::default(), &nowhere).is_ok());
}

#[test]
fn no_secret_is_shown() {
    let text = "database = \"postgres://rent:hunter22@db/rent?sslpassword=hunter22&sslmode=require\"\n\
                routes = [\"http://user:hunter22@proxy:3128\"]";
    let config = resolve(Some(text), &[("RENT_KEY", "hunter22")], Flags::default()).unwrap();
    let rows = format!("{:?} {config:?}", rows(&config));
    assert!(!rows.contains("hunter22"), "{rows}");
    assert!(rows.contains("postgres://rent:***@db/rent?sslpassword=***&sslmode=require"), "{rows}");
    assert!(rows.contains("http://***@proxy:3128") && rows.contains("the value of RENT_KEY"), "{rows}");
    for (address, masked) in [
        ("rent.db", "rent.db"),
        ("sqlite:/x/rent.db", "sqlite:/x/rent.db"),
        ("postgres://db/rent", "postgres://db/rent"),
        ("postgres://rent@db/rent", "postgres://rent@db/rent"),
        ("postgres://rent:a/b@c?d@db/rent", "postgres://rent:***@db/rent"),
        ("postgres:///rent?host=/run&PASSWORD=x", "postgres:///rent?host=/run&PASSWORD=***"),
    ] {
        assert_eq!(mask_database(address), masked);
    }
}

#[test]
#[cfg(unix)]
fn a_file_with_a_secret_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let warnings = |text: &str, mode: u32| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let flags = Flags { config: Some(path.clone()), ..Flags::default() };
        Config::resolve(&flags, &|_| None).unwrap().warnings
    };
    let secret = "database = \"postgres://rent:hunter22@db/rent\"";
    let found = warnings(secret, 0o644);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("chmod 600") && !found[0].contains("hunter22"), "{found:?}");
    assert_eq!(warnings("routes = [\"http://u:p@proxy:1\"]", 0o640).len(), 1);
    assert!(warnings(secret, 0o600).is_empty());
    assert!(
        warnings("database = \"postgres://rent@db/rent\"\nroutes = [\"http://proxy:1\"]", 0o644).is_empty()
    );
}

#[test]
fn the_example_names_every_setting_and_each_of_its_lines_is_taken() {
    let example = include_str!("example.toml");
    let mut keys = Vec::new();
    for line in
        example.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with(' '))
    {
        if let Some((key, _)) = line.split_once(" = ") {
            keys.push(key.to_owned());
            resolve(Some(line), &[], Flags::default()).unwrap_or_else(|error| panic!("{line}: {error:#}"));
        }
    }
    for setting in keys::SETTINGS {
        assert!(keys.iter().any(|key| key == setting.key), "{}", setting.key);
    }
    assert!(resolve(Some(example), &[], Flags::default()).is_ok());
}

#[test]
fn how_the_page_is_reached_comes_from_flags_variables_and_the_file() {
    let text = "base-path = \"/rent/\"\nweb-hosts = [\"Rent.Example.org\"]\ntrusted-proxies = [\"10.0.0.0/8\"]\n\
                tls-cert = \"tls/cert.pem\"\ntls-key = \"/etc/key.pem\"";
    let config = resolve(Some(text), &[("RENT_TRUSTED_PROXIES", "127.0.0.1,::1")], Flags::default()).unwrap();
    let folder = config.file.clone().unwrap().parent().unwrap().to_owned();
    let door = &config.door;
    assert_eq!((door.base_path.as_str(), &door.hosts[..]), ("/rent", &["rent.example.org".to_owned()][..]));
    assert!(door.trusts("::1".parse().unwrap()) && !door.trusts("10.0.0.1".parse().unwrap()));
    assert_eq!(door.tls_cert, Some(folder.join("tls/cert.pem")));
    assert_eq!((&door.tls_key, door.scheme()), (&Some("/etc/key.pem".into()), "https"));
    assert!(error("base-path = \"rent\"").contains("line 1: `base-path`: write a path"));
    assert!(error("trusted-proxies = \"127.0.0.1\"").contains("write a list, as in [\"127.0.0.1\"]"));
    assert!(
        error("\ntrusted-proxies = [\"proxy\"]")
            .contains("line 2: `trusted-proxies`: write an address or a network")
    );
    assert!(error("web-hosts = [\"https://rent.example.org\"]").contains("write a name without http://"));
}
