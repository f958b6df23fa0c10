//! `sites`: the cities that are built in.

use anyhow::Result;
use namyangju_rent::Site;

use crate::bad_input::BadInput;
use crate::cli::Sites;
use crate::documents::stored;
use crate::{exit, terminal};

/// Prints the list, or one dialect.
pub(crate) fn run(arguments: &Sites) -> Result<u8> {
    if let Some(name) = &arguments.show {
        // The error of an unknown name lists the known ones.
        Site::builtin(name).map_err(BadInput::from)?;
        terminal::result(Site::builtin_toml(name).unwrap_or_default())?;
        return Ok(exit::DONE);
    }
    if arguments.json {
        terminal::json(&stored::sites()?)?;
        return Ok(exit::DONE);
    }
    let mut rows = Vec::new();
    for name in Site::builtin_names() {
        let site = Site::builtin(name)?;
        rows.push(vec![
            name.to_owned(),
            site.title().to_owned(),
            site.base_url().as_str().trim_end_matches('/').to_owned(),
            site.charset().name().to_owned(),
            site.known_places().len().to_string(),
        ]);
    }
    terminal::result(&terminal::table(&["name", "city", "address", "charset", "known places"], rows))?;
    Ok(exit::DONE)
}
