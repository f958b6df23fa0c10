//! `schema`: the JSON Schemas of what `--json` prints.

use anyhow::Result;

use crate::{documents, exit, terminal};

/// Prints one object: the name of each command, and the schema of what it prints.
pub(crate) fn run() -> Result<u8> {
    let schemas: serde_json::Map<_, _> = documents::schemas()
        .into_iter()
        .map(|(command, schema)| (command.to_owned(), schema.to_value()))
        .collect();
    terminal::json(&schemas)?;
    Ok(exit::DONE)
}
