//! The examples of docs/api.md do what they say.

use std::process::Command;

use crate::api::{Program, furnish};
use crate::world::{OWNER, World};

const PAGE: &str = include_str!("../../../docs/api.md");

#[tokio::test]
async fn the_examples_of_the_api_page_work() {
    let world = World::new();
    world.owner().await;
    furnish(&mut Program::with(&world, OWNER, &["read", "book", "admin"]), &world, true).await;
    let blocks: Vec<&str> =
        PAGE.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let [token, examples] = blocks[..] else { panic!("{blocks:?}") };
    let words: Vec<&str> = token.trim().split(' ').skip(1).collect();
    let token = world.command(&words);
    let done = Command::new("bash")
        .args(["-euc", &format!("set -o pipefail\n{examples}")])
        .env("API", format!("{}/api/v1", world.address()))
        .env("TOKEN", token.trim())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if said.contains("curl: command not found") {
        return;
    }
    assert!(done.status.success(), "{said}");
    let listed = world.command(&["list", "--json", "--all"]);
    assert!(listed.contains("\"cancelled\"") && listed.contains("four of us"), "{listed}");
}
