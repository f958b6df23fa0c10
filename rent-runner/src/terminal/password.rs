//! A password from whoever runs the program; never from an argument, which every user of the machine can read.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::Result;

use crate::bad_input::BadInput;

/// The environment variable for the password.
const PASSWORD_VARIABLE: &str = "RENT_PASSWORD";

/// The most of stdin that is read for a password.
const MAX_PASSWORD: u64 = 4096;

/// The password: from stdin if so asked, else from the environment, else from a person.
pub(crate) fn ask(from_stdin: bool, prompt: &str) -> Result<String> {
    let password = if from_stdin {
        first_line_of_stdin()?
    } else if let Some(value) = std::env::var_os(PASSWORD_VARIABLE) {
        value.into_string().map_err(|_| BadInput(format!("{PASSWORD_VARIABLE} is not UTF-8")))?
    } else if io::stdin().is_terminal() {
        rpassword::prompt_password(prompt)?
    } else {
        return Err(BadInput(format!(
            "no password: use --password-stdin or {PASSWORD_VARIABLE}, or run it in a terminal to be asked"
        ))
        .into());
    };
    if password.is_empty() {
        return Err(BadInput("the password is empty".to_owned()).into());
    }
    Ok(password)
}

fn first_line_of_stdin() -> Result<String> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(MAX_PASSWORD)
        .read_line(&mut line)
        .map_err(|error| BadInput(format!("the password cannot be read from stdin: {error}")))?;
    // Windows editors put a byte order mark before the text of a file.
    Ok(line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).to_owned())
}
