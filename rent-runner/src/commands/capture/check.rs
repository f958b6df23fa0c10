//! `capture check`: whether a recorded visit is understood.

use anyhow::Result;
use namyangju_rent::capture::{CheckReport, Understanding, check};

use super::{notes, read};
use crate::cli::CaptureCheck;
use crate::terminal::layout::columns;
use crate::terminal::wrapped;
use crate::terminal::{TableCell, TableColumn, table_of};
use crate::{exit, request, terminal};

const HEADER: [TableColumn<'_>; 5] = [
    TableColumn::whole("entry").short("no", 1),
    TableColumn::whole("step"),
    TableColumn::whole("answer").spare(3),
    TableColumn::whole("verdict"),
    TableColumn::text("what the answer says"),
];

/// Prints a row for each exchange, and below them what differs.
pub(super) fn run(arguments: &CaptureCheck) -> Result<u8> {
    let site = match &arguments.site_file {
        Some(path) => request::site(&path.display().to_string())?,
        None => request::site(&arguments.site)?,
    };
    let report = check(&site, &read(&arguments.file)?);
    let code = if report.is_understood() { exit::DONE } else { exit::UNEXPECTED };
    if arguments.json {
        terminal::json(&report)?;
        return Ok(code);
    }
    notes(&report.notes);
    if !report.exchanges.is_empty() {
        terminal::result(&table_of(&HEADER, &rows(&report)))?;
    }
    for exchange in &report.exchanges {
        for difference in &exchange.differences {
            let harmless = if difference.harmless { " (harmless)" } else { "" };
            let line = format!("entry {}, {}: {}{harmless}", exchange.entry, exchange.step, difference.text);
            terminal::result(&wrapped(&line, 2, columns()))?;
        }
    }
    terminal::result(&wrapped(&summary(&report), 0, columns()))?;
    Ok(code)
}

fn rows(report: &CheckReport) -> Vec<Vec<TableCell>> {
    let row = |exchange: &namyangju_rent::capture::CheckedExchange| {
        vec![
            TableCell::from(exchange.entry.to_string()),
            TableCell::from(exchange.step.to_string()),
            TableCell::from(exchange.status.to_string()),
            TableCell::from(exchange.verdict.to_string()),
            TableCell::from(exchange.says.clone()),
        ]
    };
    report.exchanges.iter().map(row).collect()
}

fn summary(report: &CheckReport) -> String {
    let verdicts = [
        Understanding::Understood,
        Understanding::HarmlessDifferences,
        Understanding::Differences,
        Understanding::NotSaved,
        Understanding::Unknown,
    ];
    let count = |verdict| report.exchanges.iter().filter(|exchange| exchange.verdict == verdict).count();
    let counts =
        verdicts.into_iter().map(|verdict| (count(verdict), verdict)).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, verdict)| format!("{count} {verdict}")).collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    format!("exchanges with the site: {counts}; files: {}", report.files)
}
