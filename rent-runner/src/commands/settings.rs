//! `settings`: which settings hold and where each comes from, with every secret masked.

use anyhow::Result;
use serde_json::Value;

use crate::bad_input::BadInput;
use crate::cli::{SettingsArgs, SettingsCommand, SettingsShow};
use crate::config::{Config, EXAMPLE, Flags, rows, settings_file};
use crate::documents::stored;
use crate::say::{retold, say};
use crate::telemetry::logs;
use crate::{exit, terminal};

/// Shows the settings, the file's place or an example.
pub(crate) fn run(arguments: &SettingsArgs, mut flags: Flags) -> Result<u8> {
    match &arguments.command {
        SettingsCommand::Show(arguments) => {
            arguments.at.apply_to(&mut flags);
            let config = Config::load(&flags)?;
            logs::set_format(config.log_format);
            config.warnings.iter().for_each(|warning| terminal::warning(warning));
            show(arguments, &config)?;
        }
        SettingsCommand::Path => {
            let path = settings_file(flags.config.as_deref(), &|name| std::env::var_os(name));
            let (path, _) = path.ok_or_else(|| BadInput(say!("settings-no-home")))?;
            terminal::result(&path.display().to_string())?;
        }
        SettingsCommand::Example => terminal::result(EXAMPLE)?,
    }
    Ok(exit::DONE)
}

fn show(arguments: &SettingsShow, config: &Config) -> Result<()> {
    let rows = rows(config);
    if arguments.json {
        terminal::json(&stored::settings(config, &rows))?;
        return Ok(());
    }
    let rows = rows
        .into_iter()
        .map(|(key, value, source)| vec![key.to_owned(), plain(&value), retold(&source.to_string())])
        .collect();
    Ok(terminal::result(&terminal::table(&["setting", "value", "source"], rows))?)
}

/// A value in a table.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}
