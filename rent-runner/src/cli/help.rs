//! The help in Korean. In English it is what stands beside each argument in this folder; in Korean it comes from
//! `locales/ko/help.ftl`, and is put in only when somebody asks for help.

use clap::{Arg, ArgAction, Command};

use crate::say::{Language, help, in_language, say};

/// The headings of arguments that this folder gives, and their messages.
const HEADINGS: [(&str, &str); 6] = [
    ("Global options", "help-heading-global"),
    ("Application", "help-heading-application"),
    ("Opening", "help-heading-opening"),
    ("Journal", "help-heading-journal"),
    ("Pace", "help-heading-pace"),
    ("Page", "help-heading-page"),
];

/// The command with its help in Korean. Names, flags and values stay as they are.
pub(crate) fn in_korean(mut command: Command) -> Command {
    // Subcommands learn of global arguments, and of `help`, which are told in Korean too.
    command.build();
    in_language(Language::Korean, || told(command, ""))
}

fn told(command: Command, path: &str) -> Command {
    let key = if path.is_empty() { "help".to_owned() } else { format!("help-{path}") };
    let mut command = command
        .help_template(format!(
            "{{about-with-newline}}\n{}: {{usage}}\n\n{{all-args}}{{after-help}}",
            help("help-heading-usage").unwrap_or_default()
        ))
        .subcommand_help_heading(heading("help-heading-commands").unwrap_or_default())
        .mut_args(|argument| argument_told(argument, path));
    if let Some(about) = help(&key) {
        let long = help(&format!("{key}-long"));
        let long = long.map_or_else(|| about.clone(), |long| format!("{about}\n\n{long}"));
        command = command.about(about).long_about(long);
    }
    let examples = command.get_after_long_help().map(ToString::to_string);
    if path.is_empty() {
        let more = [help("help-top-examples"), help("help-exit-codes")];
        let more: Vec<String> = more.into_iter().flatten().collect();
        command = command.after_long_help(more.join("\n\n"));
        command = command.after_help(help("help-see-more").unwrap_or_default());
    } else if let Some(examples) = examples {
        let word = help("help-examples").unwrap_or_default();
        command = command.after_long_help(examples.replace("Examples:", &word));
    }
    let names: Vec<String> = command.get_subcommands().map(|known| known.get_name().to_owned()).collect();
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path}-{name}") };
        // What `help` has below itself is the commands again.
        if name != "help" {
            command = command.mut_subcommand(name, |known| told(known, &below));
        } else if let Some(about) = help("help-help") {
            command = command.mut_subcommand(name, |known| known.about(about));
        }
    }
    command
}

/// A heading; clap keeps it for as long as the process, which ends with the help.
fn heading(key: &str) -> Option<&'static str> {
    help(key).map(|text| &*text.leak())
}

/// An argument with its Korean text, and with its default and values, which clap would tell in English.
fn argument_told(argument: Arg, path: &str) -> Arg {
    let id = argument.get_id().as_str().to_owned();
    let Some(mut text) = help(&format!("arg-{path}-{id}")).or_else(|| help(&format!("arg-{id}"))) else {
        return argument;
    };
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let default: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if takes_value && !default.is_empty() {
        text.push_str(&format!(" {}", say!("help-default", value = default.join(" "))));
    }
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    if takes_value && !values.is_empty() {
        text.push_str(&format!(" {}", say!("help-values", values = values.join(", "))));
    }
    let found = match argument.get_help_heading() {
        Some(given) => HEADINGS.iter().find(|(known, _)| *known == given).and_then(|(_, key)| heading(key)),
        None if argument.is_positional() => heading("help-heading-arguments"),
        None => heading("help-heading-options"),
    };
    let argument =
        argument.help(text.clone()).long_help(text).hide_default_value(true).hide_possible_values(true);
    match found {
        Some(heading) => argument.help_heading(heading),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_and_argument_has_a_korean_text() {
        fn silent(command: &Command, path: &str, found: &mut Vec<String>) {
            let key = if path.is_empty() { "help".to_owned() } else { format!("help-{path}") };
            if help(&key).is_none() {
                found.push(key);
            }
            for argument in command.get_arguments() {
                let id = argument.get_id();
                if help(&format!("arg-{path}-{id}")).or_else(|| help(&format!("arg-{id}"))).is_none() {
                    found.push(format!("arg-{path}-{id}"));
                }
            }
            for known in command.get_subcommands().filter(|known| known.get_name() != "help") {
                let below = if path.is_empty() {
                    known.get_name().to_owned()
                } else {
                    format!("{path}-{}", known.get_name())
                };
                silent(known, &below, found);
            }
        }
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        silent(&command, "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn the_korean_help_fits_and_is_korean() {
        let mut command = in_korean(Cli::command()).term_width(80);
        let text = command.render_long_help().to_string();
        assert!(
            text.contains("사용법: ") && text.contains("종료 코드:") && !text.contains("Usage"),
            "{text}"
        );
        let book = command.find_subcommand_mut("book").unwrap().render_long_help().to_string();
        for english in ["Options:", "Usage:", "[default", "[possible", "Print help"] {
            assert!(!book.contains(english), "{english}\n{book}");
        }
    }
}
