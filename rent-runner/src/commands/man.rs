//! `man`: the manual pages, made from the help.

use std::path::Path;
use std::{fs, io};

use anyhow::Result;
use clap::CommandFactory as _;

use crate::bad_input::BadInput;
use crate::cli::{Cli, Man};
use crate::say::say;
use crate::words::{counted, many};
use crate::{exit, terminal};

/// Writes a page for the program and one for each command, as `rent-runner-account-add.1`.
pub(crate) fn run(arguments: &Man) -> Result<u8> {
    let folder = &arguments.folder;
    let failed = |what: &Path, error: io::Error| {
        BadInput(say!("cannot-be-written", path = what.display(), error = error))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut program = Cli::command().disable_help_subcommand(true);
    // Subcommands learn their full names, and the global options.
    program.build();
    let mut pages = Vec::new();
    collect(&program, "rent-runner", &mut pages)?;
    for (name, page) in &pages {
        let path = folder.join(format!("{name}.1"));
        fs::write(&path, page).map_err(|error| failed(&path, error))?;
    }
    terminal::note(&say!("man-wrote", pages = counted(many(pages.len()), "page"), folder = folder.display()));
    Ok(exit::DONE)
}

fn collect(command: &clap::Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).render(&mut page)?;
    pages.push((name.to_owned(), page));
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        collect(subcommand, &format!("{name}-{}", subcommand.get_name()), pages)?;
    }
    Ok(())
}
