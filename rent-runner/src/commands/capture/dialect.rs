//! `capture dialect`: the dialect that fits a recorded visit, proven before it is written.

use anyhow::{Result, anyhow};
use namyangju_rent::capture::{FindingKind, LearntDialect, Proof, ProofStep, learn, prove};

use super::{notes, read};
use crate::bad_input::BadInput;
use crate::cli::CaptureDialect;
use crate::documents::CaptureDialectDocument;
use crate::terminal::layout::columns;
use crate::terminal::wrapped;
use crate::{exit, terminal};

/// Writes the file, or prints it.
pub(super) async fn run(arguments: &CaptureDialect) -> Result<u8> {
    let file = read(&arguments.file)?;
    let learnt = learn(&file, arguments.name.as_deref()).map_err(BadInput::from)?;
    let proof = prove(&learnt.toml, &file).await.map_err(|error| anyhow!("{error}"))?;
    let holds = proof.holds();
    let writes = holds || arguments.unproven;
    let code = if holds { exit::DONE } else { exit::UNEXPECTED };
    if let Some(path) = arguments.output.as_ref().filter(|_| writes) {
        std::fs::write(path, &learnt.toml)
            .map_err(|error| BadInput(format!("{} cannot be written: {error}", path.display())))?;
    }
    if arguments.json {
        let written = arguments.output.clone().filter(|_| writes);
        terminal::json(&CaptureDialectDocument { proven: holds, written, learnt: &learnt, proof: &proof })?;
        return Ok(code);
    }
    notes(&learnt.notes);
    let lines = told(&learnt, &proof);
    match &arguments.output {
        Some(path) => {
            for line in lines {
                terminal::result(&wrapped(&line, 2, columns()))?;
            }
            if writes {
                terminal::note(&format!("wrote {}", path.display()));
            }
        }
        None => {
            lines.iter().for_each(|line| terminal::note(line));
            if writes {
                terminal::result(learnt.toml.trim_end())?;
            }
        }
    }
    if !holds {
        let why =
            if writes { "the file is not proven" } else { "the file is not proven, and was not written" };
        terminal::error(&format!("{why}: `--unproven` writes it, to be corrected by hand"));
    }
    Ok(code)
}

/// What differs, what is open, and what the proof showed.
fn told(learnt: &LearntDialect, proof: &Proof) -> Vec<String> {
    let kinds = [
        (FindingKind::Changed, "differs"),
        (FindingKind::Added, "new"),
        (FindingKind::Ambiguous, "ambiguous"),
        (FindingKind::NotSeen, "not seen"),
    ];
    let mut lines =
        vec![format!("nearest built-in dialect: {}; capture of {}", learnt.nearest, learnt.base_url)];
    for (kind, word) in kinds {
        for finding in learnt.findings.iter().filter(|finding| finding.kind == kind) {
            let entry = finding.entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default();
            lines.push(format!("{word}: {}: {}{entry}", finding.key, finding.text));
        }
    }
    let confirmed = learnt.findings.iter().filter(|f| f.kind == FindingKind::Confirmed).count();
    lines.push(format!("as it was known: {confirmed} keys"));
    lines.extend(proof.differences.iter().filter(|d| !d.harmless).map(|d| format!("proof: {}", d.text)));
    lines.extend(proof.says.iter().map(|text| format!("proof: {text}")));
    let reached = match proof.reached {
        ProofStep::Nothing => "nothing of the recorded visit could be made again",
        ProofStep::Login => "the recorded login was made again",
        ProofStep::Day => "the recorded visit was made again up to the day's page",
        ProofStep::Form => "the recorded visit was made again up to the form",
        _ => "the recorded booking was made again, and its receipt read",
    };
    let stand_in = if proof.stand_in {
        "a booking at a stand-in like it succeeded"
    } else {
        "a booking at a stand-in like it failed"
    };
    lines.push(format!("proof: {reached}; {stand_in}"));
    lines
}
