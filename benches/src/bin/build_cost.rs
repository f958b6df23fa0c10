//! What building costs: time from nothing, crates, size of the program; and how fast the program starts.
//!
//!     cargo run -p benches --bin build_cost -- [variant ...]
//!     cargo run -p benches --bin build_cost -- start [program]
//!
//! The first builds each variant (all of them, or those named) in release mode into an empty folder of its own
//! under `target/build_cost`, without network; one after the other, so an idle machine is wanted. The second
//! starts `rent-runner list` on an empty database 50 times (the program just built, or the one given).
//! Both end with the figures beside their budgets. Nothing is asserted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use benches::{machine, quantile};

type Failure = Box<dyn std::error::Error>;

/// Budgets: what is printed beside the figures. Bytes are counted in millions.
const PROGRAM_MB: f64 = 25.0;
const START_MS: f64 = 30.0;
const LIBRARY_CRATES: f64 = 150.0;

const STARTS: usize = 50;

struct Variant {
    name: &'static str,
    package: &'static str,
    features: &'static [&'static str],
}

const VARIANTS: [Variant; 7] = [
    Variant { name: "library", package: LIBRARY, features: &[] },
    Variant { name: "library-no-tls", package: LIBRARY, features: &["--no-default-features"] },
    Variant { name: "library-native-tls", package: LIBRARY, features: &["--features", "native-tls"] },
    Variant { name: "library-socks", package: LIBRARY, features: &["--features", "socks"] },
    Variant { name: "library-harness", package: LIBRARY, features: &["--features", "harness"] },
    Variant { name: "runner", package: RUNNER, features: &[] },
    Variant { name: "runner-native-tls", package: RUNNER, features: &["--features", "native-tls"] },
];

const LIBRARY: &str = "namyangju-rent";
const RUNNER: &str = "rent-runner";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn folder_of(variant: &Variant) -> PathBuf {
    workspace().join("target/build_cost").join(variant.name)
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    // What cargo told this program about itself is not for another build.
    cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    cargo
}

/// How many crates of others are compiled into it, build scripts and macros left out.
fn crates(variant: &Variant) -> Result<usize, Failure> {
    let output = cargo()
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "-p",
            variant.package,
        ])
        .args(variant.features)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    let mut names: Vec<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    names.retain(|name| !name.is_empty() && !name.contains("(/") && !name.contains("(proc-macro)"));
    names.sort_unstable();
    names.dedup();
    Ok(names.len())
}

struct Built {
    seconds: f64,
    crates: usize,
    program_mb: Option<f64>,
}

fn build(variant: &Variant) -> Result<Built, Failure> {
    let folder = folder_of(variant);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let crates = crates(variant)?;
    let begin = Instant::now();
    let status = cargo()
        .args(["build", "--quiet", "--release", "--locked", "--offline", "-p", variant.package])
        .args(variant.features)
        .arg("--target-dir")
        .arg(&folder)
        .status()?;
    if !status.success() {
        return Err(format!("{} does not build", variant.name).into());
    }
    let seconds = begin.elapsed().as_secs_f64();
    let program = fs::metadata(folder.join("release").join(RUNNER)).ok();
    Ok(Built { seconds, crates, program_mb: program.map(|program| program.len() as f64 / 1e6) })
}

/// How long `list` takes, from the start to the end of its process.
fn start(program: &Path) -> Result<(), Failure> {
    let home = std::env::temp_dir().join(format!("build_cost-{}", std::process::id()));
    fs::create_dir_all(&home)?;
    let list = || {
        let mut command = Command::new(program);
        command
            .arg("list")
            .env_clear()
            .env("HOME", &home)
            .env("XDG_DATA_HOME", &home)
            .env("XDG_CONFIG_HOME", &home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    // The first makes the database.
    let first = list().output().map_err(|error| format!("{}: {error}", program.display()))?;
    let mut millis = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        list().stderr(Stdio::null()).status()?;
        millis.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_dir_all(&home)?;
    if !first.status.success() {
        let said = String::from_utf8_lossy(&first.stderr);
        return Err(format!("`list` failed, its time means nothing: {}", said.trim()).into());
    }
    println!("`{} list`, {STARTS} starts on an empty database:", program.display());
    println!(
        "min {:.1} / p50 {:.1} / p95 {:.1} / max {:.1} ms",
        quantile(&mut millis, 0.0),
        quantile(&mut millis, 0.5),
        quantile(&mut millis, 0.95),
        quantile(&mut millis, 1.0)
    );
    budget("start of `list`, ms", quantile(&mut millis, 0.5), START_MS);
    Ok(())
}

fn budget(what: &str, figure: f64, most: f64) {
    let verdict = if figure <= most { "within" } else { "OVER" };
    println!("budget: {what}: {figure:.1} of {most:.1}: {verdict}");
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("{}\n", machine());
    let runner = VARIANTS.iter().find(|variant| variant.name == "runner").ok_or("no such variant")?;
    if arguments.first().is_some_and(|word| word == "start") {
        let built = folder_of(runner).join("release").join(RUNNER);
        return start(&arguments.get(1).map_or(built, PathBuf::from));
    }
    if let Some(unknown) = arguments.iter().find(|name| VARIANTS.iter().all(|v| v.name != name.as_str())) {
        let known: Vec<&str> = VARIANTS.iter().map(|variant| variant.name).collect();
        return Err(format!("`{unknown}` is no variant; there are {}", known.join(", ")).into());
    }
    println!("| variant | cold build s | crates of others | program MB |\n| --- | --: | --: | --: |");
    let mut budgets = Vec::new();
    for variant in &VARIANTS {
        if !arguments.is_empty() && arguments.iter().all(|name| name != variant.name) {
            continue;
        }
        let built = build(variant)?;
        let size = built.program_mb.map_or_else(String::new, |mb| format!("{mb:.1}"));
        println!("| {} | {:.0} | {} | {size} |", variant.name, built.seconds, built.crates);
        if variant.name == runner.name {
            budgets.push(("program, MB", built.program_mb.unwrap_or(f64::NAN), PROGRAM_MB));
        }
    }
    println!();
    let library = VARIANTS.iter().find(|variant| variant.name == "library").ok_or("no such variant")?;
    budgets.push(("crates of the library", crates(library)? as f64, LIBRARY_CRATES));
    for (what, figure, most) in budgets {
        budget(what, figure, most);
    }
    if arguments.is_empty() || arguments.iter().any(|name| name == runner.name) {
        start(&folder_of(runner).join("release").join(RUNNER))?;
    }
    Ok(())
}
