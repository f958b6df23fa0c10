//! `notify`.

use clap::{Args, Subcommand};

use crate::notify::{API, AUTH, Kind, REDIRECT};

/// List and test the channels that messages are sent to.
///
/// Each `[[notify]]` table of the settings file is a channel: webhook, slack, discord, telegram, ntfy,
/// email, apprise, pushover or bark. KakaoTalk is added with `notify add kakao`, because its tokens change. A channel gets alarms while a booking is prepared, verdicts, and blocks; with `on`, only the kinds listed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner notify list
  rent-runner notify list --json | jq '.channels[] | select(.error)'
  rent-runner notify add kakao --rest-api-key KEY
  rent-runner notify test
  rent-runner notify test --channel phone --kind alarm")]
pub(crate) struct Notify {
    #[command(subcommand)]
    pub(crate) command: NotifyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// List the channels, and whether their secrets can be read; nothing is sent.
    List(NotifyList),
    /// Add a channel whose tokens are kept in the store.
    #[command(subcommand)]
    Add(NotifyAdd),
    /// Remove a channel that was added with `notify add`, and forget its tokens.
    Remove(NotifyRemove),
    /// Send a test message once, and say for each channel whether it arrived.
    ///
    /// The exit code is 8 if a message did not arrive.
    Test(NotifyTest),
}

#[derive(Debug, Subcommand)]
pub(crate) enum NotifyAdd {
    /// Add KakaoTalk, "send to me": messages come to your own chat.
    ///
    /// Make an app at developers.kakao.com once: switch on Kakao Login, enter the redirect address that this
    /// command shows, and switch on the consent item "send messages in KakaoTalk" (talk_message). The command
    /// prints a link: open it, agree, and paste the address that the browser then comes to (the page itself does
    /// not load, and need not). Tokens are sealed in the store and renewed by the runner.
    Kakao(AddKakao),
}

/// What `notify add kakao` takes.
#[derive(Debug, Args)]
pub(crate) struct AddKakao {
    /// The REST API key of your app.
    #[arg(long, value_name = "KEY")]
    pub(crate) rest_api_key: String,

    /// The app has a client secret: take it from RENT_KAKAO_SECRET, or ask for it.
    #[arg(long)]
    pub(crate) client_secret: bool,

    /// What the channel is called. Adding one again renews its permission.
    #[arg(long, value_name = "NAME", default_value = "kakao")]
    pub(crate) name: String,

    /// The kinds of messages that it gets. Default: all.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    pub(crate) on: Vec<Kind>,

    /// What the button of a message opens, such as the address of your page. Default: the site.
    ///
    /// Enter its domain in the app as well, or Kakao leaves the button out.
    #[arg(long, value_name = "URL")]
    pub(crate) link: Option<String>,

    /// The redirect address, as it is entered in the app.
    #[arg(long, value_name = "URL", default_value = REDIRECT)]
    pub(crate) redirect: String,

    /// Only print the link, and ask for nothing.
    #[arg(long, conflicts_with = "code_stdin")]
    pub(crate) print_link: bool,

    /// Read the pasted address or code from the first line of stdin.
    #[arg(long)]
    pub(crate) code_stdin: bool,

    /// Another address for the login: a relay of your own, or a test.
    #[arg(long, hide = true, value_name = "URL", default_value = AUTH)]
    pub(crate) auth_base: String,

    /// Another address for the messages.
    #[arg(long, hide = true, value_name = "URL", default_value = API)]
    pub(crate) api_base: String,
}

#[derive(Debug, Args)]
pub(crate) struct NotifyRemove {
    /// The channel.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct NotifyList {
    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NotifyTest {
    /// Only this channel. Default: all.
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,

    /// The kind of message. It is sent even if the channel's `on` does not list it.
    #[arg(long, value_enum, default_value_t = Kind::Verdict, value_name = "KIND")]
    pub(crate) kind: Kind,

    /// Print a JSON document instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}
