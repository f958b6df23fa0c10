//! The log: for people, or as JSON, as flag, environment and settings file have it.

use serde_json::Value;
use tempfile::TempDir;

use super::support::{finish, runner, stand_in, start};

#[test]
fn the_format_is_the_flags_else_the_variables_else_the_files_else_json() {
    let folder = TempDir::new().unwrap();
    let server = stand_in(|_| {});
    for (flag, variable, file, json) in [
        (None, None, None, true),
        (None, None, Some("human"), false),
        (None, Some("human"), None, false),
        (None, Some("json"), Some("human"), true),
        (Some("human"), Some("json"), Some("json"), false),
        (Some("json"), Some("human"), None, true),
    ] {
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file.map(|word| format!("log-format = '{word}'\n")).unwrap_or_default())
            .unwrap();
        let base = server.base_url();
        let mut words = vec!["-v", "--config", path.to_str().unwrap(), "slots", "--place", "NYJ06/07/103"];
        words.extend(["--base-url", &base]);
        words.extend(flag.iter().flat_map(|word| ["--log-format", word]));
        let mut command = runner(&words);
        command.env_remove("RENT_LOG_FORMAT");
        command.envs(variable.map(|word| ("RENT_LOG_FORMAT", word)));
        let done = finish(start(command, ""));
        assert_eq!(done.code, Some(0), "{done:?}");
        let line = done.err.lines().find(|line| line.contains("DEBUG")).unwrap_or_else(|| panic!("{done:?}"));
        let read: Option<Value> = serde_json::from_str(line).ok();
        assert_eq!(read.is_some(), json, "{flag:?} {variable:?} {file:?}: {line}");
        let at = match &read {
            Some(value) => value["timestamp"].as_str().unwrap(),
            None => line.split_whitespace().next().unwrap(),
        };
        assert!(at.ends_with("+09:00") && at.len() == 32, "{line}");
    }
}
