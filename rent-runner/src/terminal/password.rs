//! A password from whoever runs the program; never from an argument, which every user of the machine can read.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::Result;

use crate::bad_input::BadInput;
use crate::say::say;

/// The environment variables for the password, and for the passphrase of a backup's key.
const PASSWORD_VARIABLE: &str = "RENT_PASSWORD";
const PASSPHRASE_VARIABLE: &str = "RENT_PASSPHRASE";

/// The environment variable for the client secret of a KakaoTalk app.
const CLIENT_SECRET_VARIABLE: &str = "RENT_KAKAO_SECRET";

/// The most of stdin that is read for a password.
const MAX_PASSWORD: u64 = 4096;

/// The password: from stdin if so asked, else from the environment, else from a person.
pub(crate) fn ask(from_stdin: bool, prompt: &str) -> Result<String> {
    secret(&say!("password"), "password", PASSWORD_VARIABLE, from_stdin, prompt)
}

/// A passphrase, in the same ways.
pub(crate) fn ask_passphrase(from_stdin: bool, prompt: &str) -> Result<String> {
    secret(&say!("passphrase"), "passphrase", PASSPHRASE_VARIABLE, from_stdin, prompt)
}

/// The code that a person was given in a browser, or the whole address with the code in it: from stdin if so asked,
/// else from a person. It is as secret as a password, for as long as it is good.
pub(crate) fn ask_code(from_stdin: bool, prompt: &str) -> Result<String> {
    let code = if from_stdin {
        first_line_of_stdin(&say!("kakao-code"))?
    } else if io::stdin().is_terminal() {
        rpassword::prompt_password(prompt)?
    } else {
        return Err(BadInput(say!("kakao-code-missing")).into());
    };
    Ok(code)
}

/// The client secret of an app, from the environment or from a person.
pub(crate) fn ask_client_secret(prompt: &str) -> Result<String> {
    if let Some(value) = std::env::var_os(CLIENT_SECRET_VARIABLE) {
        let variable = CLIENT_SECRET_VARIABLE;
        return Ok(value.into_string().map_err(|_| BadInput(say!("not-utf-8", variable = variable)))?);
    }
    if io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password(prompt)?);
    }
    Err(BadInput(say!("kakao-secret-missing", variable = CLIENT_SECRET_VARIABLE)).into())
}

/// Whether a passphrase would be asked of a person, who may mistype a new one.
pub(crate) fn passphrase_is_typed(from_stdin: bool) -> bool {
    !from_stdin && std::env::var_os(PASSPHRASE_VARIABLE).is_none() && io::stdin().is_terminal()
}

fn secret(name: &str, flag: &str, variable: &str, from_stdin: bool, prompt: &str) -> Result<String> {
    let secret = if from_stdin {
        first_line_of_stdin(name)?
    } else if let Some(value) = std::env::var_os(variable) {
        value.into_string().map_err(|_| BadInput(say!("not-utf-8", variable = variable)))?
    } else if io::stdin().is_terminal() {
        rpassword::prompt_password(prompt)?
    } else {
        return Err(BadInput(say!(
            "secret-missing",
            name = name,
            flag = format_args!("--{flag}-stdin"),
            variable = variable
        ))
        .into());
    };
    if secret.is_empty() {
        return Err(BadInput(say!("secret-empty", name = name)).into());
    }
    Ok(secret)
}

fn first_line_of_stdin(name: &str) -> Result<String> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(MAX_PASSWORD)
        .read_line(&mut line)
        .map_err(|error| BadInput(say!("secret-unreadable", name = name, error = error)))?;
    // Windows editors put a byte order mark before the text of a file.
    Ok(line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).to_owned())
}
