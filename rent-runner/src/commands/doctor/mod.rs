//! `doctor`: what would keep a booking from working, looked for while there is time.

mod machine;
mod report;
mod site;
mod stored;
#[cfg(test)]
mod tests;

use anyhow::Result;

use crate::cli::Doctor;
use crate::config::{Config, Flags};
use crate::documents::{Check, DoctorDocument, Level};
use crate::notify::Notifier;
use crate::say::{heading, retold, say};
use crate::store::Store;
use crate::telemetry::logs;
use crate::terminal::layout::padded;
use crate::{exit, terminal};

/// The findings so far. For a person each is printed as it comes.
#[derive(Debug, Default)]
struct Findings {
    quiet: bool,
    checks: Vec<Check>,
}

impl Findings {
    fn ok(&mut self, what: &'static str, text: impl Into<String>) -> Result<()> {
        self.add(Check { what, level: Level::Ok, text: text.into(), to_do: None })
    }

    fn warning(
        &mut self,
        what: &'static str,
        text: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Result<()> {
        self.add(Check { what, level: Level::Warning, text: text.into(), to_do: Some(to_do.into()) })
    }

    fn failed(
        &mut self,
        what: &'static str,
        text: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Result<()> {
        self.add(Check { what, level: Level::Failed, text: text.into(), to_do: Some(to_do.into()) })
    }

    fn add(&mut self, check: Check) -> Result<()> {
        if !self.quiet {
            let level = match check.level {
                Level::Ok => say!("level-ok"),
                Level::Warning => say!("level-warning"),
                Level::Failed => say!("level-failed"),
            };
            let to_do = check.to_do.as_ref().map(|to_do| format!(": {to_do}")).unwrap_or_default();
            let (level, what) = (padded(&level, 8), padded(&heading(check.what), 9));
            let line = format!("{level} {what} {}{to_do}", check.text);
            terminal::result(&terminal::wrapped(&line, TEXT_AT, terminal::layout::columns()))?;
        }
        self.checks.push(check);
        Ok(())
    }

    fn how_many(&self, level: Level) -> usize {
        self.checks.iter().filter(|check| check.level == level).count()
    }
}

/// Where the text of a check begins, behind its level and what was looked at.
const TEXT_AT: usize = 19;

/// Looks at everything.
pub(crate) async fn run(arguments: &Doctor, mut flags: Flags) -> Result<u8> {
    arguments.at.apply_to(&mut flags);
    let mut findings = Findings { quiet: arguments.json, ..Findings::default() };
    let config = match Config::load(&flags) {
        Ok(config) => {
            logs::set_format(config.log_format);
            machine::settings(&mut findings, &config)?;
            examine(&mut findings, arguments, &config).await?;
            Some(config)
        }
        Err(error) => {
            findings.failed("settings", retold(&format!("{error:#}")), say!("doctor-correct-it"))?;
            None
        }
    };
    if let Some(path) = &arguments.report {
        let subject =
            report::Subject { config: config.as_ref(), findings: &findings, booking: arguments.booking };
        report::write(path, &subject).await?;
        terminal::note(&say!("doctor-wrote", path = path.display()));
    }
    let (failed, warnings) = (findings.how_many(Level::Failed), findings.how_many(Level::Warning));
    if arguments.json {
        terminal::json(&DoctorDocument { failed, warnings, checks: findings.checks })?;
    } else {
        let all = findings.checks.len();
        terminal::result(&format!(
            "\n{}",
            say!("doctor-summary", all = all, failed = failed, warnings = warnings)
        ))?;
    }
    Ok(if failed == 0 { exit::DONE } else { exit::UNEXPECTED })
}

async fn examine(findings: &mut Findings, arguments: &Doctor, config: &Config) -> Result<()> {
    machine::clock(findings)?;
    machine::files(findings)?;
    channels(findings, config)?;
    let store: Option<Store> = stored::open(findings, config).await?;
    let mut sites = Vec::new();
    if let Some(store) = &store {
        stored::key(findings, config, store).await?;
        sites = stored::accounts(findings, store).await?;
        stored::runners(findings, store).await?;
        store.close().await;
    }
    if arguments.offline {
        return Ok(());
    }
    if arguments.at.is_given() {
        sites.insert(0, (config.site.clone(), config.base_url.clone()));
    }
    site::all(findings, config, &sites).await
}

fn channels(findings: &mut Findings, config: &Config) -> Result<()> {
    const WHAT: &str = "messages";
    if config.channels.is_empty() {
        return findings.warning(WHAT, say!("doctor-no-channel"), say!("doctor-add-channel"));
    }
    if let Err(error) = Notifier::new(&config.messages()) {
        findings.failed(WHAT, retold(&format!("{error:#}")), say!("doctor-correct-file"))?;
    }
    for channel in &config.channels {
        let summary = channel.summary();
        match channel.check() {
            Ok(()) => {
                findings.ok(WHAT, say!("doctor-channel", summary = summary))?;
            }
            Err(why) => findings.failed(
                WHAT,
                format!("{}: {}", summary.name, retold(&why)),
                say!("doctor-correct-file"),
            )?,
        }
    }
    Ok(())
}
